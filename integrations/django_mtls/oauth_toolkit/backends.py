"""``OAUTH2_BACKEND_CLASS``: what OAuth Toolkit's views ask, on the side of the Django request."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from oauth2_provider.oauth2_backends import OAuthLibCore

from wsgi_mtls.errors import InvalidRequest, MutualTLSError

from ..refusals import refusal
from .client_auth import authenticate_client, authenticated_client

CLIENT = "django_mtls.oauth_client"
"""The key, in the headers of oauthlib's request, of the authenticated client; no HTTP header can have it."""


class MutualTLSOAuthLibCore(OAuthLibCore):  # type: ignore[misc]  # OAuth Toolkit has no types
    """Authenticates clients of mutual TLS before oauthlib reads a request, and hands them to the validator."""

    def extract_headers(self, request: Any) -> dict[str, Any]:
        """Return the environ, and the client that was authenticated."""
        headers: dict[str, Any] = super().extract_headers(request)
        headers[CLIENT] = authenticated_client(getattr(request, "_request", request))
        return headers

    def create_token_response(self, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Answer at the token endpoint."""
        return _answer(request, super().create_token_response)

    def create_revocation_response(self, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Answer at the revocation endpoint."""
        return _answer(request, super().create_revocation_response)

    def create_device_authorization_response(self, request: HttpRequest) -> tuple[Any, Any, Any]:
        """Answer at the device authorization endpoint (RFC 8628)."""

        def create(request: HttpRequest) -> tuple[Any, Any, Any, Any]:
            return None, *super(MutualTLSOAuthLibCore, self).create_device_authorization_response(request)

        _, headers, body, status = _answer(request, create)
        # The view gives them to a JsonResponse, which has this one.
        return {name: value for name, value in headers.items() if name != "Content-Type"}, body, status

    def authenticate_client(self, request: HttpRequest) -> bool:
        """Tell whether a client authenticates at the introspection endpoint."""
        try:
            authenticate_client(request)
        except MutualTLSError:
            return False
        return bool(super().authenticate_client(request))

    def verify_request(self, request: Any, scopes: Any) -> tuple[bool, Any]:
        """Tell whether a request may access a resource.

        Raises:
            SuspiciousOperation: its query can't be decoded, so that Django answers 400.
        """
        try:
            valid, found = super().verify_request(request, scopes)
        except ValueError as error:  # oauthlib's, for what is no query
            raise SuspiciousOperation(str(error)) from error
        return valid, found


def _answer(request: HttpRequest, create: Callable[[HttpRequest], Any]) -> tuple[Any, Any, Any, Any]:
    try:
        if request.META.get("QUERY_STRING"):
            raise InvalidRequest("Send the parameters in the body; this endpoint takes no query.")
        authenticate_client(request)
    except MutualTLSError as error:
        refused = refusal(request, error)
        headers = {**refused.headers, "Content-Type": "application/json"}
        return None, headers, refused.content.decode() or "{}", refused.status_code
    url, headers, body, status = create(request)
    if status == 401 and "HTTP_AUTHORIZATION" not in request.META:
        # oauthlib offers Bearer, which authenticates no client.
        headers = {name: value for name, value in headers.items() if name != "WWW-Authenticate"}
    return url, headers, body, status
