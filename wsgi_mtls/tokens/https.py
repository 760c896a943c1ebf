"""Requests to the authorization server: https, bounded in size and time, no redirects."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event, Timer
from urllib.parse import urlencode

import urllib3

from ..errors import InvalidToken
from ..urls import https_url

MAX_ANSWER = 262144
"""The longest answer that is read, in octets."""
_STEP = 65536
TIMEOUT = 5
"""How long connecting, the answer's header and its body may take by default, each, in seconds."""
MAX_TIMEOUT = 60


class HTTPSEndpoint:
    """One URL of the authorization server, that the operator has configured.

    Connections are kept. Where the server has closed one meanwhile, the request is sent once more, over a new one.

    Args:
        url: the URL.
        ca: PEM file of the CAs that the server's certificate is validated against; None is the system's.
        certificate: PEM file of our own certificate, its chain below it, for a server that asks for one.
        private_key: PEM file of its key.
        timeout: how long connecting, the answer's header and its body may take, each, in seconds.

    Raises:
        ValueError: the URL is not https, there is a certificate without its key, or ``timeout`` is too long.
        OSError: a file can't be read, or is not what it should be.
    """

    def __init__(
        self,
        url: str,
        *,
        ca: Path | str | None = None,
        certificate: Path | str | None = None,
        private_key: Path | str | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        https_url(url)
        if (certificate is None) != (private_key is None):
            raise ValueError("certificate and private_key belong together.")
        if not 0 < timeout <= MAX_TIMEOUT:
            raise ValueError(f"timeout must be more than 0 and at most {MAX_TIMEOUT} seconds.")
        context = ssl.create_default_context(cafile=ca)
        if certificate is not None:
            context.load_cert_chain(certificate, private_key)
        self._url = url
        self._timeout = timeout
        self._pool = urllib3.PoolManager(
            ssl_context=context, retries=False, timeout=urllib3.Timeout(timeout), maxsize=8
        )
        self._pool.pool_classes_by_scheme = {"https": _Pool}

    def get(self) -> object:
        """Fetch JSON.

        Raises:
            InvalidToken: ``tokens_unavailable``: no such answer could be had.
        """
        return self._request("GET", None, {})

    def post(self, form: Mapping[str, str]) -> object:
        """Post a form and return the JSON answer.

        Raises:
            InvalidToken: ``tokens_unavailable``: no such answer could be had.
        """
        return self._request("POST", urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})

    def _request(self, method: str, body: str | None, headers: Mapping[str, str]) -> object:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
        try:
            response = self._open(method, body, headers)
            try:
                if response.status != 200:
                    raise InvalidToken(
                        f"{self._url} answered {response.status} instead of 200.", reason="tokens_unavailable"
                    )
                with _within(self._timeout, response.shutdown):
                    answer = self._read(response)
            except BaseException:
                response.close()
                raise
            response.release_conn()
            return json.loads(answer)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, RuntimeError, MemoryError) as error:
            # RuntimeError: too deep for a JSON reader (RecursionError), or "can't start new thread".
            raise InvalidToken(
                f"{self._url} gave no answer that can be read: {error}.", reason="tokens_unavailable"
            ) from error

    def _open(self, method: str, body: str | None, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        send = partial(
            self._pool.request, method, self._url, body=body, headers=headers, redirect=False, preload_content=False
        )
        try:
            return send()
        except _ClosedMeanwhile:
            # The other connections that are kept may have been closed together with this one.
            self._pool.clear()
            return send()

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """Read at most ``MAX_ANSWER`` octets, whatever length the server announces, be it a negative one."""
        answer = bytearray()
        # The read that gets nothing also notices a body that was cut off.
        while octets := response.read1(min(_STEP, MAX_ANSWER + 1 - len(answer)), decode_content=False):
            answer += octets
            if len(answer) > MAX_ANSWER:
                raise InvalidToken(f"{self._url} answered more than {MAX_ANSWER} octets.", reason="tokens_unavailable")
        return bytes(answer)


@contextmanager
def _within(seconds: float, abort: Callable[[], object]) -> Iterator[None]:
    """Abort what takes longer: the socket's own timeout starts anew with every octet that drips in.

    Raises:
        TimeoutError: it failed after that time.
    """
    is_over = Event()

    def run() -> None:
        is_over.set()
        # It may have ended by itself just now.
        with suppress(OSError, ValueError, RuntimeError):
            abort()

    timer = Timer(seconds, run)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if is_over.is_set():
            raise TimeoutError(f"it took longer than {seconds} seconds") from error
        raise
    finally:
        timer.cancel()


class _ClosedMeanwhile(urllib3.exceptions.HTTPError):
    """The server closed a connection that was kept, and answered nothing (RFC 9112 section 9.3.1)."""


class _Connection(urllib3.connection.HTTPSConnection):
    _was_used = False

    @property
    def is_connected(self) -> bool:
        """Octets beyond an answer, which TLS may hold decrypted already, would be the next one: of another token."""
        return super().is_connected and not getattr(self.sock, "pending", int)()

    def connect(self) -> None:
        self._was_used = False
        super().connect()

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3's own
        try:
            with _within(self.timeout or 0, self._abort):
                response = super().getresponse()
        except ConnectionError as error:
            if self._was_used:
                raise _ClosedMeanwhile("The server closed the connection.") from error
            raise
        self._was_used = True
        return response

    def _abort(self) -> None:
        if self.sock is not None:
            self.sock.shutdown(socket.SHUT_RDWR)


class _Pool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Connection
