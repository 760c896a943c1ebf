"""A client registry in memory, from a mapping of ``client_id`` to metadata."""

import logging
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping

from ..errors import InvalidClientMetadata, printable, short
from ..x509 import ClientCertificate
from .client import Client
from .subject import subject_keys

logger = logging.getLogger("wsgi_mtls")


class MappingRegistry:
    """Clients in memory, each checked at once.

    Args:
        clients: ``client_id`` to :class:`Client`, or to its metadata (RFC 7591), where ``client_id`` may be left out.

    Raises:
        InvalidClientMetadata: If a client's metadata are wrong, or name another ``client_id`` than its key.
    """

    def __init__(self, clients: Mapping[str, Client | Mapping[str, object]]) -> None:
        self._clients = {client_id: _client(client_id, value) for client_id, value in clients.items()}
        self._self_signed = frozenset(
            key
            for client in self._clients.values()
            if client.token_endpoint_auth_method in (None, "self_signed_tls_client_auth")
            for key in client.public_keys
        )
        self._index: dict[Hashable, list[Client]] = defaultdict(list)
        for client in self._clients.values():
            for key in _keys(client):
                self._index[key].append(client)
        for warning in self.warnings():
            logger.warning("%s", printable(short(warning, 1000)))

    def __iter__(self) -> Iterator[Client]:
        return iter(self._clients.values())

    def get(self, client_id: str, /) -> Client | None:
        """Return the client of this ``client_id``, or None."""
        return self._clients.get(client_id)

    def has_self_signed(self, certificate: ClientCertificate, /) -> bool:
        """Return whether a self-signed client has this certificate or its key."""
        return bool(self._self_signed) and certificate.lookup_key in self._self_signed

    def get_and_has_self_signed(self, client_id: str, certificate: ClientCertificate, /) -> tuple[Client | None, bool]:
        """Return what :meth:`get` and :meth:`has_self_signed` return."""
        is_self_signed = bool(self._self_signed) and certificate.lookup_key in self._self_signed
        return self._clients.get(client_id), is_self_signed

    def warnings(self) -> tuple[str, ...]:
        """Return a sentence for each probable mistake in a registration.

        A skipped key is one.
        """
        return tuple(
            f"Client {client.client_id!r}: {reason}" for client in self._clients.values() for reason in client.warnings
        )

    def find(self, certificate: ClientCertificate, /) -> Iterable[Client]:
        """Return the clients whose subject value or public key is in the certificate."""
        keys: list[Hashable] = [certificate.lookup_key, *subject_keys(certificate)]
        found = (client for key in keys for client in self._index.get(key, ()))
        return tuple({client.client_id: client for client in found}.values())


def _client(client_id: str, value: Client | Mapping[str, object]) -> Client:
    if not isinstance(value, Client | Mapping):
        raise InvalidClientMetadata(
            f"Client {client_id!r}: its metadata must be a mapping, not {type(value).__name__}."
        )
    named = value.client_id if isinstance(value, Client) else value.get("client_id", client_id)
    if named != client_id:
        raise InvalidClientMetadata(f"Client {client_id!r}: its metadata name client {named!r}.")
    return value if isinstance(value, Client) else Client.from_metadata({"client_id": client_id, **value})


def _keys(client: Client) -> Iterable[Hashable]:
    if client.subject_value is not None:
        yield client.subject_value.key
    yield from client.public_keys
