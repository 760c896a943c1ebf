"""A certificate as a peer presented it, or the name that its terminator forwards instead."""

from dataclasses import dataclass
from typing import NoReturn

from ..errors import CertificateNotDelivered
from .certificate import ClientCertificate, SubjectKind


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """The certificate that a client presented, as the TLS terminator delivered it.

    Attributes:
        certificate: the leaf; presenting it proved possession of its key.
        chain: what came with it, without the leaf: hints for path building and nothing else, so nothing of it is read.
        verified: whether the terminator says that it validated the chain of this very request.
        source: the certificate source that it came from, for the log.
    """

    certificate: ClientCertificate
    chain: tuple[ClientCertificate, ...] = ()
    verified: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class PeerSubject:
    """A subject value of a certificate that the TLS terminator keeps to itself.

    Validity, extended key usage and whether it is self-signed can't be looked at here: the terminator's word that it
    validated the chain has to cover them.

    Attributes:
        kind: which of the five of RFC 8705 section 2.1.2, as ``tls_client_auth_san_dns``.
        values: the texts that the certificate carries of it.
        verified: whether the terminator says that it validated the chain of this very request.
        source: the certificate source that it came from, for the log.
    """

    kind: SubjectKind
    values: tuple[str, ...]
    verified: bool = False
    source: str = ""

    @property
    def certificate(self) -> NoReturn:
        """Never there.

        Raises:
            CertificateNotDelivered: always.
        """
        raise CertificateNotDelivered(
            f"{self.source} forwards only {self.kind}: make the terminator pass the certificate on, for self-signed "
            "clients and for bound tokens."
        )


Peer = PeerCertificate | PeerSubject
"""What a certificate source finds."""
