"""What the server offers, and the registration of clients that ask for it."""

import hmac
from types import SimpleNamespace
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7591 import ClientRegistrationEndpoint
from flask import current_app

from flask_mtls.authlib import MutualTLSClientMetadataClaims

from .models import OAuth2Client, db

MUTUAL_TLS = ["tls_client_auth", "self_signed_tls_client_auth"]
CONFIDENTIAL = ["client_secret_basic"]
OTHER_METHODS = [*CONFIDENTIAL, "none"]
"""What clients may use that are not registered for mutual TLS; those that are need no list."""
AUTH_METHODS = [*MUTUAL_TLS, *OTHER_METHODS]
GRANT_TYPES = ["authorization_code", "client_credentials", "refresh_token"]
SCOPES = ["accounts", "payments"]


class Registration(ClientRegistrationEndpoint):
    """RFC 7591, for those who know the initial access token."""

    def authenticate_token(self, request: Any) -> bool:
        """Tell whether the caller knows it."""
        expected = current_app.config["REGISTRATION_TOKEN"]
        given = request.headers.get("Authorization", "")
        return bool(expected) and hmac.compare_digest(given.encode(), f"Bearer {expected}".encode())

    def extract_client_metadata(self, request: Any) -> dict[str, Any]:
        """Read the registration."""
        if not isinstance(request.payload.data, dict):
            raise InvalidRequestError(description="Send a JSON object.")
        metadata: dict[str, Any] = super().extract_client_metadata(request)
        return metadata

    def get_server_metadata(self) -> dict[str, Any]:
        """Return what a registration may ask for."""
        return {
            "token_endpoint_auth_methods_supported": AUTH_METHODS,
            "grant_types_supported": GRANT_TYPES,
            "response_types_supported": ["code"],
            "scopes_supported": SCOPES,
        }

    def generate_client_info(self, request: Any) -> dict[str, Any]:
        """Make a secret for those alone that may use it."""
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


def checked_metadata(given: Any) -> dict[str, Any]:
    """Return what a registration keeps of these metadata, for a command.

    Raises:
        OAuth2Error: it refuses them.
    """
    request = SimpleNamespace(payload=SimpleNamespace(data=given))  # all that Authlib looks at
    return registration.extract_client_metadata(request)
