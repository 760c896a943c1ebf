"""The check that a trust store vouches for a PKI client's names.

The names are those in the certificate; the store is the application's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .clients import Client
from .errors import BadCertificate, UntrustedPath
from .options import InvalidOption, check_flag
from .trust import TrustStore
from .trust.facts import read
from .trust.requirements import check_client
from .trust.snapshot import NO_CA_KNOWN
from .trust.terminator import check_status
from .x509 import PeerCertificate

Trust = TrustStore | Callable[[Client], TrustStore]
"""A trust store, or a function that returns the one of a client, as where each tenant has a CA."""


@dataclass(frozen=True, slots=True)
class Vouching:
    """Decides whether a chain is valid, by a trust store.

    Attributes:
        trust: the trust store, or a function that returns the one of a client.
        either: whether the terminator's success suffices where the store does not know the CA.

    Raises:
        ValueError: If one of them cannot be used.
    """

    trust: Trust
    either: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.trust, type) or not (isinstance(self.trust, TrustStore) or callable(self.trust)):
            raise InvalidOption(
                "trust", f"must be a TrustStore, or a function from a Client to one, not {self.trust!r}."
            )
        check_flag("trust_either", self.either)

    @classmethod
    def of(cls, trust: Trust | None, either: bool) -> "Vouching | None":
        """Read the options of the verifier; None where the terminator alone vouches.

        Raises:
            ValueError: If one of them cannot be used.
        """
        if trust is not None:
            return cls(trust, either)
        check_flag("trust_either", either)
        if either:
            raise InvalidOption("trust_either", "changes nothing without trust: also set that.")
        return None

    @property
    def is_for_clients_only(self) -> bool:
        """Whether no certificate can be validated without a client.

        The store then depends on the client.
        """
        return not isinstance(self.trust, TrustStore)

    def check_chain(self, peer: PeerCertificate, client: Client | None, at: datetime | None) -> None:
        """Check that the chain was validated.

        Args:
            peer: what the client presented.
            client: the client that it is to authenticate; None where none is sought.
            at: the time to validate at; None for now.

        Raises:
            MutualTLSError: If it was not.
        """
        pins = client.tls_client_auth_issuer if client is not None else ()
        check_status(peer)
        store = self.store_of(client)
        try:
            store.validate(peer, at, issuers=pins)
        except UntrustedPath as error:
            if (
                error.reason not in NO_CA_KNOWN
                or not (self.either and peer.verified)
                or pins
                or store.revocation == "required"
            ):
                raise
            check_client(read(peer.certificate.der))

    def store_of(self, client: Client | None) -> TrustStore:
        """Return the trust store of a client.

        Raises:
            BadCertificate: ``chain_not_verified``: If the store depends on the client, and none is sought.
            UntrustedPath: ``untrusted_ca``: If the function returned no store for the client.
        """
        if isinstance(self.trust, TrustStore):
            return self.trust
        if client is None:
            raise BadCertificate(
                reason="chain_not_verified",
                advice="trust is a function of the client, and no client is sought: give a TrustStore.",
            )
        store = self.trust(client)
        if not isinstance(store, TrustStore):
            raise UntrustedPath(
                reason="untrusted_ca",
                advice=f"trust returned no TrustStore for {client.client_id!r}: no CA may vouch for it.",
            )
        return store
