"""A store for values that are kept for a while.

It has three methods that a shared cache also has.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Protocol

MAX_OCTETS = 64 * 1024 * 1024
"""The most octets that :class:`MemoryStore` holds by default."""
_ENTRY = 256  # what Python itself needs for an entry, roughly


class Store(Protocol):
    """The interface of a store: octets by keys, each with a lifetime.

    A value may go before its end, never after it.
    """

    def get(self, key: str, /) -> bytes | None:
        """Return a value, or None if there is none any more."""

    def set(self, key: str, value: bytes, seconds: float, /) -> None:
        """Keep a value for so many seconds, and replace the old one."""

    def add(self, key: str, seconds: float, /) -> bool:
        """Keep an empty value if there is none; return whether there was none.

        This is atomic.
        """


class MemoryStore:
    """A :class:`Store` in this process.

    What was used least recently goes first where octets run out.

    Args:
        max_octets: how much it holds.
        evicts: whether values go before their time where octets run out. False keeps them, and refuses new ones:
            ``set`` then keeps nothing, and ``add`` returns False.
        clock: returns seconds that only grow; for tests.
    """

    def __init__(
        self, max_octets: int = MAX_OCTETS, clock: Callable[[], float] = time.monotonic, *, evicts: bool = True
    ) -> None:
        self._max = max_octets
        self._evicts = evicts
        self._clock = clock
        self._lock = Lock()
        self._octets = 0
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def get(self, key: str, /) -> bytes | None:
        """Return a value, or None if there is none any more."""
        with self._lock:
            return self._get(key)

    def set(self, key: str, value: bytes, seconds: float, /) -> None:
        """Keep a value for so many seconds, and replace the old one."""
        with self._lock:
            self._set(key, value, seconds)

    def add(self, key: str, seconds: float, /) -> bool:
        """Keep an empty value if there is none; return whether there was none.

        This is atomic.
        """
        with self._lock:
            if self._get(key) is not None:
                return False
            self._set(key, b"", seconds)
            return self._evicts or key in self._values

    def _get(self, key: str) -> bytes | None:
        ends, value = self._values.get(key, (0.0, None))
        if value is None:
            return None
        if self._clock() >= ends:
            self._forget(key)
            return None
        self._values.move_to_end(key)
        return value

    def _set(self, key: str, value: bytes, seconds: float) -> None:
        self._forget(key)
        self._values[key] = self._clock() + seconds, value
        self._octets += _size(key, value)
        while self._octets > self._max:
            first = next(iter(self._values))
            # Entries of one age end in the order in which they came: if the first is alive, so are the others.
            self._forget(first if self._evicts or self._clock() >= self._values[first][0] else key)

    def _forget(self, key: str) -> None:
        if key in self._values:
            self._octets -= _size(key, self._values.pop(key)[1])


def _size(key: str, value: bytes) -> int:
    return len(key) + len(value) + _ENTRY
