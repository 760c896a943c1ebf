"""Row 57: nginx's cache, told to keep every page for a minute, shows no holder of a certificate another one's page."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from cheroot.wsgi import Server
from flask import Flask

from flask_mtls import MutualTLS, bound_token_required, certificate_required, peer_certificate
from wsgi_mtls import AccessTokenMiddleware, PeerMiddleware, sources
from wsgi_mtls.cli.terminators import DEPLOY, LOOPBACK, MTLS_HOST, LoopbackConnection, running
from wsgi_mtls.sources import PEER

from .cases import CASES
from .client import tls_context
from .conftest import IDLE_SECONDS, skip_without
from .pki import BILLING, OTHER, PKI

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NGINX = next(case for case in CASES if str(case) == "nginx+gunicorn")
SOURCE = sources.nginx(trusted_proxies=[LOOPBACK])
CACHE = "    proxy_cache_path @FOLDER@/pages keys_zone=pages:1m;\n"
CACHED = """            proxy_cache pages;
            proxy_cache_valid 200 1m;
            add_header X-Cache $upstream_cache_status;
"""


class Tokens:
    """Takes a token for the thumbprint of the certificate that it is bound to."""

    def decode(self, token: str, /) -> dict[str, Any]:
        return {"cnf": {"x5t#S256": token}}


def page(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    peer = environ.get(PEER)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"thumbprint": peer.certificate.thumbprint if peer else None}).encode()]


def long_lived_page(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer as :func:`page`, with what nginx reads before ``Cache-Control`` or instead of it."""

    def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
        long = [
            ("Expires", "Fri, 01 Jan 2100 00:00:00 GMT"),
            ("X-Accel-Expires", "60"),
            ("Cache-Control", "max-age=60"),
        ]
        return start_response(status, [*long, *headers], *exc_info)

    return page(environ, start)


def flask_app() -> Flask:
    app = Flask(__name__)
    app.config.update(MTLS_SOURCE=SOURCE, MTLS_TOKENS=Tokens())
    MutualTLS(app)

    def view() -> dict[str, Any]:
        return {"thumbprint": peer_certificate.certificate.thumbprint if peer_certificate else None}

    guards: dict[str, Any] = {
        "certificate": certificate_required(authorize=lambda peer: True),
        "optional": certificate_required(optional=True),
        "token": bound_token_required,
        "looks": lambda view: view,
    }
    for name, guard in guards.items():
        app.add_url_rule(f"/flask/{name}", name, guard(view))
    app.add_url_rule("/flask/public", "public", lambda: {"thumbprint": None})
    return app


def application() -> "WSGIApplication":
    paths: dict[str, WSGIApplication] = {
        "api": AccessTokenMiddleware(page, Tokens(), source=SOURCE, paths=["/api"]),
        "peer": PeerMiddleware(page, SOURCE),
        "long": PeerMiddleware(long_lived_page, SOURCE),
        "flask": flask_app(),
    }

    def dispatch(environ: "WSGIEnvironment", start_response: "StartResponse") -> Any:
        return paths.get(environ["PATH_INFO"].split("/")[1], page)(environ, start_response)

    return dispatch


@pytest.fixture(scope="module")
def port(pki: PKI, readable_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    skip_without(NGINX.missing())
    text = (DEPLOY / "nginx" / "nginx.conf").read_text()
    text = text.replace("http {\n", "http {\n" + CACHE)
    text = text.replace("        location / {\n", "        location / {\n" + CACHED)
    folder, deploy = readable_folder / "shared-cache", tmp_path_factory.mktemp("nginx")
    folder.mkdir(mode=0o755)
    (deploy / "nginx.conf").write_text(text)
    terminator = replace(NGINX.terminator, folder=str(deploy))
    server = Server((LOOPBACK, 0), application(), timeout=IDLE_SECONDS)
    server.prepare()
    thread = Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        with running(terminator, NGINX.terminator.program or "", folder, pki.files, server.bind_addr[1]) as port:
            yield port
    finally:
        server.stop()
        thread.join()


Get = Callable[[str | None, str], tuple[int, str | None, str | None]]


@pytest.fixture
def get(port: int, pki: PKI) -> Get:
    def get(holder: str | None, path: str) -> tuple[int, str | None, str | None]:
        """Return the status, the thumbprint on the page, and whether the cache had it."""
        connection = LoopbackConnection(MTLS_HOST, port, tls_context(pki, holder))
        thumbprint = pki.thumbprint(holder) if holder else "none"
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {thumbprint}"})
            response = connection.getresponse()
            page = json.loads(response.read() or b"{}")
            return response.status, page.get("thumbprint"), response.getheader("X-Cache")
        finally:
            connection.close()

    return get


@pytest.mark.parametrize("path", ["/api", "/peer", "/long", "/flask/token", "/flask/certificate", "/flask/looks"])
def test_row_57_each_holder_gets_its_own_page(get: Get, pki: PKI, path: str) -> None:
    for holder in (BILLING, OTHER, BILLING):
        assert get(holder, path) == (200, pki.thumbprint(holder), "MISS")


@pytest.mark.parametrize("path", ["/flask/optional", "/flask/looks"])
def test_row_57_a_page_for_nobody_is_shown_to_no_holder(get: Get, pki: PKI, path: str) -> None:
    path = f"{path}?nobody"
    for holder in (None, BILLING, None, OTHER):
        assert get(holder, path) == (200, pki.thumbprint(holder) if holder else None, "MISS")


def test_row_57_a_public_page_is_kept(get: Get) -> None:
    assert [get(None, "/flask/public")[2] for _ in range(2)] == ["MISS", "HIT"]
