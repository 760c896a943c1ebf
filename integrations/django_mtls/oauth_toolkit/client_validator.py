"""The validator's first part: who a client is."""

from typing import Any

from oauthlib.common import Request

from .confirmations import find_access_token, find_refresh_token
from .hardening.device import GRANT_TYPE
from .oauthlib_requests import authenticated_by_certificate, secret_of
from .registrations import is_for_mutual_tls


class ClientValidatorMixin:
    """Authenticates clients of mutual TLS by certificate alone, and nobody by a blank secret."""

    def client_authentication_required(self, request: Any, *args: Any, **options: Any) -> bool:
        """Tell whether the client must be authenticated; one of mutual TLS always must."""
        if authenticated_by_certificate(request) is not None:
            return True
        required: bool = super().client_authentication_required(request, *args, **options)  # type: ignore[misc]
        return required or is_for_mutual_tls(request.client)

    def authenticate_client(self, request: Any, *args: Any, **options: Any) -> bool:
        """Tell whether the client is authenticated: one of mutual TLS by its certificate and by nothing else."""
        client = authenticated_by_certificate(request)
        if client is None:
            authenticated: bool = super().authenticate_client(request, *args, **options)  # type: ignore[misc]
            # Only a project without our backend class gets here with such a client.
            return authenticated and not is_for_mutual_tls(request.client)
        request.client = None
        application = self._load_application(client.client_id, request)
        return application is not None and application.client_id == client.client_id

    def authenticate_client_id(self, client_id: str, request: Any, *args: Any, **options: Any) -> bool:
        """Tell whether a client may come without authentication; one of mutual TLS never may."""
        public: bool = super().authenticate_client_id(client_id, request, *args, **options)  # type: ignore[misc]
        return public and not is_for_mutual_tls(request.client)

    def _authenticate_basic_auth(self, request: Any) -> bool:
        if isinstance(request, Request):
            request.encoding = "utf-8"  # or OAuth Toolkit takes the codec's name from a parameter "encoding"
        basic = self._extract_basic_auth(request) or ""  # type: ignore[attr-defined]
        if not basic.isascii():
            return False  # OAuth Toolkit's decoder raises an error for it
        authenticated: bool = super()._authenticate_basic_auth(request)  # type: ignore[misc]
        return authenticated and _may_come(request, secret_of(basic))

    def _authenticate_request_body(self, request: Any) -> bool:
        authenticated: bool = super()._authenticate_request_body(request)  # type: ignore[misc]
        return authenticated and _may_come(request, getattr(request, "client_secret", None))

    def _load_application(self, client_id: str, request: Any) -> Any:
        if "\0" in (client_id or ""):
            return None  # no client has it, and PostgreSQL's drivers raise an error for it
        return super()._load_application(client_id, request)  # type: ignore[misc]

    def revoke_token(self, token: str, token_type_hint: str | None, request: Any, *args: Any, **options: Any) -> None:
        """Revoke a token of this client's; OAuth Toolkit before 3.4 revokes those of others too (RFC 7009, 2.1)."""
        rows = [row for row in (find_access_token(token), find_refresh_token(token)) if row is not None]
        client = getattr(request.client, "pk", None)
        if not rows or any(row.application_id == client for row in rows):
            super().revoke_token(token, token_type_hint, request, *args, **options)  # type: ignore[misc]


def _may_come(request: Any, secret: Any) -> bool:
    """Reject a blank secret, though it may be stored (RFC 6749 section 2.3.1).

    OAuth Toolkit lets a public client through here with the device grant: it has none, and only names itself.
    """
    return bool(secret) or (request.client.client_type == "public" and request.grant_type == GRANT_TYPE)
