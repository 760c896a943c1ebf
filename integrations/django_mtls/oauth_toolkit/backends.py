"""The backend between OAuth Toolkit's views and the Django request.

It is the value of ``OAUTH2_BACKEND_CLASS``.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from django.http import HttpRequest
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError, OAuth2Error, UnauthorizedClientError

from wsgi_mtls.errors import InvalidRequest, MutualTLSError, RefusedClient

from ..refusals import refusal
from ..request import record
from ..wrapped_views import make_view_private
from .client_auth import authenticate_client
from .errors import UNAVAILABLE, is_unavailable
from .hardening import device
from .hardening.queries import check_query
from .moved import OAuthLibCore

CLIENT = "django_mtls.oauth_client"
"""The key, in the headers of oauthlib's request, of the authenticated client; no HTTP header can have it."""
RECORD = "django_mtls.record"
"""The key there of the record of Django's request."""

Answer = tuple[Any, Any, Any, Any]


class MutualTLSOAuthLibCore(OAuthLibCore):  # type: ignore[misc]  # OAuth Toolkit has no types
    """A backend that authenticates clients of mutual TLS before oauthlib reads.

    It hands the clients to the validator.
    """

    def extract_headers(self, request: Any) -> dict[str, Any]:
        """Return the environ, with the request's record and authenticated client."""
        found = record(request)
        headers: dict[str, Any] = super().extract_headers(request)
        headers |= {RECORD: found, CLIENT: found.client}
        return headers

    def create_token_response(self, request: HttpRequest) -> Answer:
        """Answer at the token endpoint."""

        def create(request: HttpRequest) -> Answer:
            if request.POST.get("grant_type") == device.GRANT_TYPE:
                code = request.POST.get("device_code")
                if not code:
                    return _error(InvalidRequestError("Send device_code (RFC 8628 section 3.4)."))
                if not device.is_device_code(code):  # which oauthlib's hook would look up before it knows the client
                    # As for a code that there is, so that a client without this grant does not learn which there are.
                    application = self.authenticated_application(request)
                    may_ask = application is not None and application.allows_grant_type(device.GRANT_TYPE)
                    return _error(InvalidGrantError() if may_ask else UnauthorizedClientError())
            return super(MutualTLSOAuthLibCore, self).create_token_response(request)  # type: ignore[no-any-return]

        return self._answer(request, create)

    def create_revocation_response(self, request: HttpRequest) -> Answer:
        """Answer at the revocation endpoint."""
        return self._answer(request, super().create_revocation_response)

    def create_device_authorization_response(self, request: HttpRequest) -> tuple[Any, Any, Any]:
        """Answer at the device authorization endpoint (RFC 8628)."""

        def create(request: HttpRequest) -> Answer:
            if not request.POST.get("client_id"):
                return _error(InvalidRequestError("Send client_id in the body: OAuth Toolkit looks nowhere else."))
            if (error := device.may_begin(self.authenticated_application(request))) is not None:
                return _error(error)
            return None, *super(MutualTLSOAuthLibCore, self).create_device_authorization_response(request)

        _, headers, body, status = self._answer(request, create)
        return *device.device_answer(headers, body), status

    def authenticate_client(self, request: HttpRequest) -> bool:
        """Return whether a client authenticates at the introspection endpoint."""
        try:
            authenticate_client(request)
        except MutualTLSError:
            return False
        return bool(super().authenticate_client(request))

    def verify_request(self, request: Any, scopes: Any) -> tuple[bool, Any]:
        """Return whether a request may access a resource.

        Raises:
            SuspiciousOperation: If its query can't be decoded, so that Django answers 400.
            APIException: If this is REST framework's request, and another server could not be asked about the token.
        """
        check_query(self._get_escaped_full_path(request))
        make_view_private(request, ["Authorization"])
        valid, found = super().verify_request(request, scopes)
        if not valid and not isinstance(request, HttpRequest) and is_unavailable(found):
            _refuse_in_rest_framework()
        return valid, found

    def authenticated_application(self, request: HttpRequest) -> Any:
        """Return the application that sent a request, or None if it is uncertain."""
        asked = Request(*self._extract_params(request))
        validator = self.server.request_validator
        if validator.client_authentication_required(asked):
            authenticated = validator.authenticate_client(asked)
        else:
            authenticated = validator.authenticate_client_id(asked.client_id, asked)
        return asked.client if authenticated else None

    def _answer(self, request: HttpRequest, create: Callable[[HttpRequest], Answer]) -> Answer:
        """Authenticate the client, then have OAuth Toolkit answer.

        Only an authenticated client learns what else is wrong.
        """
        try:
            if request.META.get("QUERY_STRING"):
                raise InvalidRequest("Send the parameters in the body; this endpoint takes no query.")
            authenticate_client(request)
            url, headers, body, status = create(request)
            if status == 401 or (400 <= status < 500 and self.authenticated_application(request) is None):
                raise RefusedClient(
                    "OAuth Toolkit has not authenticated the client.", reason="auth_method_not_registered"
                )
        except MutualTLSError as error:
            refused = refusal(request, error)
            url, headers, body = None, refused.headers, refused.content.decode() or "{}"
            status = refused.status_code
        if status >= 400:  # OAuth Toolkit forgets them for some errors
            headers = {**_OF_ERRORS, **headers}
        return url, headers, body, status


def _refuse_in_rest_framework() -> NoReturn:
    # Its class for OAuth Toolkit would answer 401 with a challenge, and the token may be good.
    from rest_framework.exceptions import APIException  # which only such a request shows to be installed

    error = APIException(UNAVAILABLE, code=UNAVAILABLE)
    error.status_code = 503
    raise error


_OF_ERRORS = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}


def _error(error: OAuth2Error) -> Answer:
    return None, {}, error.json, error.status_code
