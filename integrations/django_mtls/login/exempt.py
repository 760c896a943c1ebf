"""The session of an exempt view.

It is empty if it belongs to a certificate, which is unchecked there.
"""

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseBase

from ..request import record, thumbprint
from .sessions import THUMBPRINT, belongs_to_a_certificate


def hide_session(request: HttpRequest, *, exempt: bool) -> None:
    """Show the view an empty session instead of one that belongs to a certificate.

    Args:
        request: the request.
        exempt: whether the view is exempt. At any other the login middleware has looked at the session, unless an inner
            middleware has changed the URLs; then another certificate's session is also hidden there.
    """
    session = request.session
    accessed = session.accessed
    owned = belongs_to_a_certificate(session)
    owner = session.get(THUMBPRINT) if owned else None
    session.accessed = accessed
    if owned and (exempt or owner is None or owner != thumbprint(record(request).peer)):
        request.session = type(session)()
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)  # or Django would delete it, for an empty session


def restore_session(request: HttpRequest, response: HttpResponseBase, session: SessionBase, cookie: str | None) -> None:
    """Undo :func:`hide_session`, unless the view has logged in or out.

    What the view wrote is dropped: it can't be added to a session that belongs to a certificate, and must not end it,
    since another site's page can make a browser request the view.

    Args:
        request: the request.
        response: the answer.
        session: the session before the view, which the login middleware has not bound to this request's certificate.
        cookie: its cookie.
    """
    shown = request.session
    if shown is session or not belongs_to_a_certificate(session):
        return  # nothing was hidden
    if shown.modified and (SESSION_KEY in shown or not shown.keys()):
        session.flush()
        _put_back(request, cookie)
    elif response.streaming:
        # What the view streams is made once the middleware is through, and goes on reading request.session.
        shown.clear()
        shown.modified = False
    else:
        request.session = session
        _put_back(request, cookie)


def _put_back(request: HttpRequest, cookie: str | None) -> None:
    if cookie is not None:
        request.COOKIES[settings.SESSION_COOKIE_NAME] = cookie
