"""Readings of octets, remembered by the octets themselves, in bounded memory."""

from collections import deque
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MAX_OCTETS = 1024 * 1024
"""The most octets of keys that are remembered. What was read of them may take thirty times as much."""
MAX_ENTRY = 8192
"""The longest key that is remembered, in octets. Usual certificates are shorter, and any caller can make long ones."""
_ENTRY = 512  # what an entry takes whatever its key


class Remembered(Generic[Key, Value]):
    """The remembered results of reading some octets.

    The same octets have the same result, so nothing expires. The oldest entries go first, whether they were used or
    not: to note each use would cost more than it saves.

    Args:
        max_octets: the most octets of keys that are remembered.

    Attributes:
        known: what is remembered; a hit is a look-up in it, without a lock.
    """

    def __init__(self, max_octets: int = MAX_OCTETS) -> None:
        self.known: dict[Key, Value] = {}
        self._max_octets = max_octets
        self._octets = 0
        self._order: deque[tuple[Key, int]] = deque()
        self._lock = Lock()

    def add(self, key: Key, octets: int, value: Value) -> None:
        """Remember a value, unless its key is long.

        Args:
            key: what was read.
            octets: how long the key is.
            value: its content.
        """
        if octets > MAX_ENTRY:
            return
        with self._lock:
            if key in self.known:
                return
            self.known[key] = value
            self._order.append((key, octets + _ENTRY))
            self._octets += octets + _ENTRY
            while self._octets > self._max_octets:
                oldest, size = self._order.popleft()
                del self.known[oldest]
                self._octets -= size
