"""Certificates that clients publish at their ``jwks_uri``.

RFC 8705 section 2.2.2 describes them. Needs the extra ``jwt``.
"""

import hashlib
import logging
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ..errors import RefusedClient, quoted, short
from ..https import Answer, FetchFailed, RegisteredFetcher
from ..sealed_store import believed
from ..store import MemoryStore, Store
from ..x509 import ClientCertificate
from .flights import Flights
from .key_set import KeySet, from_octets, lifetime, read_key_set
from .published import LastFetch

logger = logging.getLogger("wsgi_mtls")

ACCEPT = "application/jwk-set+json, application/json"  # RFC 7517 section 8.5

Matches = Callable[[tuple[ClientCertificate, ...]], bool]
"""Returns whether the presented certificate is registered by one of these."""


class KeySets:
    """The key sets that clients publish: fetched, and kept for a while.

    What a stranger's request can cost is limited. A certificate counts if it is in a set that was fetched within
    ``max_seconds`` and, while the client's server is out of reach, ``stale_seconds`` more: that is the longest delay of
    a revocation. Nothing is fetched before the first request, so that a server may fork after this was made.

    Args:
        ca_file: PEM file of the CAs that the clients' servers are validated against; None is the system's.
        allowed_networks: networks that are allowed although they are not public, as ``["10.0.0.0/8"]``.
        any_port: whether other ports than 443 are allowed.
        connect_timeout: how long TCP's connect and the TLS handshake may take, each, in seconds.
        timeout: how long a whole fetch may take, in seconds.
        default_seconds: how long a set is fresh if the answer has no age.
        min_seconds: how long a set is fresh at least, whatever age the answer has.
        max_seconds: how long at most.
        refetch_seconds: how often an unknown certificate may have a client's set fetched again.
        retry_seconds: how long a failed fetch is not repeated; it doubles up to ``max_retry_seconds``.
        max_retry_seconds: see there.
        stale_seconds: how long a set counts beyond its age while it cannot be fetched.
        max_fetches: how many requests may fetch, or wait for a fetch, at the same time in this process.
        max_fetches_per_host: how many may fetch from one host.
        store: where sets are kept; None is in this process. One that processes share is a
            :class:`~wsgi_mtls.sealed_store.SealedStore`.

    Raises:
        ValueError: If an option has a value that it cannot have.
        OSError: If ``ca_file`` cannot be read.
    """

    def __init__(
        self,
        *,
        ca_file: Path | str | None = None,
        allowed_networks: Iterable[str] = (),
        any_port: bool = False,
        connect_timeout: float = 2,
        timeout: float = 5,
        default_seconds: float = 900,
        min_seconds: float = 60,
        max_seconds: float = 86400,
        refetch_seconds: float = 60,
        retry_seconds: float = 60,
        max_retry_seconds: float = 900,
        stale_seconds: float = 86400,
        max_fetches: int = 8,
        max_fetches_per_host: int = 2,
        store: Store | None = None,
    ) -> None:
        if not 0 < min_seconds <= max_seconds or not default_seconds > 0:
            raise ValueError(
                "default_seconds and min_seconds must be more than 0, and max_seconds at least min_seconds."
            )
        if not 0 < retry_seconds <= max_retry_seconds or not refetch_seconds > 0 or not stale_seconds >= 0:
            raise ValueError("Times must be more than 0, and max_retry_seconds at least retry_seconds.")
        if not 0 < max_fetches_per_host <= max_fetches:
            raise ValueError("max_fetches_per_host must be more than 0 and at most max_fetches.")
        self._fetcher = RegisteredFetcher(
            ca=ca_file,
            allowed_networks=allowed_networks,
            any_port=any_port,
            connect_timeout=connect_timeout,
            timeout=timeout,
        )
        self._timeout = timeout
        self._fresh = default_seconds, min_seconds, max_seconds
        self._refetch = refetch_seconds
        self._retry = retry_seconds, max_retry_seconds
        self._stale = stale_seconds
        self._store = believed(store, MemoryStore)
        self._flights = Flights(max_fetches, max_fetches_per_host)

    def certificates(self, client_id: str, jwks_uri: str, matches: Matches) -> tuple[ClientCertificate, ...]:
        """Return a client's published certificates, fetched if none kept matches.

        Args:
            client_id: the client's.
            jwks_uri: as registered.
            matches: returns whether the presented certificate is registered by one of these.

        Raises:
            RefusedClient: ``jwks_unavailable``: If nothing is kept, and nothing could be fetched.
        """
        key = _key(jwks_uri)
        kept = self._kept(key)
        is_fresh = self._is_fresh(key, kept)
        is_match = kept is not None and matches(kept.certificates)
        if not (is_fresh and is_match):
            may_fetch = self._may_fetch(client_id, key, is_fresh)
            # A set that matches need not be waited for: one thread refreshes it while others use the old one. One that
            # does not is waited for where another thread fetches it already.
            wait = None if is_match else self._timeout
            self._flights.run(
                key, jwks_uri, (lambda: self._fetch(key, jwks_uri, kept, is_fresh)) if may_fetch else None, wait
            )
            kept = self._kept(key)
        if kept is None:
            raise RefusedClient(reason="jwks_unavailable", advice=f"{quoted(jwks_uri)}: {self._problem(key)}")
        return kept.certificates

    def why_never(self, jwks_uri: str) -> str | None:
        """Return why this address is never fetched, and what to change.

        None if it may be fetched.
        """
        return self._fetcher.why_never(jwks_uri)

    def look(self, jwks_uri: str) -> LastFetch:
        """Fetch a client's set for checks, unless a fresh one is kept.

        It is not fetched either if a fetch has just failed.
        """
        key = _key(jwks_uri)
        kept = self._kept(key)
        if not self._is_fresh(key, kept):
            self._flights.run(key, jwks_uri, lambda: self._fetch(key, jwks_uri, kept, False), self._timeout)
        return self.last_fetch(jwks_uri)

    def last_fetch(self, jwks_uri: str) -> LastFetch:
        """Return what is known of the last fetches, without fetching."""
        key = _key(jwks_uri)
        kept = self._kept(key)
        failure = self._store.get(f"problem:{key}")
        return LastFetch(
            fetched=None if kept is None else datetime.fromtimestamp(kept.fetched, UTC),
            certificates=0 if kept is None else len(kept.certificates),
            failure=failure.decode(errors="replace") if failure else None,
        )

    def _may_fetch(self, client_id: str, key: str, is_fresh: bool) -> bool:
        if self._store.get(f"failed:{key}") is not None:
            return False
        # Any client can send an unknown certificate, so it causes a fetch only once in a while.
        return not is_fresh or self._store.add(f"unknown:{key}:{client_id}", _around(self._refetch))

    def _kept(self, key: str) -> KeySet | None:
        octets = self._store.get(f"set:{key}")
        return None if octets is None else from_octets(octets)

    def _is_fresh(self, key: str, kept: KeySet | None) -> bool:
        # The mark names its set, so that an older one that another program puts back in a shared store is fetched anew.
        return kept is not None and self._store.get(f"fresh:{key}") == _mark(kept)

    def _problem(self, key: str) -> str:
        failure = self._store.get(f"failed:{key}")
        return "too many fetches at once; try again." if failure is None else failure.decode(errors="replace")

    def _fetch(self, key: str, jwks_uri: str, kept: KeySet | None, was_fresh: bool) -> None:
        is_fresh = self._is_fresh(key, self._kept(key))
        if self._store.get(f"failed:{key}") is not None or (is_fresh and not was_fresh):
            return  # another thread has just done it
        headers = {"Accept": ACCEPT}
        if kept is not None and kept.etag is not None:
            headers["If-None-Match"] = kept.etag
        try:
            answer = self._fetcher.get(jwks_uri, headers)
            found = _read(answer, kept if "If-None-Match" in headers else None)
            stated = lifetime(answer.headers)
        except Exception as error:  # a stranger wrote what is read, and many libraries read it
            self._note_failure(key, jwks_uri, error)
            return
        default, least, most = self._fresh
        # Less up to a tenth, so that many sets that were fetched together are not fetched together again.
        fresh = min(max(default if stated is None else stated, least), most) * (1 - 0.1 * random.random())  # noqa: S311
        fetched = replace(found, fetched=time.time())
        self._store.set(f"set:{key}", fetched.to_octets(), fresh + self._stale)
        self._store.set(f"fresh:{key}", _mark(fetched), fresh)
        self._store.set(f"failures:{key}", b"0", 1)
        self._store.set(f"problem:{key}", b"", 1)

    def _note_failure(self, key: str, jwks_uri: str, error: Exception) -> None:
        logger.warning("jwks_uri %s could not be fetched: %r", short(jwks_uri), short(str(error)))
        count = int(self._store.get(f"failures:{key}") or b"0")
        first, most = self._retry
        pause = _around(min(first * 2**count, most))
        self._store.set(f"failures:{key}", str(min(count + 1, 30)).encode(), pause + most)
        problem = short(str(error)).encode()
        self._store.set(f"failed:{key}", problem, pause)
        self._store.set(f"problem:{key}", problem, self._stale + most)


def _key(jwks_uri: str) -> str:
    return hashlib.sha256(jwks_uri.encode()).hexdigest()


def _mark(kept: KeySet) -> bytes:
    return repr(kept.fetched).encode()


def _read(answer: Answer, kept: KeySet | None) -> KeySet:
    if answer.status == 304 and kept is not None:
        return kept
    if answer.status != 200:
        raise FetchFailed(f"Expected status 200, got {answer.status}.")
    return read_key_set(answer.json(), answer.headers)


def _around(seconds: float) -> float:
    """Vary the seconds by up to a fifth, so that processes do not all fetch at once."""
    return seconds * (0.8 + 0.4 * random.random())  # noqa: S311  # nothing secret
