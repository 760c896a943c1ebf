"""A WSGI request: its record, in one environ key, and its body."""

import re
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, NoReturn, Protocol

from ..errors import InvalidRequest
from ..record import Record
from ..sources import PEER
from .view import RequestView

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..guard import Guard

_DIGITS = re.compile(r"[0-9]{1,18}")

RECORD = "wsgi_mtls.record"
"""The environ key of what is known about the request. No header can make it."""


def view_of(environ: "WSGIEnvironment", guard: "Guard") -> RequestView:
    """Return the request as the guard sees it, with its record.

    If it has no record, it gets a new one.
    """
    return RequestView(
        environ, environ["REQUEST_METHOD"], partial(read_and_put_back, environ), record_of(environ, guard)
    )


def record_of(environ: "WSGIEnvironment", guard: "Guard") -> Record:
    """Return what this guard knows about the request.

    The result of another guard with the same source is used again. Its decisions count if it has the same verifier or
    the same tokens.
    """
    kept = environ.get(RECORD)
    if isinstance(kept, _Kept) and kept.is_of(environ):
        if kept.guard is guard:
            return kept.record
        record = kept.known_to(guard)
    else:
        record = Record(private=isinstance(kept, _Kept) and kept.record.private)
    environ[RECORD] = _Kept(guard, id(environ), environ.get("HTTP_AUTHORIZATION"), record)
    return record


def is_private(environ: "WSGIEnvironment") -> bool:
    """Return whether any guard's record makes the answer private."""
    kept = environ.get(RECORD)
    return isinstance(kept, _Kept) and kept.record.private


@dataclass(frozen=True, slots=True)
class _Kept:
    """A record, its guard, and the request that it was made of."""

    guard: "Guard"
    environ: int  # its identity: a copy is another request
    authorization: str | None
    record: Record

    def is_of(self, environ: "WSGIEnvironment") -> bool:
        """Return whether the environ is still that of the request.

        The credentials must also be the same.
        """
        if self.environ != id(environ) or self.authorization != environ.get("HTTP_AUTHORIZATION"):
            return False
        record = self.record
        return not record.asked or record.refusal is not None or environ.get(PEER, self) is record.peer

    def known_to(self, guard: "Guard") -> Record:
        """Return what another guard may take over."""
        if self.guard.source is not guard.source:
            return Record(private=self.record.private)
        same_clients = guard.verifier is not None and self.guard.verifier is guard.verifier
        same_tokens = guard.tokens is not None and self.guard.tokens is guard.tokens
        known = self.record
        return replace(
            known,
            client=known.client if same_clients else None,
            left=known.left and same_clients,
            identified=known.identified if same_clients else None,
            token=known.token if same_tokens else None,
        )


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
    # RFC 3875 section 4.1.2: a server that does not end the input omits the length for an empty body only.
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
        already_read = (
            "" if size > rest else " If the client sent all, something here read the form before the guard did."
        )
        raise InvalidRequest(
            f"The body ended after {size - rest} of {size} octets.{already_read}", reason="malformed_body"
        )
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
    """Read a WSGI request's body, and leave it to the application.

    The application reads the same octets, under the same length.

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
