"""``wsgi-mtls check-profile``, against servers that publish metadata over TLS."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Request, Response

from tests.commands import fails, run
from tests.tls import SERVER_CA, serving, write_pair
from wsgi_mtls.cli.check_profile import metadata_urls
from wsgi_mtls.testing import make_ca, to_pem

from .test_fapi2 import RIGHT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

RFC8414 = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


class Server:
    """Publishes what a test puts there."""

    def __init__(self) -> None:
        self.documents: dict[str, Any] = {}
        self.url = ""
        self.with_certificate = False

    def app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return self.answer(Request(environ))(environ, start_response)

    def answer(self, request: Request) -> Response:
        self.with_certificate = "SSL_CLIENT_CERT" in request.environ
        document = self.documents.get(request.path)
        if document is None:
            return Response(status=404)
        return Response(document if isinstance(document, str) else json.dumps(document))

    def publish(self, **change: Any) -> None:
        self.documents[RFC8414] = {**RIGHT, "issuer": self.url, **change}


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    server = Server()
    with serving(server.app, [make_ca("CN=client CA").certificate]) as port:
        server.url = f"https://127.0.0.1:{port}"
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    running.documents = {}
    return running


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    file.write_bytes(to_pem(SERVER_CA.certificate))
    return file


def test_server_of_the_profile(server: Server, ca_file: Path) -> None:
    server.publish()
    for url in (server.url, f"{server.url}/", f"{server.url}{RFC8414}"):
        result = run("check-profile", "fapi2", url, "--ca", ca_file)
        assert result.exit_code == 0, result.output
        assert "0 of 13 requirements missing" in result.output
        assert "Not shown by metadata" in result.output


def test_gaps(server: Server, ca_file: Path) -> None:
    server.publish(require_pushed_authorization_requests=False)
    result = run("check-profile", "fapi2", server.url, "--ca", ca_file)
    assert result.exit_code == 1
    assert "missing  5.3.2.2 (3)" in result.output
    assert "require_pushed_authorization_requests is false" in result.output
    result = run("check-profile", "fapi2", server.url, "--ca", ca_file, "--json")
    assert result.exit_code == 1
    printed = json.loads(result.output)
    assert (printed["profile"], printed["issuer"], printed["met"]) == ("fapi2", server.url, False)
    assert [finding["section"] for finding in printed["findings"] if not finding["met"]] == ["5.3.2.2 (3)"]


def test_metadata_of_another_issuer(server: Server, ca_file: Path) -> None:
    server.publish(issuer="https://other.example.com")
    result = run("check-profile", "fapi2", server.url, "--ca", ca_file)
    assert result.exit_code == 1
    assert "missing  5.3.2.1 (1)" in result.output


def test_openid_provider(server: Server, ca_file: Path) -> None:
    server.documents[f"/tenant{OPENID}"] = {**RIGHT, "issuer": f"{server.url}/tenant"}
    assert run("check-profile", "fapi2", f"{server.url}/tenant", "--ca", ca_file).exit_code == 0


@pytest.mark.parametrize("document", ["{", "[]", "7", "[" * 1000])
def test_what_is_no_metadata(server: Server, ca_file: Path, document: str) -> None:
    server.documents[RFC8414] = document
    assert "Expected" in fails("check-profile", "fapi2", server.url, "--ca", ca_file)


def test_failures(server: Server, ca_file: Path, tmp_path: Path) -> None:
    assert "404" in fails("check-profile", "fapi2", server.url, "--ca", ca_file)
    server.publish()
    assert "CERTIFICATE_VERIFY_FAILED" in fails("check-profile", "fapi2", server.url)
    assert "https" in fails("check-profile", "fapi2", "http://127.0.0.1")
    fails("check-profile", "fapi2", server.url, "--ca", tmp_path / "none.pem")
    fails("check-profile", "fapi2", server.url, "--ca", ca_file, "--certificate", ca_file)
    fails("check-profile", "fapi3", server.url)


def test_client_certificate(server: Server, ca_file: Path, tmp_path: Path) -> None:
    server.publish()
    certificate, key = write_pair(tmp_path, "client", make_ca("CN=client CA").issue("CN=x"))
    for options, came in (([], False), (["--certificate", certificate, "--private-key", key], True)):
        assert run("check-profile", "fapi2", server.url, "--ca", ca_file, *options).exit_code == 0
        assert server.with_certificate is came


@pytest.mark.parametrize(("url", "first"), [
    ("https://as.example.com", ("https://as.example.com" + RFC8414, "https://as.example.com")),
    ("https://as.example.com/a/", (f"https://as.example.com{RFC8414}/a", "https://as.example.com/a/")),
    (f"https://as.example.com{RFC8414}/a", (f"https://as.example.com{RFC8414}/a", "https://as.example.com/a")),
    (f"https://as.example.com/a{OPENID}", (f"https://as.example.com/a{OPENID}", "https://as.example.com/a")),
])  # fmt: skip
def test_where_metadata_are(url: str, first: tuple[str, str]) -> None:
    assert metadata_urls(url)[0] == first
