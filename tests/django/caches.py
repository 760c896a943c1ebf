"""Caches that a test chooses."""

from django.core.cache.backends.dummy import DummyCache


class Broken(DummyCache):
    """A cache with a server that is down."""

    def add(self, *_: object, **__: object) -> bool:
        raise ConnectionRefusedError
