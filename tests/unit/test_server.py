"""The TLS server in Python: asks for a certificate, accepts any, and hands it to the application."""

import json
import socket
import ssl
import struct
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from http.client import HTTPSConnection
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.tls import client_context, serving, tls_post, write_bundle, write_server_pair
from wsgi_mtls import ClientCertificate
from wsgi_mtls.server import make_context, make_server
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ROOT = make_ca("CN=Root")
INTER = ROOT.issue("CN=Issuing", Profile(ca=True, extended_key_usage=()))


def show_environ(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    shown = {key: value for key, value in environ.items() if isinstance(value, str | bool)}
    return [json.dumps(shown).encode()]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(show_environ, [ROOT.certificate]) as port:
        yield port


def thumbprints(environ: dict[str, str], *names: str) -> list[str]:
    return [ClientCertificate.from_pem(environ[name]).thumbprint for name in names]


def test_validated(port: int) -> None:
    pair = INTER.issue("CN=a")
    environ = tls_post(port, pair).json
    assert environ["SSL_CLIENT_VERIFY"] == "SUCCESS"
    assert thumbprints(environ, "SSL_CLIENT_CERT", "SSL_CLIENT_CERT_CHAIN_0") == [
        pair.certificate.thumbprint,
        INTER.certificate.thumbprint,
    ]
    assert "SSL_CLIENT_CERT_CHAIN_1" not in environ
    assert environ["wsgi.url_scheme"] == "https"


def test_no_certificate(port: int) -> None:
    environ = tls_post(port).json
    assert environ["SSL_CLIENT_VERIFY"] == "NONE"
    assert "SSL_CLIENT_CERT" not in environ


NOT_VALIDATED = {
    "self-signed": self_sign("CN=a"),
    "another CA": make_ca("CN=Root").issue("CN=a"),
    "intermediate missing": KeyPair(*(lambda p: (p.certificate, p.key))(INTER.issue("CN=a"))),
    "issued by a leaf": INTER.issue("CN=leaf").issue("CN=a"),
}


@pytest.mark.parametrize("name", NOT_VALIDATED)
def test_not_validated(port: int, name: str) -> None:
    """The first error is reported, although later callbacks report success."""
    environ = tls_post(port, NOT_VALIDATED[name]).json
    assert environ["SSL_CLIENT_VERIFY"].startswith("FAILED:")
    assert thumbprints(environ, "SSL_CLIENT_CERT") == [NOT_VALIDATED[name].certificate.thumbprint]


def test_an_untrusted_root_sent_along_makes_nothing_valid(port: int) -> None:
    foreign = make_ca("CN=Root")
    pair = foreign.issue("CN=a")
    environ = tls_post(port, KeyPair(pair.certificate, pair.key, (foreign.certificate,))).json
    assert environ["SSL_CLIENT_VERIFY"].startswith("FAILED:")
    assert thumbprints(environ, "SSL_CLIENT_CERT_CHAIN_0") == [foreign.certificate.thumbprint]


def test_without_a_bundle_nothing_is_valid() -> None:
    with serving(show_environ) as port:
        assert tls_post(port, INTER.issue("CN=a")).json["SSL_CLIENT_VERIFY"].startswith("FAILED:")


def test_no_header_makes_its_keys(port: int) -> None:
    forged = {"SSL_CLIENT_VERIFY": "SUCCESS", "SSL-CLIENT-CERT": "x", "SSL_CLIENT_CERT_CHAIN_0": "x"}
    environ = tls_post(port, headers=forged).json
    assert environ["SSL_CLIENT_VERIFY"] == "NONE"
    assert not {"SSL_CLIENT_CERT", "SSL_CLIENT_CERT_CHAIN_0"} & environ.keys()


REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def _converse(port: int, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> tuple[ssl.SSLSocket, str]:
    """Make a request, so that tickets would have come; return the closed socket and the status that it got."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as connection,
    ):
        connection.sendall(REQUEST)
        answer = b""
        while b'"SSL_CLIENT_VERIFY"' not in answer:
            answer += connection.recv(65536)
        status = answer.partition(b'"SSL_CLIENT_VERIFY": "')[2].partition(b'"')[0].decode()
        return connection, status


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_not_resumed(port: int, version: ssl.TLSVersion) -> None:
    context = client_context(INTER.issue("CN=a"))
    context.minimum_version = context.maximum_version = version
    first, status = _converse(port, context)
    assert status == "SUCCESS"
    if version is ssl.TLSVersion.TLSv1_2:
        assert first.session is None or not first.session.has_ticket
    second, status = _converse(port, context, first.session)
    assert not second.session_reused
    assert status == "SUCCESS"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_refused(port: int, version: ssl.TLSVersion) -> None:
    context = client_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol|alert"):
        _converse(port, context)
    current = client_context()
    current.maximum_version = ssl.TLSVersion.TLSv1_2
    assert _converse(port, current)[1] == "NONE"


def test_keep_alive_keeps_the_connections_certificate(port: int) -> None:
    context = client_context(self_sign("CN=a"))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        for _ in range(3):
            connection.sendall(REQUEST)
            answer = b""
            while b"}" not in answer:
                answer += connection.recv(65536)
            assert b'"SSL_CLIENT_VERIFY": "FAILED:' in answer


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    certificate, key = write_server_pair(tmp_path)
    return {"certificate": certificate, "private_key": key, "client_ca": write_bundle(tmp_path, [ROOT.certificate])}


@pytest.mark.parametrize(
    ("role", "wrong", "says"),
    [
        ("certificate", "private_key", "server.key must hold the server's certificate"),
        ("private_key", "certificate", "server.pem must hold the private key of .*server.pem in PEM"),
        ("client_ca", "private_key", "server.key must hold CA certificates"),
    ],
)
def test_files_that_do_not_fit(files: dict[str, Path], role: str, wrong: str, says: str) -> None:
    assert make_context(**files)
    with pytest.raises(ValueError, match=says):
        make_server(show_environ, **files | {role: files[wrong]})  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["certificate", "private_key", "client_ca"])
def test_files_that_are_not_there(files: dict[str, Path], role: str) -> None:
    assert make_server(show_environ, **files)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match="no-such-file"):
        make_server(show_environ, **files | {role: Path("no-such-file")})  # type: ignore[arg-type]


def test_a_key_with_a_passphrase(files: dict[str, Path], tmp_path: Path) -> None:
    key = load_pem_private_key(files["private_key"].read_bytes(), None)
    encrypted = tmp_path / "encrypted.key"
    encrypted.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    with pytest.raises(ValueError, match=r"encrypted.key must hold .* without a passphrase"):
        make_context(files["certificate"], encrypted, None)


def test_connections_that_say_nothing_hold_up_no_other(port: int) -> None:
    with ExitStack() as idle:
        for _ in range(12):
            idle.enter_context(socket.create_connection(("127.0.0.1", port)))
        connection = HTTPSConnection("127.0.0.1", port, context=client_context(), timeout=8)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()


@pytest.mark.parametrize("gently", [True, False])
def test_a_client_that_leaves_amid_its_body(gently: bool, capfd: pytest.CaptureFixture[str]) -> None:
    reading, read = Event(), Event()

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        reading.set()
        try:
            environ["wsgi.input"].read(100)
        finally:
            read.set()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * 100_000]

    with serving(app) as port, socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
        connection = client_context().wrap_socket(plain, server_hostname="127.0.0.1")
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
        assert reading.wait(20)
        if not gently:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        assert read.wait(20)
    assert capfd.readouterr().err == ""


def test_an_application_that_fails_is_still_told(capfd: pytest.CaptureFixture[str]) -> None:
    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        raise RuntimeError("of the application's own")

    with serving(app) as port:
        assert tls_post(port).status == 500
    assert "of the application's own" in capfd.readouterr().err
