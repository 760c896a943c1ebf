"""Resources of OAuth Toolkit with refusals by RFC 6750, sync and async.

A decorator and a mixin guard them. OAuth Toolkit's own answer a bare 403; its decorators refuse bound tokens
altogether, since they look at no certificate. No user logs in by certificate to these resources: the token names their
owner.
"""

from collections.abc import Callable, Collection, Iterable
from inspect import isawaitable
from typing import Any, TypeVar, cast

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseBase
from oauth2_provider.settings import oauth2_settings

from wsgi_mtls.errors import InvalidToken, MutualTLSError
from wsgi_mtls.request.bearer import bearer_token, check_challenge
from wsgi_mtls.responses import token_error_response

from ..caching import check_not_cached_inside, keep_private
from ..conf import mtls_settings
from ..decorators import for_programs, guarded
from ..mixins import ForProgramsMixin
from ..refusals import as_django
from .errors import is_unavailable, oauth_error
from .moved import get_oauthlib_core

View = TypeVar("View", bound=Callable[..., Any])


def protected_resource(scopes: Collection[str] = ()) -> Callable[[View], View]:
    """Accept requests with an access token that is valid with their certificate.

    Args:
        scopes: those that the token must have, all of them.
    """
    check_challenge(None, _told(scopes))
    return _protected(lambda request: list(scopes))


def rw_protected_resource(scopes: Collection[str] = ()) -> Callable[[View], View]:
    """Accept requests as :func:`protected_resource`, with a read or write scope."""
    check_challenge(None, _told(scopes))

    def needed(request: HttpRequest) -> list[str]:
        safe = request.method in ("GET", "HEAD", "OPTIONS")
        return [*scopes, oauth2_settings.READ_SCOPE if safe else oauth2_settings.WRITE_SCOPE]

    return _protected(needed)


class ChallengeMixin(ForProgramsMixin):
    """A mixin for OAuth Toolkit's resources, with refusals as RFC 6750 requires.

    It comes before ``ProtectedResourceView`` or a similar view.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        """Serve one request; Django awaits what a view with async handlers returns."""
        self._refused: HttpResponseBase | None = None
        if getattr(self, "view_is_async", False):
            return self._adispatch(request, *args, **options)
        response: HttpResponseBase = super().dispatch(request, *args, **options)  # type: ignore[misc]
        return self._answer(request, response)

    async def _adispatch(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        # OAuth Toolkit verifies in a thread, since it asks the database; the handler runs here.
        response = await sync_to_async(super().dispatch)(request, *args, **options)  # type: ignore[misc]
        if isawaitable(response):
            response = await response
        return self._answer(request, cast("HttpResponseBase", response))

    def _answer(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if self._refused is not None:
            return keep_private(request, self._refused)
        check_not_cached_inside(request, response, ["Authorization"])
        return keep_private(request, response)

    def verify_request(self, request: HttpRequest) -> tuple[bool, Any]:
        """Verify as OAuth Toolkit does, and keep the answer to what was refused."""
        valid, found = super().verify_request(request)  # type: ignore[misc]
        if not valid:
            scopes = self.get_scopes()  # type: ignore[attr-defined]  # a view follows the mixin
            self._refused = challenge_response(token_error(request, found), scopes)
        return valid, found


def challenge_response(error: MutualTLSError, scopes: Iterable[str] = ()) -> HttpResponseBase:
    """Make the answer to a request with a refused access token.

    Args:
        error: why.
        scopes: what a token needs; included if none came, or one that covers too little.
    """
    return as_django(token_error_response(error, realm=mtls_settings().realm, scope=_told(scopes)))


def token_error(request: HttpRequest, found: Any) -> MutualTLSError:
    """Return why OAuth Toolkit has refused a request.

    Args:
        request: the request.
        found: what ``verify_request`` returned together with False.
    """
    told = oauth_error(found)
    if told == "insufficient_scope":
        return InvalidToken("The token does not cover what this resource needs.", reason="insufficient_scope")
    if is_unavailable(found):
        return InvalidToken("Another server could not be asked about the token.", reason="tokens_unavailable")
    if not told:
        try:
            bearer_token(request.META)
        except MutualTLSError as error:  # none came, or more than one, or none that can be read
            return error
    return InvalidToken("OAuth Toolkit refused the token.")


def _protected(needed: Callable[[HttpRequest], list[str]]) -> Callable[[View], View]:
    def check(request: HttpRequest) -> HttpResponseBase | None:
        scopes = needed(request)
        valid, found = get_oauthlib_core().verify_request(request, scopes=scopes)
        if not valid:
            return challenge_response(token_error(request, found), scopes)
        request.resource_owner = found.user  # type: ignore[attr-defined]  # what the decorator is for
        return None

    def decorate(view: View) -> View:
        return cast("View", guarded(view, check, mark=for_programs, headers=["Authorization"]))

    return decorate


def _told(scopes: Iterable[str]) -> str | None:
    return " ".join(scopes) or None
