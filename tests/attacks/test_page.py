"""``docs/attacks.md`` names each row, the code that refuses it, and its tests."""

from docs.attacks_table import ATTACKS, PAGE, ROOT, page

from .coverage import ALL


def test_the_page_is_of_now() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text), "run: python docs/attacks_table.py"


def test_every_row_names_code_that_exists() -> None:
    assert list(ATTACKS) == list(range(1, ALL + 1))
    assert [code for _, code in ATTACKS.values() if not (ROOT / code).is_file()] == []
