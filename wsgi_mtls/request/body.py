"""The octets of a request's body, no more than a server is ready to hold."""

import re
from io import BytesIO
from typing import TYPE_CHECKING, NoReturn, Protocol

from ..errors import InvalidRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_DIGITS = re.compile(r"[0-9]{1,18}")


class Stream(Protocol):
    """A body that is still to be read."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` octets; none at the end of the body."""


def read_body(environ: "WSGIEnvironment", stream: Stream, limit: int, chunks: list[bytes] | None = None) -> bytes:
    """Read the whole body.

    Args:
        environ: the request, for the length that it announces.
        stream: the body.
        limit: the longest body that is read, in octets.
        chunks: takes what was read, also where the body turns out to be refused.

    Raises:
        InvalidRequest: ``body_too_large``: If the body is longer.
        InvalidRequest: ``malformed_body``: If its length is not a number, or if it ends before that or cannot be read.
        InvalidRequest: ``body_length_required``: If it came in chunks, and the server does not end the input.
    """
    announced = environ.get("CONTENT_LENGTH") or ""
    if not announced and environ.get("HTTP_TRANSFER_ENCODING"):
        check_has_end(environ)
    if announced and not _DIGITS.fullmatch(announced):
        raise InvalidRequest(
            "Expected a number of octets as CONTENT_LENGTH, found something else.", reason="malformed_body"
        )
    # RFC 3875 section 4.1.2: a server that does not end the input says no length for an empty body only.
    size = int(announced) if announced else limit + 1 if environ.get("wsgi.input_terminated") else 0
    if announced and size > limit:
        _refuse_size(limit)
    chunks, rest = [] if chunks is None else chunks, size
    while rest > 0:  # a server may deliver a body in pieces
        try:
            chunk = stream.read(rest)
        except Exception as error:  # gunicorn's and cheroot's own errors for a broken body have no base but this
            raise InvalidRequest(f"The body could not be read: {error}.", reason="malformed_body") from error
        if not chunk:
            break
        chunks.append(chunk)
        rest -= len(chunk)
    if announced and rest > 0:
        raise InvalidRequest(f"The body ended after {size - rest} of {size} octets.", reason="malformed_body")
    if size - rest > limit:
        _refuse_size(limit)
    return b"".join(chunks)


def check_has_end(environ: "WSGIEnvironment") -> None:
    """Check that the end of the body can be known.

    A body in chunks has no length (RFC 9112 section 7.1). Then only a server that sets ``wsgi.input_terminated`` ends
    the input; of any other, PEP 3333 allows no read beyond ``CONTENT_LENGTH``.

    Args:
        environ: the request.

    Raises:
        InvalidRequest: ``body_length_required``: If it cannot.
    """
    if environ.get("HTTP_TRANSFER_ENCODING") and not (
        environ.get("CONTENT_LENGTH") or environ.get("wsgi.input_terminated")
    ):
        raise InvalidRequest(
            "Expected Content-Length, found a body in chunks, whose end this WSGI server does not mark "
            "(wsgi.input_terminated). Send Content-Length, or have the proxy in front buffer requests, or use a server "
            "that marks the end, such as gunicorn or waitress.",
            reason="body_length_required",
            expected="Content-Length",
            found=str(environ["HTTP_TRANSFER_ENCODING"]),
        )


def read_and_put_back(environ: "WSGIEnvironment", limit: int) -> bytes:
    """Read a WSGI request's body, and leave the same octets to the application, under the same length.

    Args:
        environ: the request; its ``wsgi.input`` is replaced.
        limit: the longest body that is read, in octets.

    Raises:
        InvalidRequest: ``body_too_large``: If the body is longer.
        InvalidRequest: ``malformed_body``: If the body cannot be read.
    """
    chunks: list[bytes] = []
    try:
        return read_body(environ, environ["wsgi.input"], limit, chunks)
    finally:
        if chunks:
            environ["wsgi.input"] = BytesIO(b"".join(chunks))


def _refuse_size(limit: int) -> NoReturn:
    raise InvalidRequest(f"The body is longer than {limit} octets.", reason="body_too_large")
