"""Fetches that many threads want, limited per address and altogether."""

from collections import Counter
from collections.abc import Callable
from threading import Event, Lock
from urllib.parse import urlsplit


class Flights:
    """One fetch at a time per address, and few at once altogether.

    Args:
        most: how many threads may fetch, or wait for a fetch, at the same time.
        per_host: how many may fetch from one host.
    """

    def __init__(self, most: int, per_host: int) -> None:
        self._most = most
        self._per_host = per_host
        self._lock = Lock()
        self._parked = 0
        self._hosts: Counter[str] = Counter()
        self._ends: dict[str, Event] = {}

    def run(self, key: str, url: str, fetch: Callable[[], None] | None, wait: float | None) -> None:
        """Wait for the thread that fetches from this address, or fetch if there is none.

        Do neither if too many threads fetch already.
        """
        host = urlsplit(url).hostname or ""
        with self._lock:
            running = self._ends.get(key)
            if self._parked >= self._most or (running is None and self._hosts[host] >= self._per_host):
                return
            if (fetch if running is None else wait) is None:
                return
            if running is None:
                self._ends[key] = Event()
                self._hosts[host] += 1
            self._parked += 1
        try:
            if running is not None:
                running.wait(wait)
            elif fetch is not None:
                fetch()
        finally:
            with self._lock:
                self._parked -= 1
                if running is None:
                    self._ends.pop(key).set()
                    self._hosts[host] -= 1
                    self._hosts += Counter()  # forgets the hosts that are at 0
