"""The owner of a session.

What is stored while a certificate logs a user in belongs to that certificate.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY, get_user_model, load_backend
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseBase

from ..backends import ClientCertificateBackend
from ..request import record, thumbprint

THUMBPRINT = "_mtls_thumbprint"
"""The session's key of the certificate that it belongs to. Any other, or none, flushes it."""
_PAST = "Thu, 01 Jan 1970 00:00:00 GMT"


def belongs_to_a_certificate(session: SessionBase) -> bool:
    """Return whether a session has a thumbprint, or our backend logged in to it."""
    return THUMBPRINT in session or logged_in_by_certificate(session)


def logged_in_by_certificate(session: "SessionBase | Mapping[str, Any]") -> bool:
    """Return whether our backend logged in to a session, whatever called ``login``."""
    path: Any = session.get(BACKEND_SESSION_KEY)
    return path in settings.AUTHENTICATION_BACKENDS and isinstance(load_backend(path), ClientCertificateBackend)


def user_of(session: SessionBase) -> Any:
    """Return the user of a session by our backend, or None.

    Use it only to name the user who is logged out.
    """
    if not logged_in_by_certificate(session):
        return None
    model: Any = get_user_model()
    return model._default_manager.filter(pk=model._meta.pk.to_python(session[SESSION_KEY])).first()


def remember_certificate(request: HttpRequest) -> None:
    """Bind a session to the certificate that has just logged in to it."""
    request.session[THUMBPRINT] = thumbprint(record(request).peer)


def own_session(session: SessionBase, owner: str) -> None:
    """Make a session belong to a certificate.

    Middleware outside of ours (messages, CSRF tokens) writes to the session after the view, so the thumbprint is there
    from the start. By itself it is not a reason to save the session.
    """
    accessed, modified = session.accessed, session.modified
    if session.get(THUMBPRINT) != owner:
        session[THUMBPRINT] = owner
    session.accessed, session.modified = accessed, modified


def own_after_view(request: HttpRequest, response: HttpResponseBase, owner: str) -> None:
    """Bind the session once more after the view.

    The view may have flushed it, or logged in to another one.
    """
    session = request.session
    accessed = session.accessed
    if session.modified and not session.keys():
        # The view has ended the session. What is written from now on also belongs to the certificate, so the session
        # gets its owner, and is not empty any more: its cookie ends here, instead of in Django's middleware.
        _end_cookie(request, response)
        session.modified = False
    session.accessed = accessed
    own_session(session, owner)


def _end_cookie(request: HttpRequest, response: HttpResponseBase) -> None:
    """Delete the session's cookie, so that a later ``set_cookie`` replaces all of it."""
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        response.set_cookie(
            settings.SESSION_COOKIE_NAME,
            expires=_PAST,
            path=settings.SESSION_COOKIE_PATH,
            domain=settings.SESSION_COOKIE_DOMAIN,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=settings.SESSION_COOKIE_HTTPONLY,
            samesite=settings.SESSION_COOKIE_SAMESITE,
        )
