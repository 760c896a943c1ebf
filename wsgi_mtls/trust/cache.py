"""Paths that were validated, by the exact octets that they were built of."""

import time
from threading import Lock

from .snapshot import ValidatedPath

Key = tuple[object, ...]


class PathCache:
    """Validated paths of one state of a store.

    None is kept beyond the moment at which it could be judged otherwise.

    Args:
        size: how many octets of certificates are kept.
    """

    def __init__(self, size: int = 4 * 1024 * 1024) -> None:
        self._size = size
        self._used = 0
        self._paths: dict[Key, tuple[float, ValidatedPath, int]] = {}
        self._lock = Lock()

    def get(self, key: Key) -> ValidatedPath | None:
        """Return what was validated with these octets, if it still counts."""
        found = self._paths.get(key)
        return found[1] if found is not None and time.time() < found[0] else None

    def put(self, key: Key, path: ValidatedPath, octets: int) -> None:
        """Keep a path; the oldest make room for it."""
        if octets > self._size // 16:
            return
        with self._lock:
            self._remove(key)
            while self._used + octets > self._size:
                self._remove(next(iter(self._paths)))
            self._paths[key] = (path.until.timestamp(), path, octets)
            self._used += octets

    def _remove(self, key: Key) -> None:
        if (removed := self._paths.pop(key, None)) is not None:
            self._used -= removed[2]
