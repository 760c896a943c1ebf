"""HTTPS servers that a test breaks: each connection is answered in a way of its own."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

from OpenSSL import SSL

from tests.tls import SERVER_CA, write_pair, write_server_pair
from wsgi_mtls.server import make_context
from wsgi_mtls.testing import KeyPair, to_pem

TIMEOUT = 1.0
"""For requests that fail by it, in seconds. One that must succeed has far more, whatever else the machine does."""

Answering = Callable[[Event, SSL.Connection], object]


def receive(connection: SSL.Connection) -> bytes:
    """Read one request, whose body comes apart from its header."""
    request = b""
    while not request.endswith(b"a=b" if request.startswith(b"POST") else b"\r\n\r\n"):
        request += connection.recv(65536)
    return request


def drip(over: Event, send: Callable[[bytes], object]) -> None:
    """Send an octet now and then: each long before the socket's own timeout."""
    while not over.wait(TIMEOUT / 10):
        send(b"x")


@contextmanager
def answering(folder: Path, *answers: Answering, pair: KeyPair | None = None) -> Iterator[str]:
    """Run a server that answers as many connections, each in its own way; yields its URL.

    ``ca.pem`` in the folder is the CA of its certificate, unless it has another ``pair``.
    """
    (folder / "ca.pem").write_bytes(to_pem(SERVER_CA.certificate))
    certificate, key = write_pair(folder, "server", pair) if pair else write_server_pair(folder)
    context, over = make_context(certificate, key, None), Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(answer: Answering) -> None:
        plain, _ = listener.accept()
        with plain, suppress(OSError, SSL.Error):
            connection = SSL.Connection(context, plain)
            connection.set_accept_state()
            if not hasattr(answer, "receives"):
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


def ok(body: bytes) -> Answering:
    """Answer one request and keep the connection."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return lambda _, connection: connection.sendall(head + body)


def noting(requests: list[bytes], body: bytes, header: bytes = b"") -> Answering:
    """Answer one request, and keep it."""

    def answer(over: Event, connection: SSL.Connection) -> None:
        requests.append(receive(connection))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), header, body))

    answer.receives = True  # type: ignore[attr-defined]  # the server leaves it the request
    return answer
