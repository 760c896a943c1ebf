"""The faults of cheroot that ``wsgi_mtls.hardening`` repairs, seen in cheroot itself.

A test that fails here means that cheroot has mended a fault: delete the repair that it names, once the oldest release
that we support has none of it.
"""

import logging
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from cheroot.server import HeaderReader, HTTPConnection
from cheroot.ssl.pyopenssl import pyOpenSSLAdapter
from cheroot.wsgi import Server
from OpenSSL import SSL

from tests.tls import write_server_pair


def mended(module: str) -> str:
    """Return what to do about a fault that cheroot has no more."""
    return f"cheroot {version('cheroot')} has mended this: delete its part of wsgi_mtls/hardening/{module}.py."


def raises(call: Callable[[], object]) -> str | None:
    """Return the name of the class of what a call raises."""
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return None


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> SSL.Context:
    certificate, key = write_server_pair(tmp_path_factory.mktemp("server"))
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate_chain_file(str(certificate))
    context.use_privatekey_file(str(key))
    return context


@pytest.fixture
def connected(context: SSL.Context) -> Iterator[SSL.Connection]:
    """A connection of cheroot's whose client has finished its handshake, and sends nothing."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        server, client = SSL.Connection(context, ours), SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), theirs)
        server.set_accept_state()
        client.set_connect_state()
        steps: list[Callable[[], object]] = [client.do_handshake, lambda: server.recv(1)]
        for step in steps * 2:
            with suppress(SSL.WantReadError):
                step()
        yield server


@pytest.mark.parametrize("name", [b"XClientCert\t", b"\x0bXClientCert", b"XClientCert "])
def test_names_that_are_stripped(name: bytes) -> None:
    lines = BytesIO(b"XClientCert: genuine\r\n" + name + b": forged\r\n\r\n")
    headers: dict[bytes, bytes] = HeaderReader()(lines)
    assert headers == {b"Xclientcert": b"forged"}, mended("header_names")


def test_name_that_is_written_as_another() -> None:
    headers: dict[bytes, bytes] = HeaderReader()(BytesIO(b"X\xdflClientDer: forged\r\n\r\n"))
    assert [name.decode("latin-1").upper() for name in headers] == ["XSSLCLIENTDER"], mended("header_names")


def test_body_that_comes_later(connected: SSL.Connection) -> None:
    adapter = pyOpenSSLAdapter(None, None)
    assert raises(lambda: adapter.makefile(connected, "rb", 8192).read(1)) == "WantReadError", mended("streams")


# The writer tries again when it is deleted, which Python 3.13 reports.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_body_that_does_not_fit_into_the_sockets_buffers(connected: SSL.Connection) -> None:
    writer = pyOpenSSLAdapter(None, None).makefile(connected, "wb", 8192)
    assert raises(lambda: writer.write(b"x" * 10_000_000)) == "WantWriteError", mended("streams")


def test_description_of_the_server_that_warns(tmp_path: Path) -> None:
    certificate, key = write_server_pair(tmp_path)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        pyOpenSSLAdapter(str(certificate), str(key)).get_environ()  # type: ignore[no-untyped-call]
    assert any(issubclass(warning.category, DeprecationWarning) for warning in found), mended("streams")


def test_client_that_leaves_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    Server(("127.0.0.1", 0), None).error_log("The client is gone.", logging.INFO)
    assert capfd.readouterr().err, mended("stopping")


def test_stop_amid_a_handshake(context: SSL.Context) -> None:
    taken = Event()

    class Connection(HTTPConnection):
        def communicate(self) -> Any:
            taken.set()
            return super().communicate()  # type: ignore[no-untyped-call]

    server = Server(("127.0.0.1", 0), None, numthreads=1, shutdown_timeout=0)
    server.ConnectionClass = Connection
    server.ssl_adapter = pyOpenSSLAdapter(None, None)
    server.ssl_adapter.context = context
    server.prepare()
    thread = Thread(target=server.serve)
    thread.start()
    with socket.create_connection(server.bind_addr, timeout=20):
        assert taken.wait(20)
        raised = raises(server.stop)
    thread.join()
    assert raised == "Error", mended("stopping")
