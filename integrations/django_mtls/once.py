"""Actions that a process takes once in an interval for each name.

A name is that of an address or a client, for example.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock


class OncePerInterval:
    """Remembers for which names something was done during the last interval.

    Args:
        interval: in seconds.
        most: how many names are remembered; the one that was allowed first is forgotten first.
        clock: returns seconds that only grow; for tests.
    """

    def __init__(self, interval: float, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = interval
        self._most = most
        self._clock = clock
        self._lock = Lock()
        self._done: OrderedDict[str, float] = OrderedDict()

    def allows(self, name: str) -> bool:
        """Return True for the first time in an interval, and remember it."""
        now = self._clock()
        with self._lock:
            done = self._done.get(name)
            if done is not None and now - done < self._interval:
                return False
            self._done[name] = now
            self._done.move_to_end(name)
            while len(self._done) > self._most:
                self._done.popitem(last=False)
        return True

    def forget(self) -> None:
        """Forget all names; for tests, which share a process."""
        with self._lock:
            self._done.clear()
