"""The registration of clients that ask for it (RFC 7591)."""

import hmac
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from authlib.oauth2.rfc7591 import ClientRegistrationEndpoint, InvalidRedirectURIError
from flask import current_app

from flask_mtls.authlib import MutualTLSClientMetadataClaims
from flask_mtls.authlib.registration_endpoint import RegistrationMixin
from flask_mtls.authlib.registration_metadata import RegistrationSettings
from flask_mtls.authlib.software_statements import SoftwareStatements

from .models import OAuth2Client, db
from .profiles import MUTUAL_TLS, is_allowed_redirect_uri, profile

GRANT_TYPES = ["authorization_code", "client_credentials", "refresh_token"]
SCOPES = ["accounts", "payments"]


class ForAllRegistrations(RegistrationSettings):
    """What the registration of a client and its update have in common."""

    @property
    def software_statements(self) -> SoftwareStatements | None:
        """The issuers of accepted software statements."""
        statements: SoftwareStatements | None = current_app.extensions["software_statements"]
        return statements

    def get_server_metadata(self) -> dict[str, Any]:
        """Return what a client may ask for."""
        return {
            "token_endpoint_auth_methods_supported": auth_methods(),
            "grant_types_supported": GRANT_TYPES,
            "response_types_supported": ["code"],
            "scopes_supported": SCOPES,
        }

    def registration_client_uri(self, client: OAuth2Client) -> str:
        """Return where the client manages its registration.

        The address is at the mTLS host if the client needs that.
        """
        config = current_app.config
        base = (config["MTLS_BASE"] if client.registered_by_certificate else None) or config["ISSUER"]
        return f"{base.rstrip('/')}/oauth/register/{quote(client.client_id, safe='')}"


class Registration(ForAllRegistrations, RegistrationMixin, ClientRegistrationEndpoint):
    """The registration endpoint (RFC 7591).

    It is for callers with the initial access token, callers with a certificate, or all.
    """

    session = db.session

    @property
    def accepts_certificates(self) -> bool:
        """Whether a certificate may register."""
        return bool(current_app.config["REGISTRATION_BY_CERTIFICATE"])

    @property
    def is_open(self) -> bool:
        """Whether every caller may register."""
        return bool(current_app.config["REGISTRATION_OPEN"])

    def check_initial_access_token(self, token: str) -> bool:
        """Return whether this is the initial access token."""
        expected = current_app.config["REGISTRATION_TOKEN"]
        return bool(expected) and hmac.compare_digest(token.encode(), str(expected).encode())

    def extract_client_metadata(self, request: Any) -> dict[str, Any]:
        """Return what is registered."""
        metadata: dict[str, Any] = super().extract_client_metadata(request)
        check_redirect_uris(metadata)
        return metadata

    def generate_client_info(self, request: Any) -> dict[str, Any]:
        """Make a secret only for a client that may use one."""
        info: dict[str, Any] = super().generate_client_info(request)
        if request.payload.data.get("token_endpoint_auth_method") in (*MUTUAL_TLS, "none"):
            del info["client_secret"], info["client_secret_expires_at"]
        return info

    def save_client(self, client_info: dict[str, Any], client_metadata: dict[str, Any], request: Any) -> OAuth2Client:
        """Store a client."""
        client = OAuth2Client(**client_info)
        client.set_client_metadata(client_metadata)
        db.session.add(client)
        db.session.commit()
        return client


registration = Registration(claims_classes=[MutualTLSClientMetadataClaims])


def auth_methods() -> list[str]:
    """Return the methods that the server offers."""
    return [*MUTUAL_TLS, *profile().other_methods]


def check_redirect_uris(metadata: dict[str, Any]) -> None:
    """Refuse a redirect URI to which this server sends no answers.

    Raises:
        InvalidRedirectURIError: If there is one.
    """
    if not all(map(is_allowed_redirect_uri, metadata.get("redirect_uris", []))):
        raise InvalidRedirectURIError("Each redirect URI must be https, or lead to the user's own machine.")


def checked_metadata(given: Any) -> dict[str, Any]:
    """Return what a registration keeps of these metadata, for a command.

    Raises:
        OAuth2Error: If a registration refuses them.
    """
    if not isinstance(given, dict):
        raise ValueError("The metadata must be a JSON object.")
    request = SimpleNamespace(payload=SimpleNamespace(data=given))  # all that Authlib looks at
    metadata: dict[str, Any] = ClientRegistrationEndpoint.extract_client_metadata(registration, request)
    check_redirect_uris(metadata)
    return metadata
