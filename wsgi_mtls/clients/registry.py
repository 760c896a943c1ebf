"""The interfaces of registries, which find a client by ``client_id``.

They do not depend on where clients are stored.
"""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from ..x509 import ClientCertificate
from .client import Client


class ClientRegistry(Protocol):
    """The interface of a registry, in which the verifier looks a client up."""

    def get(self, client_id: str, /) -> Client | None:
        """Return the client with exactly this ``client_id``, or None."""


@runtime_checkable
class CertificateRegistry(Protocol):
    """A registry that finds clients by certificate, for plain mutual TLS.

    Requests of plain mutual TLS have no ``client_id``.
    """

    def find(self, certificate: ClientCertificate, /) -> Iterable[Client]:
        """Return every client that this certificate may belong to.

        The verifier checks each.
        """


@runtime_checkable
class SelfSignedRegistry(Protocol):
    """A registry that finds self-signed clients by key.

    A database, for example, need not read the clients.
    """

    def has_self_signed(self, certificate: ClientCertificate, /) -> bool:
        """Return whether a self-signed client has this certificate's key.

        The client may be disabled.
        """

    def get_and_has_self_signed(self, client_id: str, certificate: ClientCertificate, /) -> tuple[Client | None, bool]:
        """Return what ``get`` and ``has_self_signed`` return, by one look-up."""


@runtime_checkable
class HolderRegistry(Protocol):
    """A registry that answers both certificate questions by one look-up.

    The questions: which clients may hold the certificate, and whether its key is a self-signed client's.
    """

    def find_and_has_self_signed(self, certificate: ClientCertificate, /) -> tuple[Iterable[Client], bool]:
        """Return what ``find`` and ``has_self_signed`` return, by one look-up."""


@runtime_checkable
class SightingRegistry(Protocol):
    """A registry that notes when a client was seen last, and with which certificate."""

    def seen(self, client_id: str, certificate: ClientCertificate | None, /) -> None:
        """Note that a client was authenticated or identified.

        The verifier calls it once in a request, after all checks.
        What it raises is logged and changes no decision.

        Args:
            client_id: the client.
            certificate: the one that it presented; None where the terminator forwards only a name.
        """
