"""Requests to the authorization server: https, bounded in size and time, no redirects."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer
from urllib.parse import urlencode

import urllib3

from ..errors import TokensUnavailable
from ..urls import https_url

MAX_ANSWER = 262144
"""The longest answer that is read, in octets."""


class HTTPSEndpoint:
    """One URL of the authorization server, that the operator has configured.

    Args:
        url: the URL.
        ca: PEM file of the CAs that the server's certificate is validated against; None is the system's.
        certificate: PEM file of our own certificate, its chain below it, for a server that asks for one.
        private_key: PEM file of its key.
        timeout: how long connecting, the answer's header and its body may take, each, in seconds.

    Raises:
        ValueError: the URL is not https, or there is a certificate without its key.
        OSError: a file can't be read, or is not what it should be.
    """

    def __init__(
        self,
        url: str,
        *,
        ca: Path | str | None = None,
        certificate: Path | str | None = None,
        private_key: Path | str | None = None,
        timeout: float = 5,
    ) -> None:
        https_url(url)
        if (certificate is None) != (private_key is None):
            raise ValueError("certificate and private_key belong together.")
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
            TokensUnavailable: no such answer could be had.
        """
        return self._request("GET", None, {})

    def post(self, form: Mapping[str, str]) -> object:
        """Post a form and return the JSON answer.

        Raises:
            TokensUnavailable: no such answer could be had.
        """
        return self._request("POST", urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})

    def _request(self, method: str, body: str | None, headers: Mapping[str, str]) -> object:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
        try:
            response = self._pool.request(
                method, self._url, body=body, headers=headers, redirect=False, preload_content=False
            )
            try:
                if response.status != 200:
                    raise TokensUnavailable(f"{self._url} answered {response.status} instead of 200.")
                with _within(self._timeout, response.shutdown):
                    answer = response.read(MAX_ANSWER, decode_content=False)
                    # The second read also notices a body that was cut off.
                    if response.read(1, decode_content=False):
                        raise TokensUnavailable(f"{self._url} answered more than {MAX_ANSWER} octets.")
            except BaseException:
                response.close()
                raise
            response.release_conn()
            return json.loads(answer)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, RecursionError) as error:
            raise TokensUnavailable(f"{self._url} gave no answer that can be read: {error}.") from error


@contextmanager
def _within(seconds: float, abort: Callable[[], object]) -> Iterator[None]:
    """Abort what takes longer: the socket's own timeout starts anew with every octet that drips in."""

    def run() -> None:
        # It may have ended by itself just now.
        with suppress(OSError, ValueError, RuntimeError):
            abort()

    timer = Timer(seconds, run)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _Connection(urllib3.connection.HTTPSConnection):
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3's own
        with _within(self.timeout or 0, self._abort):
            return super().getresponse()

    def _abort(self) -> None:
        if self.sock is not None:
            self.sock.shutdown(socket.SHUT_RDWR)


class _Pool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Connection
