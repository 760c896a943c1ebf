"""What was read of octets is remembered by the octets, and bounded by them."""

from wsgi_mtls.remembered import MAX_ENTRY, Remembered


def test_the_oldest_go_first() -> None:
    remembered: Remembered[str, int] = Remembered(max_octets=4 * (512 + 100))
    for number in range(6):
        remembered.add(f"{number}", 100, number)
    assert list(remembered.known) == ["2", "3", "4", "5"]


def test_the_first_value_stays() -> None:
    remembered: Remembered[str, int] = Remembered()
    remembered.add("a", 1, 1)
    remembered.add("a", 1, 2)
    assert remembered.known == {"a": 1}


def test_long_keys_are_not_remembered() -> None:
    remembered: Remembered[str, int] = Remembered()
    remembered.add("a", MAX_ENTRY, 1)
    remembered.add("b", MAX_ENTRY + 1, 2)
    assert remembered.known == {"a": 1}
