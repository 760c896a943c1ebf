"""Who is logged in for one request, and what becomes of the session."""

from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY, login, logout
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from .authentication import authenticate_certificate
from .caching import drop_client_cert, tell_apart
from .conf import mtls_settings
from .peer import mark_private, request_peer
from .sessions import THUMBPRINT, belongs_to_a_certificate, own_session, thumbprint

EXEMPT = "certificate_login_exempt"
"""The attribute of an exempted view."""


def set_user(request: HttpRequest) -> None:
    """Set ``request.user`` and ``request.auser`` from the certificate; without one they stay as they are.

    Raises:
        MutualTLSError: what the terminator delivered is no certificate.
    """
    if not hasattr(request, "user"):
        raise ImproperlyConfigured(
            "Put django.contrib.auth.middleware.AuthenticationMiddleware before ClientCertificateLoginMiddleware."
        )
    if _is_exempt(request):
        drop_client_cert(request)
        request.__dict__["_mtls_exempt"] = True
        _show(request, AnonymousUser())
        return
    session = request.session
    bound = belongs_to_a_certificate(session)
    try:
        peer = request_peer(request)
    except Exception:
        drop_client_cert(request)
        _log_out_if(request, bound)
        raise
    tell_apart(request, peer)
    _log_out_if(request, bound and session.get(THUMBPRINT) != thumbprint(peer))
    user: Any = authenticate_certificate(request, peer) if peer is not None else None
    if user is None:
        # The certificate is the one that the session belongs to, and is not accepted any more.
        _log_out_if(request, belongs_to_a_certificate(session))
        return
    _log_out_if(request, session.get(SESSION_KEY, _pk(user)) != _pk(user))
    if mtls_settings().use_session and not (
        THUMBPRINT in session and session.get(BACKEND_SESSION_KEY) == user.backend and SESSION_KEY in session
    ):
        login(request, user)
    own_session(request, thumbprint(peer))
    _show(request, user)


def is_exempt(request: HttpRequest) -> bool:
    """Tell whether :func:`set_user` kept away from the request, for its view is exempted."""
    return "_mtls_exempt" in request.__dict__


def _log_out_if(request: HttpRequest, condition: bool) -> None:
    if condition:
        mark_private(request)
        logout(request)
        _show(request, AnonymousUser())


def _show(request: HttpRequest, user: Any) -> None:
    async def auser() -> Any:
        return request.user  # which logout() and login() change

    request.user = user
    request.auser = auser


def _is_exempt(request: HttpRequest) -> bool:
    try:
        match = resolve(request.path_info, getattr(request, "urlconf", None))
    except Resolver404:
        return False
    return bool(getattr(match.func, EXEMPT, False))


def _pk(user: Any) -> str:
    return str(user._meta.pk.value_to_string(user))
