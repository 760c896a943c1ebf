"""Who is logged in for one request, and what becomes of the session."""

from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY, authenticate, login, logout
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from wsgi_mtls.certificate import PeerCertificate

from .conf import mtls_settings
from .peer import request_peer

EXEMPT = "certificate_login_exempt"
"""The attribute of an exempted view."""

THUMBPRINT = "_mtls_thumbprint"
"""The session's key of the certificate that it belongs to. Any other, or none, flushes it."""


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
        _show(request, AnonymousUser())
        return
    session = request.session
    try:
        peer = request_peer(request)
    except Exception:
        _log_out_if(request, THUMBPRINT in session)
        raise
    _log_out_if(request, THUMBPRINT in session and session[THUMBPRINT] != _thumbprint(peer))
    user: Any = authenticate(request, peer_certificate=peer) if peer is not None else None
    if user is None:
        # The certificate is the one that the session belongs to, and is not accepted any more.
        _log_out_if(request, THUMBPRINT in session)
        return
    _log_out_if(request, session.get(SESSION_KEY, _pk(user)) != _pk(user))
    if mtls_settings().use_session and not (
        THUMBPRINT in session and session.get(BACKEND_SESSION_KEY) == user.backend and SESSION_KEY in session
    ):
        login(request, user)
    request.__dict__["_mtls_thumbprint"] = _thumbprint(peer)
    _show(request, user)


def own_session(request: HttpRequest) -> None:
    """Give what a view put into the session to the certificate that the user came with."""
    thumbprint = request.__dict__.get("_mtls_thumbprint")
    if thumbprint is not None and request.session.modified and not request.session.is_empty():
        request.session[THUMBPRINT] = thumbprint


def remember_certificate(request: HttpRequest) -> None:
    """Bind a session that was just logged in to by certificate to that certificate."""
    peer = request_peer(request)
    request.session[THUMBPRINT] = _thumbprint(peer)


def _log_out_if(request: HttpRequest, condition: bool) -> None:
    if condition:
        logout(request)
        _show(request, AnonymousUser())


def _show(request: HttpRequest, user: Any) -> None:
    async def auser() -> Any:
        return user

    request.user = user
    request.auser = auser


def _is_exempt(request: HttpRequest) -> bool:
    try:
        match = resolve(request.path_info, getattr(request, "urlconf", None))
    except Resolver404:
        return False
    return bool(getattr(match.func, EXEMPT, False))


def _thumbprint(peer: object) -> str | None:
    return peer.certificate.thumbprint if isinstance(peer, PeerCertificate) else None


def _pk(user: Any) -> str:
    return str(user._meta.pk.value_to_string(user))
