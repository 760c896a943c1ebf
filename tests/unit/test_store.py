"""Values that are kept for a while, in octets that are bounded."""

from wsgi_mtls.store import MemoryStore


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_values_and_their_ages() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    assert store.get("a") is None
    store.set("a", b"1", 10)
    clock.now += 9
    assert store.get("a") == b"1"
    store.set("a", b"2", 10)
    clock.now += 9
    assert store.get("a") == b"2"
    clock.now += 1
    assert store.get("a") is None


def test_add_once() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    assert [store.add("a", 10), store.add("a", 10), store.add("b", 10)] == [True, False, True]
    clock.now += 10
    assert store.add("a", 10)
    store.set("c", b"1", 10)
    assert not store.add("c", 10)


def test_least_recently_used_goes_first() -> None:
    store = MemoryStore(max_octets=4000)
    for number in range(10):
        store.set(f"{number}", b"x" * 500, 60)
        store.get("0")
    kept = [number for number in range(10) if store.get(f"{number}")]
    assert kept == [0, 7, 8, 9] or kept == [0, 6, 7, 8, 9]
    assert len(kept) * 500 < 4000
    store.set("huge", b"x" * 5000, 60)
    assert store.get("huge") is None
    store.set("small", b"x", 60)
    assert store.get("small") == b"x"


def test_a_store_that_evicts_nothing() -> None:
    clock = Clock()
    store = MemoryStore(max_octets=800, clock=clock, evicts=False)
    assert [store.add(name, 10) for name in "abcd"] == [True, True, True, False]
    store.set("e", b"x" * 500, 10)
    assert store.get("e") is None
    assert [store.add(name, 10) for name in "abc"] == [False] * 3
    clock.now += 10
    assert [store.add(name, 10) for name in "dcba"] == [True, True, True, False]
