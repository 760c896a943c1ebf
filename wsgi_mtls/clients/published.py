"""The interface to the certificates that clients publish.

The verifier needs them (RFC 8705 section 2.2.2).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from ..x509 import ClientCertificate


@dataclass(frozen=True, slots=True)
class LastFetch:
    """The last fetches of this process from one ``jwks_uri``.

    Attributes:
        fetched: when a set came last, or None if none is kept.
        certificates: how many certificates it has.
        failure: why a fetch failed since then, or None.
    """

    fetched: datetime | None
    certificates: int
    failure: str | None


@runtime_checkable
class PublishedKeySets(Protocol):
    """The interface of :class:`wsgi_mtls.clients.jwks_uri.KeySets`.

    The verifier, the checks and the admin use it.
    """

    def certificates(
        self, client_id: str, jwks_uri: str, matches: Callable[[tuple[ClientCertificate, ...]], bool], /
    ) -> tuple[ClientCertificate, ...]:
        """Return a client's published certificates, fetched if none kept matches.

        Raises:
            RefusedClient: ``jwks_unavailable``: If it is unavailable.
        """

    def why_never(self, jwks_uri: str, /) -> str | None:
        """Return why this address is never fetched, and what to change.

        None if it may be fetched.
        """

    def look(self, jwks_uri: str, /) -> LastFetch:
        """Fetch a client's set for checks, unless a fresh one is kept.

        It is not fetched either if a fetch has just failed.
        """

    def last_fetch(self, jwks_uri: str, /) -> LastFetch:
        """Return what is known of the last fetches, without fetching."""
