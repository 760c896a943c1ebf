"""The octets of a request's body, no more than a server is ready to hold."""

import re
from io import BytesIO
from typing import TYPE_CHECKING, NoReturn, Protocol

from ..errors import BodyTooLarge, MalformedBody

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_DIGITS = re.compile(r"[0-9]{1,18}")


class Stream(Protocol):
    """A body that is still to be read."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` octets; none at the end of the body."""


def read_body(environ: "WSGIEnvironment", stream: Stream, limit: int) -> bytes:
    """Read the whole body.

    Args:
        environ: the request, for the length that it announces.
        stream: the body.
        limit: the longest body that is read, in octets.

    Raises:
        BodyTooLarge: If the body is longer.
        MalformedBody: If its length is not a number, or if it ends before that or cannot be read.
    """
    announced = environ.get("CONTENT_LENGTH") or ""
    if announced:
        if not _DIGITS.fullmatch(announced):
            raise MalformedBody("Expected a number of octets as CONTENT_LENGTH, found something else.")
        length = int(announced)
        if length > limit:
            _refuse_size(limit)
        body = _read(stream, length)
        if len(body) < length:
            raise MalformedBody(f"The body ended after {len(body)} of {length} octets.")
        return body
    # RFC 3875 section 4.1.2: a server that does not end the input says no length for an empty body only.
    body = _read(stream, limit + 1) if environ.get("wsgi.input_terminated") else b""
    if len(body) > limit:
        _refuse_size(limit)
    return body


def read_and_put_back(environ: "WSGIEnvironment", limit: int) -> bytes:
    """Read a WSGI request's body, and leave the same octets to the application, under the same length.

    Args:
        environ: the request; its ``wsgi.input`` is replaced.
        limit: the longest body that is read, in octets.

    Raises:
        BodyTooLarge: If the body is longer.
        MalformedBody: If the body cannot be read.
    """
    stream = _Keeping(environ["wsgi.input"])
    try:
        return read_body(environ, stream, limit)
    finally:
        if stream.kept:
            environ["wsgi.input"] = BytesIO(b"".join(stream.kept))


class _Keeping:
    """A stream that keeps what was read from it, since a body that ends too early is the application's too."""

    def __init__(self, stream: Stream) -> None:
        self.kept: list[bytes] = []
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        self.kept.append(self._stream.read(size))
        return self.kept[-1]


def _refuse_size(limit: int) -> NoReturn:
    raise BodyTooLarge(f"The body is longer than {limit} octets.")


def _read(stream: Stream, size: int) -> bytes:
    # A server may deliver a body in pieces, and reports a broken one as it likes.
    chunks: list[bytes] = []
    while size > 0:
        try:
            chunk = stream.read(size)
        except Exception as error:  # gunicorn's and cheroot's own errors have no base but this
            raise MalformedBody(f"The body could not be read: {error}.") from error
        if not chunk:
            break
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
