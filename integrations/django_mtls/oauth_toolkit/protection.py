"""Resources of OAuth Toolkit whose refusals are answered as RFC 6750 says: a decorator and a mixin.

OAuth Toolkit's own answer a bare 403; its decorators refuse bound tokens altogether, since they look at no certificate.
"""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from oauth2_provider.oauth2_backends import get_oauthlib_core
from oauth2_provider.settings import oauth2_settings

from wsgi_mtls.access_token import token_error_response
from wsgi_mtls.errors import InsufficientScope, InvalidToken, MissingToken, MutualTLSError

from ..conf import mtls_settings
from ..refusals import as_django

View = Callable[..., HttpResponseBase]


def protected_resource(scopes: Collection[str] = ()) -> Callable[[View], View]:
    """Let requests in whose access token is valid, with their certificate: ``request.resource_owner``.

    Args:
        scopes: those that the token must have, all of them.
    """
    return _protected(lambda request: list(scopes))


def rw_protected_resource(scopes: Collection[str] = ()) -> Callable[[View], View]:
    """Let requests in as :func:`protected_resource`; safe methods need the scope for reading, others for writing."""

    def needed(request: HttpRequest) -> list[str]:
        safe = request.method in ("GET", "HEAD", "OPTIONS")
        return [*scopes, oauth2_settings.READ_SCOPE if safe else oauth2_settings.WRITE_SCOPE]

    return _protected(needed)


class ChallengeMixin:
    """Before OAuth Toolkit's ``ProtectedResourceView`` and its like: their refusals, as RFC 6750 says."""

    def dispatch(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        """Serve one request."""
        self._refused: Any = None
        response: HttpResponseBase = super().dispatch(request, *args, **options)  # type: ignore[misc]
        return response if self._refused is None else challenge_response(self._refused)

    def verify_request(self, request: HttpRequest) -> tuple[bool, Any]:
        """Verify as OAuth Toolkit does, and keep what was refused."""
        valid, found = super().verify_request(request)  # type: ignore[misc]
        self._refused = None if valid else _error(request, found)
        return valid, found


def challenge_response(error: MutualTLSError) -> HttpResponseBase:
    """Make the answer to a request whose access token is refused."""
    return as_django(token_error_response(error, realm=mtls_settings().realm))


def _protected(needed: Callable[[HttpRequest], list[str]]) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def protected(request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
            valid, found = get_oauthlib_core().verify_request(request, scopes=needed(request))
            if not valid:
                return challenge_response(_error(request, found))
            request.resource_owner = found.user  # type: ignore[attr-defined]  # what the decorator is for
            return view(request, *args, **options)

        return protected

    return decorate


def _error(request: HttpRequest, found: Any) -> MutualTLSError:
    told = getattr(found, "oauth2_error", None) or {}
    if told.get("error") == "insufficient_scope":
        return InsufficientScope("The token does not cover what this resource needs.")
    if "HTTP_AUTHORIZATION" not in request.META and not told.get("error"):
        return MissingToken("No bearer token came.")
    return InvalidToken("OAuth Toolkit refused the token.")
