"""Servers that end TLS themselves, each really running."""

import json
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
from werkzeug.serving import make_server

from tests.tls import client_context, tls_post, write_bundle, write_server_pair
from wsgi_mtls import sources
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

KNOWN = self_sign("CN=known")
SOURCE = sources.wsgi_server()


def show_peer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer with what the source finds."""
    peer = SOURCE(environ)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(peer and [peer.certificate.thumbprint, peer.verified]).encode()]


def _context(folder: Path, trusted: KeyPair) -> ssl.SSLContext:
    context = ssl.create_default_context(
        ssl.Purpose.CLIENT_AUTH, cafile=str(write_bundle(folder, [trusted.certificate, KNOWN.certificate]))
    )
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_cert_chain(*write_server_pair(folder))
    return context


@contextmanager
def _werkzeug(folder: Path, trusted: KeyPair) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, show_peer, threaded=True, ssl_context=_context(folder, trusted))
    server.log = lambda *_: None  # type: ignore[method-assign]
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _cheroot(folder: Path, trusted: KeyPair) -> Iterator[int]:
    server = Server(("127.0.0.1", 0), show_peer)
    server.ssl_adapter = BuiltinSSLAdapter(*map(str, write_server_pair(folder)))
    server.ssl_adapter.context = _context(folder, trusted)
    server.prepare()
    thread = Thread(target=server.serve)
    thread.start()
    try:
        yield server.bind_addr[1]
    finally:
        server.stop()
        thread.join()


def _gunicorn(worker: str) -> Callable[[Path, KeyPair], AbstractContextManager[int]]:
    @contextmanager
    def running(folder: Path, trusted: KeyPair) -> Iterator[int]:
        pytest.importorskip("gunicorn")
        certificate, key = write_server_pair(folder)
        bundle = write_bundle(folder, [trusted.certificate, KNOWN.certificate])
        config = folder / "gunicorn.conf.py"
        # Tells the port that it was given: no port is guessed, and nothing is waited for in vain.
        config.write_text("def when_ready(server):\n    print(server.LISTENERS[0].getsockname()[1], flush=True)\n")
        command = [sys.executable, "-m", "gunicorn", "tests.unit.sources.test_servers:show_peer"]
        options = [f"--config={config}", f"--worker-class={worker}", "--bind=127.0.0.1:0", "--log-level=critical"]
        tls = [f"--certfile={certificate}", f"--keyfile={key}", f"--ca-certs={bundle}", "--cert-reqs=1"]
        process = subprocess.Popen(
            [*command, *options, *tls],
            cwd=Path(__file__).parents[3],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            yield int(line)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)

    return running


RUN: dict[str, Callable[[Path, KeyPair], AbstractContextManager[int]]] = {
    "werkzeug": _werkzeug,
    "cheroot": _cheroot,
    "gunicorn sync": _gunicorn("sync"),
    "gunicorn gthread": _gunicorn("gthread"),
}


@pytest.fixture(scope="module", params=RUN, ids=str)
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, ca: KeyPair) -> Iterator[int]:
    with RUN[request.param](tmp_path_factory.mktemp("server"), ca) as port:
        yield port


def test_certificate_of_the_ca(port: int, ca: KeyPair) -> None:
    pair = ca.issue("CN=a", Profile(san_dns=["a.example"]))
    assert tls_post(port, pair).json == [pair.certificate.thumbprint, True]


def test_no_certificate(port: int) -> None:
    assert tls_post(port).json is None


def test_no_header_makes_one(port: int, ca: KeyPair) -> None:
    pem = ca.certificate_pem.decode().replace("\n", "")
    forged = {"SSL_CLIENT_CERT": pem, "SSL-CLIENT-CERT": pem, "SSL-Client-Verify": "SUCCESS", "wsgi_mtls.peer": "x"}
    assert tls_post(port, headers=forged).json is None


def test_self_signed_in_the_ca_file(port: int) -> None:
    assert tls_post(port, KNOWN).json == [KNOWN.certificate.thumbprint, True]  # and the verifier takes it for no PKI


@pytest.mark.parametrize("pair", [self_sign("CN=known"), make_ca("CN=Test CA").issue("CN=a")])
def test_whatever_python_can_not_validate_gets_no_connection(port: int, pair: KeyPair) -> None:
    with pytest.raises(OSError, match=r"."):
        tls_post(port, pair)


def test_client_context_is_strict() -> None:
    assert client_context().verify_mode == ssl.CERT_REQUIRED
