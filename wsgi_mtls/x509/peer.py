"""A peer's certificate, or the name that a terminator forwards instead."""

import base64
from dataclasses import dataclass
from typing import NoReturn

from ..errors import NoCertificate
from .certificate import ClientCertificate, SubjectKind


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """The certificate that a client presented, as the TLS terminator delivered it.

    Attributes:
        certificate: the leaf; presenting it proved possession of its key.
        chain: what came with it, without the leaf: hints for path building and nothing else, so nothing of it is read.
        verified: whether the terminator reports that it validated the chain of this request.
        source: the certificate source that it came from, for the log.
        status: the terminator's own words about the chain, such as ``FAILED:certificate revoked``; empty where it
            validated the chain or has none.
    """

    certificate: ClientCertificate
    chain: tuple[ClientCertificate, ...] = ()
    verified: bool = False
    source: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class PeerSubject:
    """A subject value of a certificate that the TLS terminator keeps to itself.

    Validity, extended key usage and whether it is self-signed can't be looked at here: the terminator's word that it
    validated the chain has to cover them.

    Attributes:
        kind: which of the five of RFC 8705 section 2.1.2, as ``tls_client_auth_san_dns``.
        values: the texts that the certificate carries of it.
        verified: whether the terminator reports that it validated the chain of this request.
        source: the certificate source that it came from, for the log.
        thumbprint: of the certificate (``x5t#S256``), where the terminator forwards its hash; None where it does not.
            Tokens can be bound to it.
    """

    kind: SubjectKind
    values: tuple[str, ...]
    verified: bool = False
    source: str = ""
    thumbprint: str | None = None

    @property
    def certificate(self) -> NoReturn:
        """Never there.

        Raises:
            NoCertificate: ``certificate_not_delivered``: Always.
        """
        raise NoCertificate(
            f"{self.source} forwards only {self.kind}: make the terminator pass the certificate on, for self-signed "
            "clients and for bound tokens.",
            reason="certificate_not_delivered",
        )


Peer = PeerCertificate | PeerSubject
"""What a certificate source finds."""


def thumbprint_of(peer: Peer | None) -> str | None:
    """Return the thumbprint of what a peer presented; None where none is known."""
    if isinstance(peer, PeerSubject):
        return peer.thumbprint
    return None if peer is None else peer.certificate.thumbprint


def thumbprint(sha256: bytes) -> str:
    """Return a certificate's ``x5t#S256`` from the SHA-256 of its DER.

    See RFC 8705 section 3.1.
    """
    return base64.urlsafe_b64encode(sha256).rstrip(b"=").decode("ascii")
