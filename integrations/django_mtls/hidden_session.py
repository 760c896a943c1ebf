"""What an exempted view sees of the session: nothing, for whose it is, nobody looked."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseBase

from .sessions import with_mixin


def hide_session(request: HttpRequest) -> None:
    """Show the view an empty session."""
    kind: type[SessionBase] = type(request.session)
    request.__dict__["_mtls_hidden_session"] = request.session
    request.session = with_mixin(_Shown, kind)()


def restore_session(request: HttpRequest, response: HttpResponseBase) -> None:
    """Undo :func:`hide_session`, unless the view has logged in or out, or begun the visitor's first session.

    Anything else that it wrote is dropped: it can't be added to a session that nobody looked at, and it must not end
    that session, or a message left for anybody would let another site's page log the visitor out.
    """
    hidden = request.__dict__.pop("_mtls_hidden_session", None)
    if hidden is None:
        return
    shown: Any = request.session
    ended = getattr(shown, "mtls_ended", True)  # so it is where the view puts another object there
    if shown.modified and (ended or SESSION_KEY in shown or not hidden.keys()):
        hidden.flush()
        return
    request.session = hidden
    _show_to_stream(request, shown, response)


def _show_to_stream(request: HttpRequest, shown: Any, response: Any) -> None:
    """Have what streams the page, once the middleware is through, see what the view saw."""
    if not response.streaming or getattr(response, "file_to_stream", None) is not None:
        return
    content = response.streaming_content

    def chunks() -> Iterator[bytes]:
        request.session = shown
        yield from content

    async def achunks() -> AsyncIterator[bytes]:
        request.session = shown
        async for chunk in content:
            yield chunk

    response.streaming_content = achunks() if response.is_async else chunks()


class _Shown(SessionBase):
    """A session that knows whether the view has ended it, as ``logout`` does."""

    mtls_ended = False

    def flush(self) -> None:
        self.mtls_ended = True
        super().flush()

    async def aflush(self) -> None:
        self.mtls_ended = True
        await super().aflush()
