"""TLS that ends in Python: what nginx either refuses by itself, or never sends."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from tests.flask.attack_rows import BY_DN, DN, nginx_header
from tests.flask.authlib.authserver import AuthServer, make_authserver, metadata
from tests.tls import client_context, serving
from wsgi_mtls.testing import KeyPair, Profile, self_sign

from .remote import ENDPOINTS, store_confirmation
from .served import FORM, SOURCE

NOW, DAY = datetime.now(UTC), timedelta(days=1)


class Client:
    """Sends requests over TLS connections of their own."""

    def __init__(self, port: int) -> None:
        self.port = port

    def status(self, pair: KeyPair | None, path: str, body: str | None = None, **headers: str) -> int:
        connection = HTTPSConnection("127.0.0.1", self.port, context=client_context(pair), timeout=20)
        given = {"Content-Type": FORM, **{name.replace("_", "-"): value for name, value in headers.items()}}
        try:
            connection.request("GET" if body is None else "POST", path, body, given)
            return connection.getresponse().status
        finally:
            connection.close()


@contextmanager
def extension(config: Mapping[str, Any], ca: KeyPair, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Client]:
    from .flask_apps import extension

    (folder / "config.json").write_text(json.dumps(config))
    patch.chdir(folder)
    with serving(extension(), [ca.certificate]) as port:
        yield Client(port)


def test_row_47_certificate_of_a_proxy_that_speaks_tls(
    ca: KeyPair, billing: KeyPair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if it would authenticate the client: it is the proxy's, and the proxy says that there is none."""
    with extension({**SOURCE, "MTLS_CLIENTS": {"rp": BY_DN}}, ca, tmp_path, monkeypatch) as client:
        for headers in ({}, {"XClientCert": "NONE"}, {"XClientCert": ""}):
            assert client.status(billing, "/token", "client_id=rp", **headers) == 401
        certificate = {"XClientCert": nginx_header(billing.certificate)}
        assert client.status(ca.issue("CN=proxy"), "/token", "client_id=rp", **certificate) == 200


def test_row_47_through_the_example(ca: KeyPair, billing: KeyPair, mobile: KeyPair, tmp_path: Path) -> None:
    app = make_authserver(metadata(mobile), **SOURCE, SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/test.db")
    body = f"{ENDPOINTS['/oauth/token']}client_id=billing"
    with serving(app, [ca.certificate]) as port:
        client = Client(port)
        assert client.status(billing, "/oauth/token", body, XClientCert="NONE") == 401
        certificate = {"XClientCert": nginx_header(billing.certificate)}
        assert client.status(None, "/oauth/token", body, **certificate) == 200


@pytest.fixture(scope="module")
def expired() -> KeyPair:
    return self_sign(DN, Profile(not_before=NOW - 2 * DAY, not_after=NOW - DAY))


def test_row_43_certificate_that_has_expired_since(
    ca: KeyPair, billing: KeyPair, expired: KeyPair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = {"client_id": "rp", "cnf": {"x5t#S256": expired.certificate.thumbprint}}
    bearer = {"Authorization": f"Bearer {json.dumps(claims).encode().hex()}"}
    with extension({"MTLS_SOURCE": "mod_ssl", "MTLS_CLIENTS": {"rp": BY_DN}}, ca, tmp_path, monkeypatch) as client:
        assert client.status(expired, "/api", **bearer) == 200
        assert client.status(billing, "/api", **bearer) == 401
        assert client.status(expired, "/token", "client_id=rp") == 401


def test_row_43_through_the_example(
    ca: KeyPair, billing: KeyPair, mobile: KeyPair, expired: KeyPair, tmp_path: Path
) -> None:
    app = make_authserver(metadata(mobile), SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/test.db")
    server = AuthServer(app)
    token = server.token("billing", billing).get_json()["access_token"]
    store_confirmation(server, token, {"x5t#S256": expired.certificate.thumbprint})
    with serving(app, [ca.certificate]) as port:
        client = Client(port)
        assert client.status(expired, "/accounts", Authorization=f"Bearer {token}") == 200
        assert client.status(billing, "/accounts", Authorization=f"Bearer {token}") == 401
