"""Decorators that guard views, sync and async.

A view finds what they accept on the request: ``oauth_client`` and ``bound_token``. Programs have no CSRF
token, and they call a token endpoint and an API: put ``@csrf_exempt`` above ``@client_auth_required`` and
``@bound_token_required``, and never on a view that accepts a browser's certificate alone. A client is not a user: these
two exempt the view from the login by certificate, and from ``LoginRequiredMiddleware``.
"""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, TypeVar, cast, overload

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponseBase

from wsgi_mtls.clients import AUTH_METHODS, AuthMethod
from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.guard_certificates import Authorize
from wsgi_mtls.request.bearer import check_challenge
from wsgi_mtls.responses import token_error_response
from wsgi_mtls.rules.step_up import StepUp

from .caching import check_not_cached_inside, keep_out_of_caches, keep_private
from .conf import mtls_settings
from .login.current_user import EXEMPT
from .oauth import accept_bound_token, accept_certificate, authenticate_client
from .preflight import automatic_answer, is_automatic
from .refusals import as_django, or_page, refusal_or_page
from .request import CLIENT_CERT

View = TypeVar("View", bound=Callable[..., Any])
Check = Callable[[HttpRequest], HttpResponseBase | None]


@overload
def client_auth_required(view: View, /) -> View: ...
@overload
def client_auth_required(*, allowed_methods: Collection[AuthMethod]) -> Callable[[View], View]: ...
def client_auth_required(view: Any = None, /, *, allowed_methods: Collection[AuthMethod] | None = None) -> Any:
    """Accept OAuth clients that authenticate by certificate.

    The view finds the client in ``request.oauth_client``. For an authorization server's endpoints: POST, with
    ``client_id`` in the body. A client that is registered for another method is refused.

    Args:
        view: the view.
        allowed_methods: those of ``MTLS["ALLOWED_METHODS"]`` that this endpoint offers; all of them by default.
    """
    methods = frozenset(AUTH_METHODS if allowed_methods is None else allowed_methods)
    if isinstance(allowed_methods, str) or not (methods and methods <= set(AUTH_METHODS)):
        raise ValueError(f"allowed_methods must be among {', '.join(AUTH_METHODS)}.")

    def check(request: HttpRequest) -> HttpResponseBase | None:
        try:
            client = authenticate_client(request, allowed_methods=methods)
        except MutualTLSError as error:
            return refusal_or_page(request, error, for_programs=True)
        request.oauth_client = client  # type: ignore[attr-defined]  # what the decorator is for
        return None

    return guarded(view, check, mark=for_programs)


@overload
def bound_token_required(view: View, /) -> View: ...
@overload
def bound_token_required(
    *,
    scope: str | None = None,
    required: bool = True,
    also_verified: Collection[str] = (),
    step_up: StepUp | None = None,
) -> Callable[[View], View]: ...
def bound_token_required(
    view: Any = None,
    /,
    *,
    scope: str | None = None,
    required: bool = True,
    also_verified: Collection[str] = (),
    step_up: StepUp | None = None,
) -> Any:
    """Accept requests with an access token that is bound to their certificate.

    The view finds the token in ``request.bound_token``.

    Args:
        view: the view.
        scope: the scopes that the token must have, all of them, separated by spaces.
        required: whether the token must be bound; False also accepts an unbound one; a bound one is always checked.
        also_verified: other confirmation methods (``jkt``, …) that the project has verified itself.
        step_up: what the login of the token's user must have been (RFC 9470).
    """
    if isinstance(also_verified, str):
        raise TypeError('also_verified must be a list of names: ["jkt"].')
    check_challenge(None, scope)
    verified = tuple(also_verified)

    def check(request: HttpRequest) -> HttpResponseBase | None:
        try:
            token = accept_bound_token(request, scope=scope, required=required, also_verified=verified, step_up=step_up)
        except MutualTLSError as error:
            answer = as_django(token_error_response(error, realm=mtls_settings().realm, scope=scope))
            return or_page(request, answer, error, for_programs=True)
        request.bound_token = token  # type: ignore[attr-defined]  # what the decorator is for
        return None

    return guarded(view, check, mark=for_programs, headers=["Authorization"])


@overload
def certificate_required(view: View, /) -> View: ...
@overload
def certificate_required(
    *, optional: bool = False, authorize: Authorize | None = None, allow_cross_site: bool = False
) -> Callable[[View], View]: ...
def certificate_required(
    view: Any = None, /, *, optional: bool = False, authorize: Authorize | None = None, allow_cross_site: bool = False
) -> Any:
    """Accept requests with the certificate of exactly one registered client.

    No OAuth is needed. The view finds the client in ``request.oauth_client``, which is None where none was sought, and
    the certificate in ``request.peer_certificate``.

    Args:
        view: the view.
        optional: whether a request without a certificate is also accepted; one with a bad certificate never is.
        authorize: decides instead of the registered clients: it takes the peer certificate, and returns True to accept
            its holder. It is asked only about a certificate whose chain was validated.
        allow_cross_site: whether pages of other sites may send unsafe methods to a view that Django's CSRF protection
            does not look at.
    """
    if authorize is not None and not callable(authorize):
        raise TypeError("authorize must be a callable that takes the peer certificate.")
    decide = async_to_sync(authorize) if iscoroutinefunction(authorize) else authorize

    def check(request: HttpRequest) -> HttpResponseBase | None:
        try:
            client = accept_certificate(request, optional=optional, authorize=decide, allow_cross_site=allow_cross_site)
        except MutualTLSError as error:
            return refusal_or_page(request, error, oauth=False)
        request.oauth_client = client  # type: ignore[attr-defined]  # what the decorator is for
        return None

    return guarded(view, check)


def certificate_login_exempt(view: View) -> View:
    """Exempt a view, as a health check, from the login by certificate.

    ``request.user`` is anonymous there, and a session that belongs to a certificate is hidden; others are as they are.
    """
    _check_function(view)

    @wraps(view)
    def exempted(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    @wraps(view)
    async def aexempted(*args: Any, **kwargs: Any) -> Any:
        return await view(*args, **kwargs)

    wrapper = aexempted if iscoroutinefunction(view) else exempted
    setattr(wrapper, EXEMPT, True)
    return cast("View", wrapper)


def for_programs(view: View) -> View:
    """Mark a view for programs, where no user logs in.

    A certificate of no user is not a failed login there.
    """
    setattr(view, EXEMPT, True)
    view.login_required = False  # type: ignore[attr-defined]  # as django.contrib.auth's login_not_required does
    return view


def guarded(
    view: Any, check: Check, *, mark: Callable[[Any], Any] | None = None, headers: Collection[str] = (CLIENT_CERT,)
) -> Any:
    """Run a check before a view, and make what it answers private.

    Args:
        view: the view; None where the decorator got options only.
        check: returns the answer to a request that is refused, or None.
        mark: marks the decorated view.
        headers: on which a page must vary that ``cache_page`` keeps inside of the decorator.
    """

    def decorate(view: Any) -> Any:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.method == "OPTIONS" and is_automatic(getattr(view, "view_class", None), request):
                return automatic_answer(view, request)
            keep_out_of_caches(request)
            refused = check(request)
            if refused is not None:
                return keep_private(request, refused)
            return finish(request, view(request, *args, **kwargs))

        @wraps(view)
        async def achecked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.method == "OPTIONS" and is_automatic(getattr(view, "view_class", None), request):
                return await automatic_answer(view, request)
            keep_out_of_caches(request)
            refused = await sync_to_async(check)(request)
            if refused is not None:
                return keep_private(request, refused)
            return finish(request, await view(request, *args, **kwargs))

        _check_function(view)
        made = achecked if iscoroutinefunction(view) else checked
        return made if mark is None else mark(made)

    def finish(request: HttpRequest, response: Any) -> Any:
        check_not_cached_inside(request, response, headers)
        return keep_private(request, response)

    return decorate if view is None else decorate(view)


def _check_function(view: Any) -> None:
    if isinstance(view, type) or not callable(view):
        raise TypeError("These decorators go on a function: on what as_view() returns, or use the mixin of the class.")
