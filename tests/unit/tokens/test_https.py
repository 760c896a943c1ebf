"""Requests to the authorization server are bounded in time, however it answers."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest
from OpenSSL import SSL

from tests.tls import SERVER_CA, write_server_pair
from wsgi_mtls.errors import TokensUnavailable
from wsgi_mtls.server import make_context
from wsgi_mtls.testing import to_pem
from wsgi_mtls.tokens.https import HTTPSEndpoint

TIMEOUT = 0.4


def drip(over: Event, send: Callable[[bytes], object]) -> None:
    """Send an octet now and then: each long before the socket's own timeout."""
    while not over.wait(TIMEOUT / 10):
        send(b"x")


@contextmanager
def answering(folder: Path, answer: Callable[[Event, Callable[[bytes], object]], object]) -> Iterator[str]:
    """Run a server that answers one connection in its own way; yields its URL."""
    (folder / "ca.pem").write_bytes(to_pem(SERVER_CA.certificate))
    certificate, key = write_server_pair(folder)
    context, over = make_context(certificate, key, None), Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError, SSL.Error):
            plain, _ = listener.accept()
            with plain:
                connection = SSL.Connection(context, plain)
                connection.set_accept_state()
                connection.recv(65536)
                answer(over, connection.sendall)

    thread = Thread(target=serve)
    thread.start()
    with ExitStack() as stack:
        stack.callback(thread.join)
        stack.callback(listener.close)
        stack.callback(over.set)
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/"


def silent(over: Event, send: Callable[[bytes], object]) -> None:
    over.wait(30)


def dripping_header(over: Event, send: Callable[[bytes], object]) -> None:
    send(b"HTTP/1.1 200 OK\r\nX: ")
    drip(over, send)


def dripping_body(over: Event, send: Callable[[bytes], object]) -> None:
    send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    drip(over, send)


def dripping_chunks(over: Event, send: Callable[[bytes], object]) -> None:
    send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    drip(over, lambda octet: send(b"1\r\n" + octet + b"\r\n"))


def dripping_chunk_extension(over: Event, send: Callable[[bytes], object]) -> None:
    send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;")
    drip(over, send)


def cut_off(over: Event, send: Callable[[bytes], object]) -> None:
    send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}")


def no_http(over: Event, send: Callable[[bytes], object]) -> None:
    send(b"SSH-2.0-OpenSSH\r\n")


ANSWERS = [silent, dripping_header, dripping_body, dripping_chunks, dripping_chunk_extension, cut_off, no_http]


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_takes_forever(tmp_path: Path, answer: Callable[[Event, Callable[[bytes], object]], None]) -> None:
    with answering(tmp_path, answer) as url:
        endpoint = HTTPSEndpoint(url, ca=tmp_path / "ca.pem", timeout=TIMEOUT)
        started = monotonic()
        with pytest.raises(TokensUnavailable):
            endpoint.get()
        assert monotonic() - started < 20 * TIMEOUT


def test_answer(tmp_path: Path) -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n[true]"
    with answering(tmp_path, lambda _, send: send(body)) as url:
        assert HTTPSEndpoint(url, ca=tmp_path / "ca.pem", timeout=TIMEOUT).get() == [True]
