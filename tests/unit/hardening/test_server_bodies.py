"""The development server waits for bodies that come or go piece by piece."""

import gc
import hashlib
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.tls import client_context, serving

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def digest(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [hashlib.sha256(body).hexdigest().encode()]


@pytest.mark.parametrize("pieces", [[b"one"], [b"one", b"two"], [b"x" * 40_000, b"y", b"z" * 40_000]])
def test_body_after_the_header(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    with ExitStack() as resources:
        port = resources.enter_context(serving(digest))
        plain = socket.create_connection(("127.0.0.1", port), timeout=20)
        connection = resources.enter_context(client_context().wrap_socket(plain, server_hostname="127.0.0.1"))
        for _ in range(2):  # the second request reuses the connection
            header = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
            connection.sendall(header.encode())
            with connection.makefile("rb") as answer:
                assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
                assert answer.readline() == b"\r\n"
                for piece in pieces:
                    connection.sendall(piece)
                assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
                while answer.readline().strip():
                    pass
                chunk = int(answer.readline(), 16)
                assert answer.read(chunk).decode() == hashlib.sha256(body).hexdigest()
                assert answer.read(7) == b"\r\n0\r\n\r\n"


SIZE = 20_000_000


def large(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(SIZE))])
    return [b"x" * SIZE]


def test_body_that_does_not_fit_into_the_sockets_buffers() -> None:
    with ExitStack() as resources:
        port = resources.enter_context(serving(large))
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.settimeout(20)
        plain.connect(("127.0.0.1", port))
        connection = resources.enter_context(client_context().wrap_socket(plain, server_hostname="127.0.0.1"))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with connection.makefile("rb") as answer:
            while answer.readline().strip():
                pass
            assert len(answer.read(SIZE)) == SIZE


def test_client_that_goes_away_breaks_no_other_connection() -> None:
    with ExitStack() as resources:
        port = resources.enter_context(serving(large))
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
                leaving = client_context().wrap_socket(plain, server_hostname="127.0.0.1")
                leaving.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                leaving.recv(1)
                leaving.close()
        plain = socket.create_connection(("127.0.0.1", port), timeout=20)
        connection = resources.enter_context(client_context().wrap_socket(plain, server_hostname="127.0.0.1"))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        gc.collect()
        with connection.makefile("rb") as answer:
            assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
            while answer.readline().strip():
                pass
            assert len(answer.read(SIZE)) == SIZE
