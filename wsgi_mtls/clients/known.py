"""The clients of a registry, checked before they are used."""
# A registry is an application's own code.

import logging
from collections.abc import Mapping, Sequence

from ..errors import InvalidClientMetadata, MutualTLSError, RefusedClient, short
from ..x509 import ClientCertificate, Peer, PeerCertificate
from .authenticated import AuthenticatedClient
from .client import Client
from .mapping import MappingRegistry
from .registry import CertificateRegistry, ClientRegistry, HolderRegistry, SelfSignedRegistry, SightingRegistry

logger = logging.getLogger("wsgi_mtls")


class KnownClients:
    """The clients of a registry. What it can be asked is found out once.

    Args:
        registry: where they are registered.

    Attributes:
        sightings: the registry, if it notes when a client was seen.
        in_memory: the registry, if it is in memory.
    """

    def __init__(self, registry: ClientRegistry) -> None:
        self._registry = registry
        self._searched = registry if isinstance(registry, CertificateRegistry) else None
        self._self_signed = registry if isinstance(registry, SelfSignedRegistry) else None
        self._holders = registry if isinstance(registry, HolderRegistry) else None
        self.sightings = registry if isinstance(registry, SightingRegistry) else None
        self.in_memory = registry if isinstance(registry, MappingRegistry) else None

    @property
    def searchable(self) -> bool:
        """Whether the client of a certificate can be found, as plain mutual TLS needs it."""
        return self._searched is not None

    def look_up(self, client_id: str, peer: Peer | None = None) -> tuple[Client, bool | None]:
        """Return a client, and whether the certificate is registered as self-signed.

        Args:
            client_id: the client that the request names.
            peer: what came with the request.

        Returns:
            The client; and None as the second, if one look-up does not answer both.

        Raises:
            RefusedClient: ``unknown_client``: If there is none, or if the registry answered with another one (databases
                fold case).
            InvalidClientMetadata: If the registry finds its metadata wrong.
        """
        is_self_signed = None
        if self._self_signed is not None and isinstance(peer, PeerCertificate):
            found, is_self_signed = self._self_signed.get_and_has_self_signed(client_id, peer.certificate)
        else:
            found = self._registry.get(client_id)
        if not isinstance(found, Client) or found.client_id != client_id:
            raise _not_this(client_id, found)
        return found, is_self_signed

    def note_seen(self, client: AuthenticatedClient) -> None:
        """Report an authenticated client to the registry, and log what that raises."""
        if self.sightings is not None:
            try:
                self.sightings.seen(client.client_id, client.certificate)
            except Exception:
                logger.exception("Client %r was authenticated, which its registry failed to note", client.client_id)

    def has_self_signed(self, certificate: ClientCertificate) -> bool:
        """Return whether a self-signed client has this certificate or its key.

        A registry that has neither ``has_self_signed`` nor ``find``, as one of callbacks, does not know.
        """
        if self._self_signed is not None:
            return self._self_signed.has_self_signed(certificate)
        return self._searched is not None and _is_self_signed_of(self.holders(certificate)[0], certificate)

    def holders(self, certificate: ClientCertificate) -> tuple[Sequence[Client], bool | None]:
        """Return the clients that may hold this certificate.

        Also return whether it is registered as self-signed.

        Returns:
            The clients; and None as the second where the registry must be asked once more, since it knows of disabled
            clients.

        Raises:
            TypeError: If the registry cannot be searched.
        """
        if self._searched is None:
            raise TypeError(f"{type(self._registry).__name__} can't be searched: identify() needs find(certificate).")
        is_self_signed: bool | None = None
        if self._holders is not None:
            given, is_self_signed = self._holders.find_and_has_self_signed(certificate)
        else:
            given = self._searched.find(certificate)
        found = tuple(given)
        for client in found:
            if not isinstance(client, Client):
                raise _no_client(client)
        if is_self_signed is None and self._self_signed is None:
            is_self_signed = _is_self_signed_of(found, certificate)
        return found, is_self_signed


def _is_self_signed_of(clients: Sequence[Client], certificate: ClientCertificate) -> bool:
    # A PKI client may have a JWK set for other purposes: its keys are not authenticated by their certificates.
    return any(
        client.token_endpoint_auth_method in (None, "self_signed_tls_client_auth")
        and certificate.lookup_key in client.public_keys
        for client in clients
    )


def _not_this(client_id: str, found: object) -> MutualTLSError:
    if found is None:
        return RefusedClient(f"No client {short(client_id)!r} is registered.", reason="unknown_client")
    if not isinstance(found, Client):
        return _no_client(found)
    return RefusedClient(
        f"No client {short(client_id)!r} is registered.",
        reason="unknown_client",
        advice=f"The registry returned {short(found.client_id)!r} instead: compare exactly.",
        expected=client_id,
        found=found.client_id,
    )


def _no_client(found: object) -> InvalidClientMetadata:
    how = "Client.from_metadata({…})" if isinstance(found, Mapping) else "a Client"
    return InvalidClientMetadata(
        "The registration of this client cannot be used.",
        advice=f"The registry returned an object of the type {type(found).__name__}; make it return {how}.",
    )
