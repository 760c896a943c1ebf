"""The user who is logged in for one request, and the session."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY, login, logout
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject

from ..caching import keep_out_of_caches, mark_private
from ..conf import mtls_settings
from ..request import record, thumbprint
from .authentication import authenticate_certificate
from .sessions import THUMBPRINT, belongs_to_a_certificate, own_session, user_of

EXEMPT = "certificate_login_exempt"
"""The attribute of an exempt view."""


@dataclass(slots=True)
class Login:
    """A user who is logged in by certificate for one request.

    Attributes:
        user: the user.
        owner: the thumbprint of the certificate, to which the session belongs from now on.
        looked_at: whether a view, or middleware, has looked at the user.
    """

    user: Any
    owner: str
    looked_at: bool = False

    def show(self, request: HttpRequest) -> None:
        """Set ``request.user``, and note when something looks at it."""
        _show(request, SimpleLazyObject(partial(self._look, request)))

    def _look(self, request: HttpRequest) -> Any:
        self.looked_at = True
        keep_out_of_caches(request)  # those around the view that looks
        return self.user


def set_user(request: HttpRequest) -> Login | None:
    """Set ``request.user`` and ``request.auser`` from the certificate, if one came.

    Returns:
        The login; None if the certificate logs in no user.

    Raises:
        MutualTLSError: If what the terminator delivered cannot be used as a certificate, or if no memory, connection or
            database was left to look the user up.
        ImproperlyConfigured: If no ``AuthenticationMiddleware`` precedes it.
    """
    if not hasattr(request, "user"):
        raise ImproperlyConfigured(
            "Put django.contrib.auth.middleware.AuthenticationMiddleware before ClientCertificateLoginMiddleware."
        )
    if _is_exempt(request):
        _show(request, AnonymousUser())
        return None
    session = request.session
    accessed = session.accessed
    try:
        return _log_in(request)
    finally:
        # Only what the view reads makes the answer vary on the cookie, and what was ended or changed here.
        if not session.modified:
            session.accessed = accessed


def _log_in(request: HttpRequest) -> Login | None:
    session, found = request.session, record(request)
    owner = thumbprint(found.peer)
    if belongs_to_a_certificate(session) and (owner is None or session.get(THUMBPRINT) != owner):
        _log_out(request)
    if found.refusal is not None:
        raise found.refusal.with_traceback(None)
    user: Any = authenticate_certificate(request, found.peer) if found.peer is not None else None
    if user is None or owner is None:
        # The certificate is the one that the session belongs to, and is not accepted any more.
        if belongs_to_a_certificate(session):
            _log_out(request)
        return None
    if session.get(SESSION_KEY, _pk(user)) != _pk(user):
        _log_out(request)
    if mtls_settings().use_session and not (
        THUMBPRINT in session and session.get(BACKEND_SESSION_KEY) == user.backend and SESSION_KEY in session
    ):
        login(request, user)
    own_session(session, owner)
    made = Login(user, owner)
    made.show(request)
    return made


def _log_out(request: HttpRequest) -> None:
    mark_private(request)
    user = user_of(request.session)
    if user is not None:  # the backend's get_user does not return it, and Django's signal names it
        _show(request, user)
    logout(request)
    _show(request, AnonymousUser())


def _show(request: HttpRequest, user: Any) -> None:
    request.user = user
    request.auser = partial(_auser, request)


async def _auser(request: HttpRequest) -> Any:
    user = request.user  # which logout() and login() change
    user.is_authenticated  # noqa: B018  # this is a look
    return user


def _is_exempt(request: HttpRequest) -> bool:
    try:
        match = resolve(request.path_info, getattr(request, "urlconf", None))
    except Resolver404:
        return False
    return bool(getattr(match.func, EXEMPT, False))


def _pk(user: Any) -> str:
    return str(user._meta.pk.value_to_string(user))
