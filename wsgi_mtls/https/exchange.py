"""One request and its answer, bounded in time and octets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Final

import urllib3
from urllib3.util import Timeout

from .timed_socket import TimedSocket

MAX_ANSWER: Final = 262144
"""The longest answer that is read, in octets."""
MAX_DEPTH: Final = 32
"""The deepest nesting that JSON may have."""
_STEP = 65536


class FetchFailed(Exception):
    """No usable answer came. A token or client may be right or wrong."""


class NotConnected(FetchFailed):
    """No TCP connection was made, so that nothing was sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a server.

    Attributes:
        status: the HTTP status.
        headers: the header fields, by their names in lower case.
        body: the octets.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """Return the body as JSON.

        Raises:
            FetchFailed: If it is not JSON, or nested more deeply than ``MAX_DEPTH``.
        """
        try:
            document: object = json.loads(self.body)
        except (ValueError, RecursionError, MemoryError) as error:
            raise FetchFailed(f"Expected JSON: {error!r}.") from error
        if _is_deeper(document, MAX_DEPTH):
            raise FetchFailed(f"Expected JSON of at most {MAX_DEPTH} levels.")
        return document


def exchange(
    pool: urllib3.HTTPSConnectionPool,
    method: str,
    target: str,
    *,
    headers: Mapping[str, str],
    body: str | None = None,
    connect: float,
    ends: float,
) -> Answer:
    """Send one request, and read its answer; follow no redirect.

    A kept connection that the server has closed meanwhile is replaced, and the request is sent once more.

    Args:
        pool: where connections to the server are kept.
        method: the method.
        target: path and query.
        headers: the header fields.
        body: what is sent.
        connect: how long the TCP connection may take, and then the TLS handshake, in seconds each.
        ends: when all of it must be over, on the monotonic clock.

    Raises:
        NotConnected: If no TCP connection was made.
        FetchFailed: If the answer is not complete in that time, or is longer than ``MAX_ANSWER``.
    """
    headers = {"Accept-Encoding": "identity", **headers}
    try:
        response = _send(pool, method, target, headers, body, connect, ends)
        while response is None:  # the connections that are kept may all have been closed; a new one is not
            response = _send(pool, method, target, headers, body, connect, ends)
        try:
            answer = Answer(response.status, _lower(response.headers), _read(response))
        except BaseException:
            response.close()
            raise
        response.release_conn()
    except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
        raise NotConnected(f"No connection was made: {error}.") from error
    except (urllib3.exceptions.HTTPError, OSError, ValueError, RuntimeError, MemoryError) as error:
        if monotonic() >= ends:
            raise FetchFailed("The answer took too long.") from error
        raise FetchFailed(f"No complete answer came: {error!r}.") from error
    return answer


def _send(
    pool: urllib3.HTTPSConnectionPool,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: str | None,
    connect: float,
    ends: float,
) -> urllib3.BaseHTTPResponse | None:
    """Send the request; return None if a kept connection was closed."""
    left = ends - monotonic()
    if left <= 0:
        raise TimeoutError("there was no time left")
    # The connection's time bounds two operations, TCP's connect and the TLS handshake.
    timeout = Timeout(connect=min(connect, left / 2), total=left)
    try:
        return pool.urlopen(
            method,
            target,
            body=body,
            headers=headers,
            timeout=timeout,
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )
    except _ClosedMeanwhile:
        return None


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
    """Read at most ``MAX_ANSWER`` octets, whatever length the server announces."""
    answer = bytearray()
    # The read that gets nothing also notices a body that was cut off.
    while octets := response.read1(min(_STEP, MAX_ANSWER + 1 - len(answer)), decode_content=False):
        answer += octets
        if len(answer) > MAX_ANSWER:
            raise FetchFailed(f"The answer has more than {MAX_ANSWER} octets.")
    return bytes(answer)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _is_deeper(document: object, levels: int) -> bool:
    level = [document]
    for _ in range(levels):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
    return any(isinstance(value, dict | list) for value in level)


class _ClosedMeanwhile(urllib3.exceptions.HTTPError):
    """A kept connection that the server closed without an answer.

    See RFC 9112 section 9.3.1.
    """


class _Connection(urllib3.connection.HTTPSConnection):
    _was_used = False

    @property
    def is_connected(self) -> bool:
        """Return whether it is connected and has no octets beyond the answer.

        They would be read as the answer about the next token.
        """
        return super().is_connected and not (isinstance(self.sock, TimedSocket) and self.sock.has_pending())

    def connect(self) -> None:
        self._was_used = False
        super().connect()
        self.sock = TimedSocket(self.sock)  # it has what urllib3 uses of a socket

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3's own
        if isinstance(self.sock, TimedSocket):
            self.sock.start(self.timeout or 0)  # which is what connecting and sending left of the whole time
        try:
            response = super().getresponse()
        except ConnectionError as error:
            if self._was_used:
                raise _ClosedMeanwhile("The server closed the connection.") from error
            raise
        self._was_used = True
        return response


class TimedPool(urllib3.HTTPSConnectionPool):
    """Connections to one server whose answers are bounded as a whole."""

    ConnectionCls = _Connection
