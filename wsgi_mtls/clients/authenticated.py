"""A client that its certificate authenticated."""

from dataclasses import dataclass

from ..errors import NoCertificate
from ..x509 import ClientCertificate
from .client import AuthMethod, Client


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """A client that proved possession of its registered certificate's key.

    Attributes:
        client_id: as registered.
        method: how it was authenticated.
        certificate: what it presented; None where the terminator forwards only a name (:class:`PeerSubject`).
        registration: its registered metadata.
        forwarded_thumbprint: the thumbprint of its certificate, where the terminator forwards a name and this.
    """

    client_id: str
    method: AuthMethod
    certificate: ClientCertificate | None
    registration: Client
    forwarded_thumbprint: str | None = None

    @property
    def confirmation(self) -> dict[str, str]:
        """The ``cnf`` claim that binds a token to this certificate.

        RFC 8705 section 3.1 has its form.

        Raises:
            NoCertificate: ``certificate_not_delivered``: If the terminator forwards only a name.
        """
        presented = self.certificate.thumbprint if self.certificate else self.forwarded_thumbprint
        if presented is None:
            raise NoCertificate(
                "Only a name was forwarded; a token can't be bound without the certificate.",
                reason="certificate_not_delivered",
            )
        return {"x5t#S256": presented}
