"""Row 53 of ATTACKS.md: header names that cheroot would fold into another name, over TLS and raw sockets."""

import json
import ssl
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.tls import client_context, serving
from wsgi_mtls.cli.terminators import LoopbackConnection

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# RFC 9110 section 5.6.2
TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
COLON, NEWLINE = ord(":"), ord("\n")


def show_headers(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    body = json.dumps({key: value for key, value in environ.items() if key.startswith("HTTP_")}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(show_headers) as port:
        yield port


def send(port: int, *lines: bytes) -> tuple[int, dict[str, str]]:
    """Send header lines as they are, and return the status and the headers that the application saw."""
    connection = LoopbackConnection("127.0.0.1", port, client_context(None))
    connection.connect()
    head = b"\r\n".join((b"GET / HTTP/1.1", b"Host: 127.0.0.1", b"Connection: close", *lines, b"", b""))
    received = b""
    with connection.sock as stream:
        stream.sendall(head)
        try:
            while octets := stream.recv(65536):
                received += octets
        except ssl.SSLEOFError:
            pass
    status, _, rest = received.partition(b"\r\n")
    body = rest.partition(b"\r\n\r\n")[2]
    return int(status.split()[1]), json.loads(body) if status.split()[1] == b"200" else {}


def names(octet: int) -> list[bytes]:
    one = bytes([octet])
    return [one + b"XClientCert", b"XClientCert" + one, b"XClient" + one + b"Cert"]


def test_names_that_are_not_tokens(port: int) -> None:
    for octet in set(range(256)) - set(TOKEN) - {COLON, NEWLINE}:
        for name in names(octet):
            assert send(port, b"XClientCert: genuine", name + b": forged")[0] == 400, name


@pytest.mark.parametrize(
    "name",
    [b"", b"X\xdfLClientDer", b"XClientCert ", b"XClientCert\t", b"\x0bXClientCert", b"XClientCert\x0c", b"X Y"],
)
def test_names_that_cheroot_folds(port: int, name: bytes) -> None:
    assert send(port, name + b": forged")[0] == 400
    assert send(port, name + b": forged", b"XClientCert: genuine")[0] == 400


@pytest.mark.parametrize("line", [b" folded", b"\tfolded", b" XClientCert: forged", b"\n", b"XClientCert"])
def test_lines_without_a_name(port: int, line: bytes) -> None:
    """In cheroot a continued line (RFC 9112 section 5.2) replaces the value before it."""
    assert send(port, b"XClientCert: genuine", line)[0] == 400
    assert send(port, line, b"XClientCert: genuine")[0] == 400


def test_every_token_is_accepted(port: int) -> None:
    for octet in TOKEN:
        for name in names(octet):
            status, headers = send(port, b"XClientCert: genuine", name + b": another")
            key = "HTTP_" + name.decode().upper().replace("-", "_")
            assert (status, headers["HTTP_XCLIENTCERT"], headers[key]) == (200, "genuine", "another")
    assert send(port, b"XClientCert: genuine", b"X-Empty:", b"X-Colons: a: b")[1]["HTTP_X_COLONS"] == "a: b"
