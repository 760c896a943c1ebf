"""Requests to the authorization server are bounded in size and time, however it answers."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest
from OpenSSL import SSL

from tests.support import refused
from tests.tls import SERVER_CA, write_server_pair
from wsgi_mtls.server import make_context
from wsgi_mtls.testing import to_pem
from wsgi_mtls.tokens.https import MAX_ANSWER, HTTPSEndpoint

TIMEOUT = 0.4


Answering = Callable[[Event, SSL.Connection], object]


def receive(connection: SSL.Connection) -> None:
    """Read one request, whose body comes apart from its header."""
    request = b""
    while not request.endswith(b"a=b" if request.startswith(b"POST") else b"\r\n\r\n"):
        request += connection.recv(65536)


def drip(over: Event, send: Callable[[bytes], object]) -> None:
    """Send an octet now and then: each long before the socket's own timeout."""
    while not over.wait(TIMEOUT / 10):
        send(b"x")


@contextmanager
def answering(folder: Path, *answers: Answering) -> Iterator[str]:
    """Run a server that answers as many connections, each in its own way; yields its URL."""
    (folder / "ca.pem").write_bytes(to_pem(SERVER_CA.certificate))
    certificate, key = write_server_pair(folder)
    context, over = make_context(certificate, key, None), Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(answer: Answering) -> None:
        plain, _ = listener.accept()
        with plain, suppress(OSError, SSL.Error):
            connection = SSL.Connection(context, plain)
            connection.set_accept_state()
            receive(connection)
            answer(over, connection)

    def serve_all() -> None:
        with suppress(OSError):
            for answer in answers:
                serve(answer)

    thread = Thread(target=serve_all)
    thread.start()
    with ExitStack() as stack:
        stack.callback(thread.join)
        stack.callback(listener.close)
        stack.callback(listener.shutdown, socket.SHUT_RDWR)
        stack.callback(over.set)
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/"


def silent(over: Event, connection: SSL.Connection) -> None:
    over.wait(30)


def dripping_header(over: Event, connection: SSL.Connection) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    drip(over, connection.sendall)


def dripping_body(over: Event, connection: SSL.Connection) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    drip(over, connection.sendall)


def dripping_chunks(over: Event, connection: SSL.Connection) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    drip(over, lambda octet: connection.sendall(b"1\r\n" + octet + b"\r\n"))


def dripping_chunk_extension(over: Event, connection: SSL.Connection) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;")
    drip(over, connection.sendall)


def cut_off(over: Event, connection: SSL.Connection) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}")


def cut_off_chunks(over: Event, connection: SSL.Connection) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")


def no_http(over: Event, connection: SSL.Connection) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH\r\n")


ANSWERS = [
    silent,
    dripping_header,
    dripping_body,
    dripping_chunks,
    dripping_chunk_extension,
    cut_off,
    cut_off_chunks,
    no_http,
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_takes_forever(tmp_path: Path, answer: Answering) -> None:
    with answering(tmp_path, answer) as url:
        endpoint = HTTPSEndpoint(url, ca=tmp_path / "ca.pem", timeout=TIMEOUT)
        started = monotonic()
        with refused("tokens_unavailable"):
            endpoint.get()
        assert monotonic() - started < 20 * TIMEOUT


def ok(body: bytes) -> Answering:
    """Answer one request and keep the connection."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return lambda _, connection: connection.sendall(head + body)


def test_answer(tmp_path: Path) -> None:
    with answering(tmp_path, ok(b"[true]")) as url:
        assert HTTPSEndpoint(url, ca=tmp_path / "ca.pem", timeout=TIMEOUT).get() == [True]


@pytest.mark.parametrize("chunked", [False, True])
def test_longest_answer(tmp_path: Path, chunked: bool) -> None:
    def answer(size: int) -> Answering:
        body = b"[true]".ljust(size)
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunks = b"%s%x\r\n%s\r\n0\r\n\r\n" % (head, size, body)
        return (lambda _, connection: connection.sendall(chunks)) if chunked else ok(body)

    with answering(tmp_path, answer(MAX_ANSWER), answer(MAX_ANSWER + 1)) as url:
        assert HTTPSEndpoint(url, ca=tmp_path / "ca.pem").get() == [True]
        with refused("tokens_unavailable", match="more than"):
            HTTPSEndpoint(url, ca=tmp_path / "ca.pem").get()


@pytest.mark.parametrize("size", [b"-1", b"-7fffffff", b"7fffffffffff"])
def test_chunk_whose_size_is_no_bound(tmp_path: Path, size: bytes) -> None:
    sent: list[int] = []

    def flood(over: Event, connection: SSL.Connection) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n" % size)
        for _ in range(40 * 2**20 // MAX_ANSWER):
            connection.sendall(b" " * MAX_ANSWER)
            sent.append(MAX_ANSWER)

    with answering(tmp_path, flood) as url, refused("tokens_unavailable", match="more than"):
        HTTPSEndpoint(url, ca=tmp_path / "ca.pem").get()
    assert sum(sent) < 30 * 2**20  # what fits into the sockets' buffers


@pytest.mark.parametrize("timeout", [0, -1, 61, float("nan")])
def test_timeouts_that_can_not_be(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout"):
        HTTPSEndpoint("https://as.example.com", timeout=timeout)
    assert HTTPSEndpoint("https://as.example.com", timeout=60)


# Connections that are kept


def next_request(answer: Answering, then: Answering) -> Answering:
    """Answer one request, and the next one over the same connection in another way."""

    def both(over: Event, connection: SSL.Connection) -> None:
        answer(over, connection)
        receive(connection)
        then(over, connection)

    return both


def close(over: Event, connection: SSL.Connection) -> None:
    """Leave: the connection ends without an answer."""


def silent_until_it_goes(over: Event, connection: SSL.Connection) -> None:
    connection.recv(65536)


def half(over: Event, connection: SSL.Connection) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}")


def test_connection_is_kept(tmp_path: Path) -> None:
    with answering(tmp_path, next_request(ok(b"1"), ok(b"2"))) as url:
        endpoint = HTTPSEndpoint(url, ca=tmp_path / "ca.pem")
        assert [endpoint.get(), endpoint.post({"a": "b"})] == [1, 2]


@pytest.mark.parametrize("together", [True, False])
def test_octets_beyond_an_answer_are_no_answer_to_the_next_request(tmp_path: Path, together: bool) -> None:
    def too_much(over: Event, connection: SSL.Connection) -> None:
        header, surplus = (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n9",
        )
        for record in (header + b"1" + surplus,) if together else (header, b"1" + surplus):
            connection.sendall(record)
        silent_until_it_goes(over, connection)

    with answering(tmp_path, too_much, ok(b"2")) as url:
        endpoint = HTTPSEndpoint(url, ca=tmp_path / "ca.pem")
        assert [endpoint.get(), endpoint.get()] == [1, 2]


def test_kept_connection_that_the_server_closes(tmp_path: Path) -> None:
    with answering(tmp_path, next_request(ok(b"1"), close), next_request(ok(b"2"), ok(b"3"))) as url:
        endpoint = HTTPSEndpoint(url, ca=tmp_path / "ca.pem")
        assert [endpoint.get(), endpoint.post({"a": "b"}), endpoint.get()] == [1, 2, 3]


@pytest.mark.parametrize(
    ("answers", "timeout"),
    [
        ([next_request(ok(b"1"), close), close], 5),  # once more, and no more than once
        ([next_request(ok(b"1"), half)], 5),
        ([next_request(ok(b"1"), silent_until_it_goes)], TIMEOUT),
        ([next_request(ok(b"1"), dripping_header)], TIMEOUT),
    ],
)
def test_next_request_that_fails(tmp_path: Path, answers: list[Answering], timeout: float) -> None:
    with answering(tmp_path, *answers, ok(b"2")) as url:
        endpoint = HTTPSEndpoint(url, ca=tmp_path / "ca.pem", timeout=timeout)
        assert endpoint.get() == 1
        with refused("tokens_unavailable"):
            endpoint.get()
        assert endpoint.get() == 2


def test_new_connection_that_the_server_closes(tmp_path: Path) -> None:
    with answering(tmp_path, close, ok(b"1")) as url:
        endpoint = HTTPSEndpoint(url, ca=tmp_path / "ca.pem")
        with refused("tokens_unavailable"):
            endpoint.get()
        assert endpoint.get() == 1


def test_message_says_that_it_took_too_long(tmp_path: Path) -> None:
    with answering(tmp_path, dripping_body) as url, refused("tokens_unavailable", match="longer than 0"):
        HTTPSEndpoint(url, ca=tmp_path / "ca.pem", timeout=TIMEOUT).get()
