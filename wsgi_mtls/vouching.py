"""What vouches for the names in a PKI client's certificate: the terminator, or a trust store of the application."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .clients import Client
from .errors import BadCertificate, NoCertificate, UntrustedPath
from .options import InvalidOption, check_flag
from .trust import TrustStore
from .trust.facts import read
from .trust.requirements import check_client
from .trust.snapshot import NO_CA_KNOWN
from .trust.terminator import check_status
from .x509 import PeerCertificate, PeerSubject

Trust = TrustStore | Callable[[Client], TrustStore]
"""A trust store, or a function that returns the one of a client, as where each tenant has a CA."""

NOT_VERIFIED = (
    "The TLS terminator does not report that it validated the chain: check its CA bundle, and at Apache that no "
    "session is resumed; or validate here, with a trust store (docs/trust.md)."
)
_PIN_WITHOUT_STORE = (
    "The client has tls_client_auth_issuer, and no trust store holds that CA's certificate: set TRUST, or Verifier(…, "
    "trust=…)."
)


@dataclass(frozen=True, slots=True)
class Vouching:
    """Decides whether a chain was validated.

    Attributes:
        trust: the trust store, or a function that returns the one of a client; None leaves it to the terminator.
        either: whether the terminator's success suffices where the store does not know the CA.

    Raises:
        ValueError: If one of them cannot be used.
    """

    trust: Trust | None = None
    either: bool = False

    def __post_init__(self) -> None:
        if self.trust is not None and (
            isinstance(self.trust, type) or not (isinstance(self.trust, TrustStore) or callable(self.trust))
        ):
            raise InvalidOption(
                "trust", f"must be a TrustStore, or a function from a Client to one, not {self.trust!r}."
            )
        check_flag("trust_either", self.either)
        if self.either and self.trust is None:
            raise InvalidOption("trust_either", "changes nothing without trust: set that too.")

    @property
    def is_for_clients_only(self) -> bool:
        """Whether the store depends on the client, so that a certificate without one cannot be validated."""
        return self.trust is not None and not isinstance(self.trust, TrustStore)

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
        if self.trust is None:
            if pins:
                raise UntrustedPath(_PIN_WITHOUT_STORE, reason="untrusted_ca")
            if not peer.verified:
                raise BadCertificate(NOT_VERIFIED, reason="chain_not_verified")
            return
        check_status(peer)
        store = self.store_of(client)
        if store is None:
            raise BadCertificate(NOT_VERIFIED, reason="chain_not_verified")
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

    def check_forwarded_name(self, client: Client, peer: PeerSubject) -> None:
        """Check that a terminator may vouch for a name alone.

        Raises:
            NoCertificate: ``certificate_not_delivered``: If the application has to validate the certificate itself.
        """
        if self.trust is not None or client.tls_client_auth_issuer:
            raise NoCertificate(
                f"{peer.source} forwards only a name, which no trust store can validate: make it pass the certificate "
                "on.",
                reason="certificate_not_delivered",
            )

    def store_of(self, client: Client | None) -> TrustStore | None:
        """Return the trust store of a client; None where the terminator alone vouches.

        Raises:
            BadCertificate: ``chain_not_verified``: If the store depends on the client, and none is sought.
            UntrustedPath: ``untrusted_ca``: If the function returned no store for the client.
        """
        if self.trust is None or isinstance(self.trust, TrustStore):
            return self.trust
        if client is None:
            raise BadCertificate(
                "trust is a function of the client, and no client is sought: give a TrustStore.",
                reason="chain_not_verified",
            )
        store = self.trust(client)
        if not isinstance(store, TrustStore):
            raise UntrustedPath(
                f"trust returned no TrustStore for {client.client_id!r}: no CA may vouch for it.", reason="untrusted_ca"
            )
        return store
