"""The decorators: on a view, a blueprint's ``before_request`` function, a ``MethodView`` or one of its methods."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, TypeVar, overload

from flask import current_app

from wsgi_mtls.bearer import check_challenge
from wsgi_mtls.certificate_auth import Authorize
from wsgi_mtls.clients import AUTH_METHODS, AuthMethod

from . import checks

View = TypeVar("View", bound=Callable[..., Any])
MARK = "__mtls__"  # the attribute of a decorated view that names our decorators on it


@overload
def client_auth_required(view: View, /) -> View: ...
@overload
def client_auth_required(*, allowed_methods: Collection[AuthMethod] = ...) -> Callable[[View], View]: ...
def client_auth_required(view: Any = None, /, *, allowed_methods: Collection[AuthMethod] = AUTH_METHODS) -> Any:
    """Let only OAuth clients in that their certificate authenticates (RFC 8705 section 2): ``current_client``.

    For an authorization server's endpoints: POST, with ``client_id`` in the body. ``allowed_methods`` are those of the
    app's methods that this endpoint offers. For clients of other methods beside these, see :mod:`flask_mtls.authlib`.
    """
    if isinstance(allowed_methods, str) or not allowed_methods or not set(allowed_methods) <= set(AUTH_METHODS):
        raise ValueError(f"allowed_methods must be among {', '.join(AUTH_METHODS)}.")
    return _decorator("client_auth_required", view, lambda: checks.authenticate_client(allowed_methods))


@overload
def bound_token_required(view: View, /) -> View: ...
@overload
def bound_token_required(
    *, scope: str | None = ..., required: bool = ..., also_verified: Collection[str] = ...
) -> Callable[[View], View]: ...
def bound_token_required(
    view: Any = None, /, *, scope: str | None = None, required: bool = True, also_verified: Collection[str] = ()
) -> Any:
    """Let only requests in whose access token is bound to their certificate (RFC 8705 section 3): ``bound_token``.

    ``scope`` is what it must cover, separated by spaces. With ``required=False`` an unbound token passes too, a bound
    one never unchecked. ``also_verified`` names confirmation methods (``jkt``, …) that the app has verified itself.
    """
    check_challenge(None, scope)
    if isinstance(also_verified, str):
        raise TypeError('also_verified must be a list of names: ["jkt"].')
    return _decorator("bound_token_required", view, lambda: checks.accept_bound_token(scope, required, also_verified))


@overload
def certificate_required(view: View, /) -> View: ...
@overload
def certificate_required(
    *, optional: bool = ..., authorize: Authorize | None = ..., allow_cross_site: bool = ...
) -> Callable[[View], View]: ...
def certificate_required(
    view: Any = None, /, *, optional: bool = False, authorize: Authorize | None = None, allow_cross_site: bool = False
) -> Any:
    """Let only requests in that come with a certificate in order: plain mutual TLS, without OAuth.

    With ``authorize``, those for whose certificate it returns True; it is asked only about a validated chain. Without,
    the registered client that the certificate authenticates (``current_client``), or everyone with a validated chain
    where no clients are configured. ``optional`` lets requests without a certificate in too. Unsafe methods from other
    sites' pages are refused unless ``allow_cross_site``, since a browser sends a certificate unasked.
    """
    if authorize is not None and not callable(authorize):
        raise TypeError("authorize must be a callable that takes the peer certificate.")
    return _decorator(
        "certificate_required", view, lambda: checks.accept_certificate(optional, authorize, allow_cross_site)
    )


def _decorator(name: str, view: Callable[..., Any] | None, check: Callable[[], None]) -> Any:
    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        if isinstance(view, type) or not callable(view):
            raise TypeError(f"@{name} goes on a function; a MethodView lists it in its decorators.")

        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            check()
            return current_app.ensure_sync(view)(*args, **kwargs)

        setattr(checked, MARK, (name, *getattr(view, MARK, ())))
        return checked

    return decorate if view is None else decorate(view)
