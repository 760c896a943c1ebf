"""A store that other programs may write to; only values with a seal are believed."""

import hmac
import logging
import time
from collections.abc import Callable

from .errors import short
from .store import MemoryStore, Store

MIN_SECRET = 32
"""The shortest secret, in octets: that of SHA-256's output (RFC 2104 section 3)."""
_SEAL = 32
_ENDS = 8

logger = logging.getLogger("wsgi_mtls.store")


class SealedStore:
    """A store that several processes share, with a seal on each value.

    Redis is an example of a :class:`~wsgi_mtls.store.Store` that is shared. What is kept there decides which
    certificates are a client's and which tokens are active. So a value counts only with a seal (HMAC-SHA256) over its
    key, its end and itself. A value that another program wrote, or that was kept under another key, is ignored, and a
    warning is logged. A value that has expired is ignored.

    A program that writes to the store can still remove values, and what ``add`` has noted.

    Args:
        store: what keeps the octets.
        secret: at least 32 octets, the same in all processes that share the store, and known to no other program.
        clock: returns the seconds of the epoch; for tests.

    Raises:
        ValueError: If the secret is too short.
    """

    def __init__(self, store: Store, secret: bytes, *, clock: Callable[[], float] = time.time) -> None:
        if len(secret) < MIN_SECRET:
            raise ValueError(
                f"Expected a secret of at least {MIN_SECRET} octets, found {len(secret)}. Make one with "
                "secrets.token_bytes(32), and give all processes the same."
            )
        self._store = store
        self._secret = bytes(secret)
        self._clock = clock

    def get(self, key: str, /) -> bytes | None:
        """Return the value that :meth:`set` kept under this key and secret, or None."""
        sealed = self._store.get(key)
        if not sealed:  # what add has noted is empty
            return None
        seal, ends, value = sealed[:_SEAL], sealed[_SEAL : _SEAL + _ENDS], sealed[_SEAL + _ENDS :]
        if not hmac.compare_digest(seal, self._seal(key, ends, value)):
            logger.warning("the value of %r in the shared store has no seal of this secret: ignored", short(key))
            return None
        return value if self._clock() < int.from_bytes(ends, "big") / 1000 else None

    def set(self, key: str, value: bytes, seconds: float, /) -> None:
        """Keep a value for so many seconds, and replace the old one."""
        ends = round((self._clock() + seconds) * 1000).to_bytes(_ENDS, "big")
        self._store.set(key, self._seal(key, ends, value) + ends + value, seconds)

    def add(self, key: str, seconds: float, /) -> bool:
        """Keep an empty value if there is none; return whether there was none.

        This is atomic.
        """
        return self._store.add(key, seconds)

    def _seal(self, key: str, ends: bytes, value: bytes) -> bytes:
        named = key.encode()
        # The length of the key comes first, so that no octets move from the key into the value.
        return hmac.digest(self._secret, len(named).to_bytes(8, "big") + named + ends + value, "sha256")


def believed(store: Store | None, default: Callable[[], Store]) -> Store:
    """Return a store that holds only trustworthy values.

    Args:
        store: this process's own, or sealed; None for the default.
        default: makes the store if there is none.

    Raises:
        ValueError: If the store is neither, so that another program could write what is believed.
    """
    if store is None:
        return default()
    if not isinstance(store, MemoryStore | SealedStore):
        raise ValueError(
            f"Expected a MemoryStore or a SealedStore, found {type(store).__name__}. Other programs may write to a "
            "shared store: give SealedStore(store, secret) of wsgi_mtls.sealed_store."
        )
    return store
