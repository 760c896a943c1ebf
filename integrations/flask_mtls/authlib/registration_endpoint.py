"""The registration endpoint (RFC 7591 section 3): access to it, and its answers."""

from dataclasses import dataclass
from typing import Any

from flask import request as http_request

from wsgi_mtls.errors import InvalidToken, MutualTLSError
from wsgi_mtls.request.bearer import bearer_token
from wsgi_mtls.x509 import PeerCertificate

from ..proxies import current_peer
from .errors import current_verifier, rejected
from .mixin import Mixin
from .registration_metadata import RegistrationSettings, check_possession


@dataclass(frozen=True, slots=True)
class Registrant:
    """The party that registers a client.

    Attributes:
        certificate: the certificate by which it may; None where it has an initial access token, or needs nothing.
    """

    certificate: PeerCertificate | None = None


class RegistrationMixin(RegistrationSettings, Mixin):
    """A mixin for registration by token, by certificate, or open.

    It comes before Authlib's ``ClientRegistrationEndpoint``. A request with ``Authorization`` is decided by its initial
    access token alone. A client that registers by its certificate can register no other name or key than that
    certificate's. No answer depends on other clients.

    Attributes:
        session: the SQLAlchemy session in which ``save_client`` stores a client, a model with
            :class:`~flask_mtls.authlib.models.RegistrationTokenMixin`.
        accepts_certificates: whether a client with a validated certificate may register.
        is_open: whether every caller may.
    """

    session: Any
    accepts_certificates = False
    is_open = False

    def check_initial_access_token(self, token: str) -> bool:
        """Return whether a token allows to register; override it. By default none does."""
        return False

    def authenticate_token(self, request: Any) -> Registrant:
        """Return the party that registers.

        Raises:
            OAuth2Error: If it may not.
        """
        try:
            return self._registrant()
        except MutualTLSError as error:
            raise rejected(error) from error

    def extract_client_metadata(self, request: Any) -> dict[str, Any]:
        """Return what is registered.

        Raises:
            OAuth2Error: If the metadata, or the software statement, are wrong.
        """
        metadata = super().extract_client_metadata(request)
        if request.credential.certificate is not None:
            check_possession(metadata, request.credential.certificate)
        return metadata

    def generate_client_registration_info(self, client: Any, request: Any) -> dict[str, str]:
        """Return the registration access token (RFC 7592 section 3).

        The database keeps a hash of it.
        """
        token: str = client.new_registration_access_token()
        client.registered_by_certificate = request.credential.certificate is not None
        self.session.commit()
        return {
            "registration_client_uri": self.registration_client_uri(client),
            "registration_access_token": token,
        }

    def _registrant(self) -> Registrant:
        if "Authorization" in http_request.headers or not (self.accepts_certificates or self.is_open):
            if not self.check_initial_access_token(bearer_token(http_request.environ)):
                raise InvalidToken("The token is not an initial access token of this server.")
            return Registrant()
        if self.accepts_certificates:
            try:
                return Registrant(current_verifier().rules.check_certificate(current_peer()))
            except MutualTLSError:
                if not self.is_open:
                    raise
        return Registrant()
