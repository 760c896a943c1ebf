"""An issuer's signing keys, given or fetched from its ``jwks_uri``.

They are fetched again when they change.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Protocol

from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from ..errors import InvalidToken
from ..https import ConfiguredEndpoint, FetchFailed
from ..shortage import is_shortage

logger = logging.getLogger("wsgi_mtls")

SigningKey = RSAKey | ECKey | OKPKey

MAX_KEYS = 100
"""The most keys that a set may hold."""
ACCEPT = "application/jwk-set+json, application/json"  # RFC 7517 section 8.5
MIN_RSA_BITS = 2048  # RFC 7518 section 3.3
REFETCH_INTERVAL = 30.0
"""The least seconds between two fetches, whatever tokens come."""
RETRY_INTERVAL = 5.0
"""The least seconds between two fetches while no keys are usable."""
REFRESH_AFTER = 300.0
"""Seconds after which keys are fetched again, so that a withdrawn one is not trusted for long."""
EXPIRE_AFTER = 3600.0
"""Seconds after which keys that could not be fetched again are no longer trusted."""
MAX_WAIT = 1.0
"""Seconds that a token with an unknown ``kid`` waits for another thread's fetch, while other tokens can be verified.

Long enough for those that come right after a rotation, and no way to keep all threads busy with invented ones.
"""


class SigningKeys(Protocol):
    """The signing keys of an issuer."""

    def find(self, kid: str | None, /) -> Sequence[SigningKey]:
        """Return the keys that may have signed a token with this ``kid``, at least one.

        Raises:
            InvalidToken: ``unknown_signing_key``: If there is none.
            InvalidToken: ``tokens_unavailable``: If the keys are unavailable.
        """

    def find_new(self, kid: str | None, tried: Sequence[SigningKey], /) -> Sequence[SigningKey]:
        """Return newly published keys for this ``kid``, without those that were tried.

        Raises:
            InvalidToken: ``tokens_unavailable``: If new keys could not be fetched, and the old ones are past their age.
        """


def read_keys(jwks: object) -> tuple[SigningKey, ...]:
    """Return a JWK set's public keys for signatures (RFC 7517 section 5).

    Others are skipped.

    Raises:
        ValueError: If it is not a JWK set, or has no such key, or too many.
    """
    members = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(members, list):
        raise ValueError('A JWK set is an object with a list of "keys" (RFC 7517 section 5).')
    if len(members) > MAX_KEYS:
        raise ValueError(f"The JWK set holds more than {MAX_KEYS} keys.")
    keys = tuple(key for key in map(_read_key, members) if key is not None)
    if not keys:
        raise ValueError("The JWK set holds no public key for signatures.")
    return keys


class GivenKeys:
    """Keys that the operator has configured."""

    def __init__(self, jwks: object) -> None:
        self._keys = read_keys(jwks)

    def find(self, kid: str | None, /) -> Sequence[SigningKey]:
        """Return the keys that may have signed a token with this ``kid``."""
        return _find(self._keys, kid) or _unknown(kid)

    def find_new(self, kid: str | None, tried: Sequence[SigningKey], /) -> Sequence[SigningKey]:
        """Return no keys: there are no others."""
        return ()


class FetchedKeys:
    """Keys from the issuer's ``jwks_uri``.

    For an unknown ``kid`` they are fetched again, since keys are rotated; but never more often than every
    ``REFETCH_INTERVAL`` (``RETRY_INTERVAL`` while there are none), since any caller can send such a ``kid``. One thread
    fetches; the others go on with the keys that they have, or wait if these don't do, no longer than ``MAX_WAIT`` if
    there are any.

    Args:
        endpoint: the ``jwks_uri``.
        clock: returns seconds since the epoch.
    """

    def __init__(self, endpoint: ConfiguredEndpoint, clock: Callable[[], float]) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._lock = Lock()
        self._keys: tuple[SigningKey, ...] = ()
        self._fetched: float | None = None
        self._tried: float | None = None
        self._has_failed = False

    def find(self, kid: str | None, /) -> Sequence[SigningKey]:
        """Return the keys that may have signed a token with this ``kid``."""
        keys = self._usable()
        found = _find(keys, kid)
        if found and _is_settled(found, kid) and self._is_within(self._fetched, REFRESH_AFTER):
            return found
        # Only a token that needs new keys waits for them.
        if self._lock.acquire(blocking=not found, timeout=MAX_WAIT if keys and not found else -1):
            try:
                self._fetch()
            finally:
                self._lock.release()
        elif not found:
            raise InvalidToken(
                f"The issuer's keys are being fetched, for the key {kid!r:.80}; try again.",
                reason="tokens_unavailable",
            )
        keys = self._usable()
        if not keys:
            raise InvalidToken("The issuer's keys could not be fetched; see the log.", reason="tokens_unavailable")
        found = _find(keys, kid)
        if not found and self._has_failed:
            raise InvalidToken(
                f"The issuer's keys could not be fetched, for the key {kid!r:.80}; see the log.",
                reason="tokens_unavailable",
            )
        return found or _unknown(kid)

    def find_new(self, kid: str | None, tried: Sequence[SigningKey], /) -> Sequence[SigningKey]:
        """Return keys for this ``kid`` without those that did not verify a signature.

        An issuer may replace a key under the same ``kid``. The keys are fetched again for it as for an unknown ``kid``,
        within the same interval, since any caller can send a wrong signature.
        """
        # A thread that fetches already may bring them. Other tokens are verified meanwhile.
        if self._lock.acquire(timeout=MAX_WAIT):
            try:
                self._fetch()
            finally:
                self._lock.release()
        keys = self._usable()
        if not keys:
            raise InvalidToken("The issuer's keys could not be fetched; see the log.", reason="tokens_unavailable")
        return tuple(key for key in _find(keys, kid) if all(key is not old for old in tried))

    def fetch(self) -> None:
        """Fetch the keys now, unless that was just done.

        Raises:
            InvalidToken: ``tokens_unavailable``: If there are none afterwards.
        """
        with self._lock:
            self._fetch()
        if not self._usable():
            raise InvalidToken("The issuer's keys could not be fetched; see the log.", reason="tokens_unavailable")

    def _fetch(self) -> None:
        if self._is_within(self._tried, REFETCH_INTERVAL if self._usable() else RETRY_INTERVAL):
            return
        try:
            self._keys = read_keys(self._endpoint.get_json(ACCEPT))
            self._fetched = self._clock()
            self._has_failed = False
        except (FetchFailed, ValueError, MemoryError) as error:
            self._has_failed = True
            logger.warning("the issuer's keys could not be fetched: %r", error)
        finally:
            # From its end, so that threads that waited for a slow failure do not each repeat it.
            self._tried = self._clock()

    def _usable(self) -> tuple[SigningKey, ...]:
        return self._keys if self._is_within(self._fetched, EXPIRE_AFTER) else ()

    def _is_within(self, moment: float | None, seconds: float) -> bool:
        """Return whether it was less than so many seconds ago.

        It was not if the clock was set back.
        """
        return moment is not None and 0 <= self._clock() - moment < seconds


def _find(keys: Sequence[SigningKey], kid: str | None) -> tuple[SigningKey, ...]:
    """Return the keys that may fit; without ``kid``, any may."""
    # RFC 7515 section 4.1.4 makes "kid" a hint.
    return tuple(key for key in keys if kid is None or key.kid is None or key.kid == kid)


def _is_settled(found: Sequence[SigningKey], kid: str | None) -> bool:
    """Return whether a key has exactly this ``kid``.

    If none has, newer keys may have one.
    """
    return kid is None or any(key.kid == kid for key in found)


def _unknown(kid: str | None) -> Sequence[SigningKey]:
    raise InvalidToken(f"The issuer publishes no key {kid!r:.80}.", reason="unknown_signing_key")


def _read_key(member: object) -> SigningKey | None:
    if not isinstance(member, dict) or member.get("use", "sig") != "sig" or "d" in member:
        return None
    try:
        key = JWKRegistry.import_key(member)
    except Exception as error:  # a set may hold keys of any kind; one that can't be read signs nothing for us
        if is_shortage(error):
            raise
        logger.warning("a key of the JWK set can't be read: %r", error)
        return None
    if not isinstance(key, SigningKey) or (isinstance(key, RSAKey) and key.public_key.key_size < MIN_RSA_BITS):
        return None
    return key
