"""Links lead to files and headings that exist, and every page is linked to."""

import re
from pathlib import Path

import pytest

from .pages import ROOT

FOLDERS = ("docs", "deploy", "examples", "benchmarks")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)


def targets(page: Path) -> list[str]:
    return [link["target"] for link in LINK.finditer(FENCED.sub("", page.read_text()))]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as Git hosts make them."""
    headings = [heading["text"].lower() for heading in HEADING.finditer(FENCED.sub("", page.read_text()))]
    texts = [re.sub(r"\]\([^)]*\)", "", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", text).replace(" ", "-") for text in texts}


def broken(page: Path, target: str) -> str | None:
    """Return what is wrong with a link to a file or heading."""
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.exists():
        return f"{target}: no such file"
    if anchor and anchor not in anchors(file):
        return f"{target}: no such heading"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links(page: Path) -> None:
    local = [target for target in targets(page) if not re.match(r"https?://|mailto:", target)]
    assert [problem for target in local if (problem := broken(page, target))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_to_other_sites_are_encrypted(page: Path) -> None:
    assert [target for target in targets(page) if target.startswith("http://")] == []


def linked_from(index: Path) -> set[Path]:
    return {(index.parent / target.partition("#")[0]).resolve() for target in targets(index) if "://" not in target}


def test_the_index_has_every_page() -> None:
    pages = {page for page in PAGES if page.parent == ROOT / "docs"} - {ROOT / "docs" / "README.md"}
    assert pages - linked_from(ROOT / "docs" / "README.md") == set()


def test_the_list_of_configurations_has_every_folder() -> None:
    folders = {folder for folder in (ROOT / "deploy").iterdir() if folder.is_dir()}
    linked = linked_from(ROOT / "deploy" / "README.md")
    assert {folder for folder in folders if not any(file.is_relative_to(folder) for file in linked)} == set()


def test_no_page_is_an_orphan() -> None:
    found, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        found.add(page)
        waiting += [file for file in linked_from(page) - found if file.suffix == ".md"]
    assert set(PAGES) - found == set()


def test_a_broken_link_is_found() -> None:
    readme = ROOT / "README.md"
    assert broken(readme, "docs/flask.md#settings") is None
    assert broken(readme, "docs/flask.md#no-such-heading") == "docs/flask.md#no-such-heading: no such heading"
    assert broken(readme, "docs/no-such-page.md") == "docs/no-such-page.md: no such file"


def test_the_threat_model_has_every_attack() -> None:
    table = (ROOT / "SECURITY.md").read_text().partition("### What is defended\n")[2].partition("\n### ")[0]
    rows = [int(row) for cell in re.findall(r"\| ([0-9, ]+) \|$", table, re.MULTILINE) for row in cell.split(", ")]
    attacks = re.findall(r"^\| ([0-9]+) \|", (ROOT / "docs" / "attacks.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(int(row) for row in attacks)
