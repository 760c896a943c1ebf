"""Requests as an attacker or a client makes them, over TLS or past the terminator."""

import json
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode

from wsgi_mtls.cli.terminators import LOOPBACK, MTLS_HOST, LoopbackConnection

from .pki import PKI

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back.

    ``outcome`` is the ``client_id`` that was let in, ``refused:<reason>`` by the application, or ``terminator`` where
    the request did not get to it.
    """

    outcome: str
    status: int = 0
    body: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def headers(self) -> dict[str, str]:
        assert self.status == 200, self
        return dict(self.body["headers"])


def tls_context(pki: PKI, certificate: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=pki.files.server_ca)
    if certificate is not None:
        context.load_cert_chain(*pki.pair_files(certificate))
    return context


def request(
    port: int,
    context: ssl.SSLContext,
    client_id: str = "",
    *,
    path: str = "/token",
    host: str = MTLS_HOST,
    headers: Headers = (),
    host_header: str | None = None,
) -> Answer:
    connection = LoopbackConnection(host, port, context)
    return send(connection, client_id, path, [("Host", host_header or host), *headers])


def straight_request(port: int, client_id: str, headers: Headers, *, source: str, path: str = "/token") -> Answer:
    """Go past the terminator, from another loopback address than its own or from the same."""
    connection = HTTPConnection(LOOPBACK, port, timeout=10, source_address=(source, 0))
    return send(connection, client_id, path, [("Host", MTLS_HOST), *headers])


def send(connection: HTTPConnection | HTTPSConnection, client_id: str, path: str, headers: Headers) -> Answer:
    body = urlencode({"grant_type": "client_credentials", "client_id": client_id}).encode()
    try:
        connection.putrequest("POST", path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Content-Type", "application/x-www-form-urlencoded")
        connection.putheader("Content-Length", str(len(body)))
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return _read(response.status, response.read())
    except (ssl.SSLError, ConnectionError, HTTPException) as error:
        return Answer("terminator", error=repr(error))
    finally:
        connection.close()


def _read(status: int, content: bytes) -> Answer:
    try:
        body = json.loads(content)
    except ValueError:
        return Answer("terminator", status)
    if body.get("error_description", "").startswith("The TLS terminator"):
        return Answer("terminator", status, body)
    if "error" in body:
        return Answer("refused:" + body["error_description"].partition(":")[0], status, body)
    return Answer(body.get("client_id", ""), status, body)
