"""The decorators that guard views.

They go on a view, a blueprint's ``before_request`` function, a ``MethodView`` or one of its methods. Write each below
the route, ``@app.post(…)``: above it, it guards nothing that Flask serves. ``flask mtls check`` lists what is guarded,
and fails where a decorator is above its route.
"""

from collections.abc import Callable, Collection
from functools import partial, wraps
from typing import Any, TypeVar, overload

from flask import after_this_request, current_app, request
from werkzeug.wrappers import Response

from wsgi_mtls import MutualTLSError
from wsgi_mtls.clients import AUTH_METHODS, AuthMethod
from wsgi_mtls.guard_certificates import Authorize
from wsgi_mtls.options import check_allowed_methods
from wsgi_mtls.request.bearer import check_challenge
from wsgi_mtls.request.preflight import is_preflight, without_content
from wsgi_mtls.request.wsgi import view_of
from wsgi_mtls.responses import token_error_response
from wsgi_mtls.rules.step_up import StepUp

from .marks import mark
from .refusals import refuse
from .settings import NOT_SEARCHABLE, current_state

View = TypeVar("View", bound=Callable[..., Any])


@overload
def client_auth_required(view: View, /) -> View: ...
@overload
def client_auth_required(*, allowed_methods: Collection[AuthMethod] = ...) -> Callable[[View], View]: ...
def client_auth_required(view: Any = None, /, *, allowed_methods: Collection[AuthMethod] = AUTH_METHODS) -> Any:
    """Accept only OAuth clients that authenticate by certificate: ``current_client``.

    For an authorization server's endpoints: POST, with ``client_id`` in the body. ``allowed_methods`` are those of the
    app's methods that this endpoint offers. For clients of other methods, see :mod:`flask_mtls.authlib`.
    """
    check_allowed_methods(allowed_methods)
    return _decorator("client_auth_required", view, partial(_authenticate_client, allowed_methods))


@overload
def bound_token_required(view: View, /) -> View: ...
@overload
def bound_token_required(
    *, scope: str | None = ..., required: bool = ..., also_verified: Collection[str] = ..., step_up: StepUp | None = ...
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
    """Accept only requests with a token bound to their certificate: ``bound_token``.

    ``scope`` is what it must cover, separated by spaces. With ``required=False`` an unbound token is also accepted; a
    bound one is always checked. ``also_verified`` names confirmation methods (``jkt``, …) that the app has
    verified itself. ``step_up`` is what the login of the token's user must have been (RFC 9470).
    """
    check_challenge(None, scope)
    if isinstance(also_verified, str):
        raise TypeError('also_verified must be a list of names: ["jkt"].')
    options = {"required": required, "also_verified": also_verified, "step_up": step_up}
    return _decorator("bound_token_required", view, partial(_accept_token, scope, **options))


@overload
def certificate_required(view: View, /) -> View: ...
@overload
def certificate_required(
    *, optional: bool = ..., authorize: Authorize | None = ..., allow_cross_site: bool = ...
) -> Callable[[View], View]: ...
def certificate_required(
    view: Any = None, /, *, optional: bool = False, authorize: Authorize | None = None, allow_cross_site: bool = False
) -> Any:
    """Accept only requests with a valid certificate: plain mutual TLS, without OAuth.

    With ``authorize``, accept those for which it returns True; it is called only with a validated chain. Without,
    accept the registered client that the certificate authenticates (``current_client``), or all with a validated chain
    where no clients are configured. ``optional`` also accepts requests without a certificate. Unsafe methods from other
    sites' pages are refused unless ``allow_cross_site``, since a browser sends a certificate unasked.
    """
    if authorize is not None and not callable(authorize):
        raise TypeError("authorize must be a callable that takes the peer certificate.")
    name = "certificate_required(authorize=…)" if authorize else "certificate_required"
    return _decorator(
        name, view, partial(_accept_certificate, authorize, optional=optional, allow_cross_site=allow_cross_site)
    )


def _decorator(name: str, view: Callable[..., Any] | None, check: Callable[[], None]) -> Any:
    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        if isinstance(view, type) or not callable(view):
            raise TypeError(f"@{name} goes on a function; a MethodView lists it in its decorators.")

        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if request.method == "OPTIONS" and _is_automatic_preflight():
                after_this_request(without_content)
                return None  # from before_request: Flask answers, and no view runs
            check()
            return current_app.ensure_sync(view)(*args, **kwargs)

        mark(checked, view, name)
        return checked

    return decorate if view is None else decorate(view)


def _is_automatic_preflight() -> bool:
    """Return whether Flask answers this CORS preflight, before any view.

    The settings must also allow it.
    """
    rule = request.url_rule
    return (
        getattr(rule, "provide_automatic_options", False) is True  # as Flask looks at it
        and is_preflight(request.environ)
        and current_state().settings.preflight
    )


def _authenticate_client(allowed_methods: Collection[AuthMethod]) -> None:
    guard = current_state().guard
    if guard.verifier is None:
        raise RuntimeError("client_auth_required needs clients: set MTLS_CLIENTS, or give MutualTLS clients=….")
    after_this_request(_not_stored)
    try:
        guard.authenticate_client(view_of(request.environ, guard), allowed_methods=allowed_methods)
    except MutualTLSError as error:
        refuse(error)


def _not_stored(response: Response) -> Response:
    """Make the answer uncacheable: a token endpoint's must be (RFC 6749 section 5.1)."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _accept_certificate(authorize: Authorize | None, **options: bool) -> None:
    guard = current_state().guard
    if authorize is None and guard.verifier is not None and not guard.verifier.finds_holders:
        raise RuntimeError(NOT_SEARCHABLE)
    decide = current_app.ensure_sync(authorize) if authorize else None
    try:
        guard.accept_certificate(view_of(request.environ, guard), authorize=decide, **options)
    except MutualTLSError as error:
        refuse(error, for_programs=False)


def _accept_token(scope: str | None, **options: Any) -> None:
    state = current_state()
    if state.guard.tokens is None:
        raise RuntimeError("bound_token_required needs MTLS_TOKENS, or MutualTLS tokens=…: what decodes a token.")
    try:
        state.guard.accept_token(view_of(request.environ, state.guard), scope=scope, **options)
    except MutualTLSError as error:
        refuse(error, token_error_response(error, realm=state.settings.realm, scope=scope))
