"""``client_id`` to client: what a registry of clients answers, whatever it is stored in."""

from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from ..certificate import ClientCertificate
from .client import Client


class ClientRegistry(Protocol):
    """Where the verifier looks a client up."""

    def get(self, client_id: str, /) -> Client | None:
        """Return the client of this very ``client_id``, or None."""


@runtime_checkable
class CertificateRegistry(Protocol):
    """A registry that can be asked the other way round, for plain mutual TLS without a ``client_id``."""

    def find(self, certificate: ClientCertificate, /) -> Iterable[Client]:
        """Return every client that this certificate may belong to; the verifier checks each."""


class PublishedKeySets(Protocol):
    """Where the verifier finds the certificates that a client publishes at its ``jwks_uri``."""

    def certificates(
        self, client_id: str, jwks_uri: str, matches: Callable[[tuple[ClientCertificate, ...]], bool], /
    ) -> tuple[ClientCertificate, ...]:
        """Return what the client has published, anew where nothing that is known ``matches``.

        Raises:
            CertificatesUnavailable: If it is unavailable.
        """
