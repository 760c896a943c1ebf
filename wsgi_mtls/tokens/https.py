"""Requests to the authorization server: https, bounded in size and time, no redirects."""

import json
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from ..errors import TokensUnavailable
from ..urls import https_url

try:
    import urllib3
except ImportError as error:
    raise ImportError("Fetching keys and introspection need urllib3: pip install 'wsgi-mtls[jwt]'.") from error

MAX_ANSWER = 262144
"""The longest answer that is read, in octets."""
_CHUNK = 16384


class HTTPSEndpoint:
    """One URL of the authorization server, that the operator has configured.

    Args:
        url: the URL.
        ca: PEM file of the CAs that the server's certificate is validated against; None is the system's.
        certificate: PEM file of our own certificate, its chain below it, for a server that asks for one.
        private_key: PEM file of its key.
        timeout: how long connecting, any wait for octets and the whole body may take, in seconds.

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
            ssl_context=context, retries=False, timeout=urllib3.Timeout(total=timeout), maxsize=8
        )

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
        deadline = time.monotonic() + self._timeout
        try:
            response = self._pool.request(
                method, self._url, body=body, headers=headers, redirect=False, preload_content=False
            )
            try:
                if response.status != 200:
                    raise TokensUnavailable(f"{self._url} answered {response.status} instead of 200.")
                answer = self._read(response, deadline)
            except BaseException:
                response.close()
                raise
            response.release_conn()
            return json.loads(answer)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, RecursionError) as error:
            raise TokensUnavailable(f"{self._url} gave no answer that can be read: {error}.") from error

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        """Read what comes as it comes: an answer that drips would keep a read of a fixed size waiting."""
        answer = bytearray()
        while chunk := response.read1(_CHUNK, decode_content=False):
            answer += chunk
            if len(answer) > MAX_ANSWER:
                raise TokensUnavailable(f"{self._url} answered more than {MAX_ANSWER} octets.")
            if time.monotonic() > deadline:
                raise TokensUnavailable(f"{self._url} took longer than {self._timeout} seconds.")
        return bytes(answer)
