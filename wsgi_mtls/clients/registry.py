"""``client_id`` to client: what a registry of clients answers, whatever it is stored in."""

from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from ..errors import InvalidClientMetadata
from ..x509 import ClientCertificate
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


@runtime_checkable
class SelfSignedRegistry(Protocol):
    """A registry that knows the keys of self-signed clients without reading the clients, as a database does."""

    def has_self_signed(self, certificate: ClientCertificate, /) -> bool:
        """Return whether any self-signed client, also a disabled one, is registered with this certificate's key."""

    def get_and_has_self_signed(self, client_id: str, certificate: ClientCertificate, /) -> tuple[Client | None, bool]:
        """Return what ``get`` and ``has_self_signed`` return, by one look-up."""


@runtime_checkable
class SightingRegistry(Protocol):
    """A registry that notes when a client was seen last, and with which certificate."""

    def seen(self, client_id: str, certificate: ClientCertificate | None, /) -> None:
        """Note that a client was authenticated or identified; called once in a request, after all checks.

        What it raises is logged and changes no decision.

        Args:
            client_id: the client.
            certificate: the one that it presented; None where the terminator forwards only a name.
        """


def has_self_signed(registry: ClientRegistry, certificate: ClientCertificate) -> bool:
    """Return whether a self-signed client is registered with this certificate or its key, if the registry can tell.

    A registry that has neither ``has_self_signed`` nor ``find``, as one of callbacks, can't tell.
    """
    if isinstance(registry, SelfSignedRegistry):
        return registry.has_self_signed(certificate)
    if isinstance(registry, CertificateRegistry):
        return any(is_self_signed_with(client, certificate) for client in registry.find(certificate))
    return False


def is_self_signed_with(client: Client, certificate: ClientCertificate) -> bool:
    """Return whether this is a self-signed client that is registered with this certificate or its key."""
    if not isinstance(client, Client):
        raise InvalidClientMetadata(
            f"The registry's find() returned an object of the type {type(client).__name__}; make it return Clients."
        )
    # A PKI client may have a JWK set for other purposes: its keys are not authenticated by their certificates.
    is_self_signed = client.token_endpoint_auth_method in (None, "self_signed_tls_client_auth")
    return is_self_signed and any(own.lookup_key == certificate.lookup_key for own in client.certificates)


class PublishedKeySets(Protocol):
    """Where the verifier finds the certificates that a client publishes at its ``jwks_uri``."""

    def certificates(
        self, client_id: str, jwks_uri: str, matches: Callable[[tuple[ClientCertificate, ...]], bool], /
    ) -> tuple[ClientCertificate, ...]:
        """Return what the client has published, anew where nothing that is known ``matches``.

        Raises:
            RefusedClient: ``jwks_unavailable``: If it is unavailable.
        """
