"""ATTACKS.md over real TLS: nginx, gunicorn with two workers, the Flask extension and the Authlib example."""

import base64
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.flask.attack_rows import BY_DN, DN, PKI, REQUESTS, ROW_IDS, RequestRow, Row, pem_header, rows
from tests.flask.authserver import REDIRECT, VERIFIER, AuthServer, make_authserver, metadata
from wsgi_mtls.cli.terminators import (
    CONVENTIONAL_HOST,
    LOOPBACK,
    MTLS_HOST,
    TERMINATORS,
    LoopbackConnection,
    TLSFiles,
    free_port,
    running,
)
from wsgi_mtls.testing import SERVER_AUTH, KeyPair, Profile, make_ca, self_sign, to_pem

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
FORM = "application/x-www-form-urlencoded"
SHARED = {
    "grant_types": ["client_credentials", "authorization_code", "refresh_token"],
    "response_types": ["code"],
    "redirect_uris": [REDIRECT],
    "scope": "accounts introspection",
    "tls_client_certificate_bound_access_tokens": True,
}
NO_STATUS = 0


@dataclass(frozen=True)
class Served:
    """An application behind nginx, and who may connect."""

    folder: Path
    files: TLSFiles
    port: int
    app_port: int

    def send(
        self,
        pair: KeyPair | None,
        path: str,
        body: str | None = None,
        *,
        host: str = MTLS_HOST,
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
    ) -> tuple[int, Any]:
        """Return the status and what JSON came; status 0 where TLS already failed."""
        connection = LoopbackConnection(host, self.port, self._context(pair))
        given = {"Content-Type": FORM, **(headers or {})}
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, body, given)
            response = connection.getresponse()
            content = response.read()
        except (ssl.SSLError, ConnectionError, HTTPException):
            return NO_STATUS, None
        finally:
            connection.close()
        try:
            return response.status, json.loads(content)
        except ValueError:
            return response.status, None

    def straight(self, path: str, body: str, headers: Mapping[str, str], source: str) -> int:
        """Go past nginx, to gunicorn itself."""
        connection = HTTPConnection(LOOPBACK, self.app_port, timeout=10, source_address=(source, 0))
        try:
            connection.request("POST", path, body, {"Content-Type": FORM, **headers})
            return connection.getresponse().status
        finally:
            connection.close()

    def _context(self, pair: KeyPair | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.files.server_ca)
        if pair is not None:
            name = self.folder / pair.certificate.thumbprint.lstrip("-")
            certificate, key = name.with_suffix(".pem"), name.with_suffix(".key")
            certificate.write_bytes(pair.certificate_pem)
            key.write_bytes(pair.key_pem)
            context.load_cert_chain(certificate, key)
        return context


@pytest.fixture(scope="module")
def files(readable_folder: Path, ca: KeyPair) -> TLSFiles:
    folder = readable_folder / "flask-pki"
    folder.mkdir()
    server_ca = make_ca("CN=Server CA")
    profile = Profile(san_dns=[MTLS_HOST, CONVENTIONAL_HOST], extended_key_usage=SERVER_AUTH)
    server = server_ca.issue("CN=server", profile)
    contents = {"server.pem": server.certificate_pem, "server.key": server.key_pem,
                "client-ca.pem": to_pem(ca.certificate), "server-ca.pem": to_pem(server_ca.certificate)}  # fmt: skip
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return TLSFiles(*(folder / name for name in contents))


@contextmanager
def behind_nginx(app: str, config: Mapping[str, Any], folder: Path, files: TLSFiles) -> Iterator[Served]:
    """Run an application of ``flask_apps`` with two workers behind nginx."""
    nginx = TERMINATORS["nginx"]
    if nginx.program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("nginx is not installed: apt install nginx")
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    port = free_port()
    paths = [HERE, ROOT, ROOT / "examples" / "flask_authlib"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--no-control-socket"]
    command += ["--bind", f"{LOOPBACK}:{port}", f"flask_apps:{app}()"]
    with (folder / "gunicorn.log").open("wb") as log:
        gunicorn = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log)
    try:
        with running(nginx, nginx.program or "", folder, files, port) as tls_port:
            yield Served(folder, files, tls_port, port)
    finally:
        gunicorn.terminate()
        gunicorn.wait()


SOURCE = {"MTLS_SOURCE": "nginx", "MTLS_TRUSTED_PROXIES": [LOOPBACK]}


@pytest.fixture(scope="module")
def table(ca: KeyPair) -> dict[str, Row]:
    return rows(ca)


@pytest.fixture(scope="module")
def mobile() -> KeyPair:
    return self_sign("CN=mobile")


@pytest.fixture(scope="module")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue(DN)


def clients_of(table: Mapping[str, Row]) -> dict[str, Mapping[str, object]]:
    """Register one client for each row, and those of the rows about requests."""
    other = {**PKI, "tls_client_auth_san_dns": "other.example.com"}
    return {"rp": BY_DN, "other": other, **{f"rp-{row_id}": row.client for row_id, row in table.items()}}


@pytest.fixture(scope="module")
def extension(table: dict[str, Row], readable_folder: Path, files: TLSFiles) -> Iterator[Served]:
    config = {**SOURCE, "MTLS_CLIENTS": clients_of(table)}
    with behind_nginx("extension", config, readable_folder / "extension", files) as served:
        yield served


@pytest.fixture(scope="module")
def example(
    table: dict[str, Row], mobile: KeyPair, readable_folder: Path, files: TLSFiles
) -> Iterator[tuple[Served, AuthServer]]:
    folder = readable_folder / "authserver"
    folder.mkdir()
    config = {
        **SOURCE,
        "SECRET_KEY": "test",
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/test.db",
        "ISSUER": f"https://{MTLS_HOST}",
    }
    registered = {name: {**SHARED, **client} for name, client in clients_of(table).items()}
    in_process = AuthServer(make_authserver({**metadata(mobile), **registered}, **config))
    with behind_nginx("authserver", config, folder, files) as served:
        yield served, in_process


def check_certificates(served: Served, path: str, extra: str, row: Row, client_id: str) -> None:
    body = f"{extra}client_id={client_id}"
    for came in row.refused:
        if came.verified and came.pair is not None and row.number == 7:
            continue  # only where that very certificate stands in the CA bundle
        status, answer = served.send(came.pair, path, body)
        assert status in (NO_STATUS, 400, 401), answer
        assert status != 401 or answer["error"] == "invalid_client"
    for came in row.accepted:
        assert served.send(came.pair, path, body)[0] == 200


def check_request(served: Served, path: str, extra: str, row: RequestRow, pair: KeyPair) -> None:
    options = dict(row.options)
    headers = {"Content-Type": options.get("content_type", FORM), **options.get("headers", {})}
    query = f"?{options['query_string']}" if "query_string" in options else ""
    body = row.body if headers["Content-Type"].startswith("multipart") else f"{extra}{row.body}"
    if extra and headers["Content-Type"] != FORM:
        query = f"?{extra}"
    status, answer = served.send(pair, f"{path}{query}", body, headers=headers)
    assert (status, answer["error"]) == row.expected
    assert served.send(pair, path, f"{extra}client_id=rp")[0] == 200


def check_headers(served: Served, path: str, extra: str, pair: KeyPair) -> None:
    """Rows 24, 45, 46, 47: forged through nginx, through its conventional host, and past it."""
    body, certificate = f"{extra}client_id=rp", pem_header(pair.certificate)
    forged = {"X-SSL-Client-Cert": certificate, "X-SSL-Client-Verify": "SUCCESS"}
    aliases = {name.replace("-", "_"): value for name, value in forged.items()}
    for headers in (forged, aliases, {**forged, **aliases}, {**forged, "Connection": "X-SSL-Client-Verify"}):
        assert served.send(None, path, body, headers=headers)[0] == 401
        assert served.send(None, path, body, headers=headers, host=CONVENTIONAL_HOST)[0] == 401
        assert served.send(self_sign(DN), path, body, headers=headers)[0] == 401
    proto = {"X-Forwarded-Proto": "https"}
    assert served.straight(path, body, {**forged, **proto}, "127.0.0.2") == 401
    assert served.straight(path, body, {**forged, **proto}, LOOPBACK) == 200  # what the trusted proxy says, counts
    assert served.send(pair, path, body)[0] == 200


@pytest.mark.parametrize("row_id", ROW_IDS)
def test_certificates_through_the_extension(extension: Served, table: dict[str, Row], row_id: str) -> None:
    check_certificates(extension, "/token", "", table[row_id], f"rp-{row_id}")


ENDPOINTS = {
    "/oauth/token": "grant_type=client_credentials&",
    "/oauth/introspect": "token=x&",
    "/oauth/revoke": "token=x&",
}


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("row_id", ROW_IDS)
def test_certificates_through_the_example(
    example: tuple[Served, AuthServer], table: dict[str, Row], row_id: str, path: str
) -> None:
    check_certificates(example[0], path, ENDPOINTS[path], table[row_id], f"rp-{row_id}")


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: f"{row.number} {row.body[:20]} {row.options}")
def test_requests_through_the_extension(extension: Served, billing: KeyPair, row: RequestRow) -> None:
    check_request(extension, "/token", "", row, billing)


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: f"{row.number} {row.body[:20]} {row.options}")
def test_requests_through_the_example(example: tuple[Served, AuthServer], billing: KeyPair, row: RequestRow) -> None:
    check_request(example[0], "/oauth/token", ENDPOINTS["/oauth/token"], row, billing)


def test_headers_through_the_extension(extension: Served, billing: KeyPair) -> None:
    check_headers(extension, "/token", "", billing)
    seen = extension.send(billing, "/headers", headers={"X-SSL-Client-Cert": "mine"})[1]
    assert seen["X-Ssl-Client-Cert"] == pem_header(billing.certificate)


def test_headers_through_the_example(example: tuple[Served, AuthServer], billing: KeyPair) -> None:
    check_headers(example[0], "/oauth/token", ENDPOINTS["/oauth/token"], billing)


def bearer(claims: Mapping[str, object]) -> dict[str, str]:
    return {"Authorization": f"Bearer {json.dumps(claims).encode().hex()}"}


def test_rows_32_to_38_through_the_extension(extension: Served, billing: KeyPair, ca: KeyPair) -> None:
    renewed = ca.issue(DN, Profile(key=billing.key))
    bound = bearer({"client_id": "rp", "cnf": {"x5t#S256": billing.certificate.thumbprint}})
    for thief in (None, renewed, ca.issue(DN), self_sign(DN)):
        assert extension.send(thief, "/api", headers=bound)[0] == 401
    assert extension.send(billing, "/api", headers=bound, host=CONVENTIONAL_HOST)[0] == 401
    malformed: tuple[Any, ...] = ({}, None, [], {"x5t#S256": 7}, {"x5t#S256": ""}, {"jkt": "x"})
    for cnf in malformed:
        assert extension.send(billing, "/api", headers=bearer({"cnf": cnf}))[0] == 401
    assert extension.send(billing, "/api", headers=bearer({"client_id": "rp"}))[0] == 401
    assert extension.send(billing, "/api", headers=bound) == (200, {"client_id": "rp"})
    stranger = self_sign("CN=of no CA")
    own = bearer({"client_id": "rp", "cnf": {"x5t#S256": stranger.certificate.thumbprint}})
    assert extension.send(stranger, "/api", headers=own)[0] == 200


def test_row_48_through_the_extension(extension: Served, ca: KeyPair) -> None:
    pair = ca.issue("CN=x", Profile(san_dns=["other.example.com"]))
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert extension.send(pair, "/page", "a=b", headers=headers)[0] == 403
    for headers in ({}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": f"https://{MTLS_HOST}:{extension.port}"}):
        assert extension.send(pair, "/page", "a=b", headers=headers)[0] == 200


@pytest.mark.parametrize("path", ["//token", "/token/", "/Token", "/x/../token", "/token;a"])
def test_row_50_through_the_extension(extension: Served, billing: KeyPair, path: str) -> None:
    assert extension.send(None, path, "client_id=rp")[0] in (308, 401, 404)
    assert extension.send(billing, "/token", "client_id=rp")[0] == 200


class Remote:
    """The example's endpoints over TLS; users agree in process, on the same database."""

    def __init__(self, example: tuple[Served, AuthServer]) -> None:
        self.served, self.in_process = example

    def token(self, client_id: str, pair: KeyPair | None, secret: str | None = None, **form: str) -> tuple[int, Any]:
        fields = {"grant_type": "client_credentials", "scope": "accounts", **form}
        headers = {}
        if secret is None:
            fields["client_id"] = client_id
        else:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        return self.served.send(pair, "/oauth/token", urlencode(fields), headers=headers)

    def exchange(self, client_id: str, code: str, pair: KeyPair | None, secret: str | None = None) -> tuple[int, Any]:
        grant = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.token(client_id, pair, secret, code=code, **grant)

    def refresh(self, client_id: str, token: str, pair: KeyPair | None) -> tuple[int, Any]:
        return self.token(client_id, pair, grant_type="refresh_token", refresh_token=token)

    def accounts(self, token: str, pair: KeyPair | None, host: str = MTLS_HOST) -> int:
        return self.served.send(pair, "/accounts", headers={"Authorization": f"Bearer {token}"}, host=host)[0]


@pytest.fixture
def remote(example: tuple[Served, AuthServer]) -> Remote:
    return Remote(example)


def test_rows_27_28_grants_through_the_example(remote: Remote, billing: KeyPair, ca: KeyPair) -> None:
    assert remote.token("secretive", None, "s3cret") == (400, {"error": "invalid_request"})
    assert remote.token("secretive", billing, "s3cret")[0] == 200
    other = ca.issue("CN=other", Profile(san_dns=["other.example.com"]))
    code = remote.in_process.code("billing")
    assert remote.exchange("other", code, other)[1]["error"] == "invalid_grant"
    assert remote.exchange("billing", code, billing)[0] == 200
    assert remote.exchange("billing", code, billing)[1]["error"] == "invalid_grant"


def test_rows_29_to_33_tokens_through_the_example(remote: Remote, billing: KeyPair, ca: KeyPair) -> None:
    device, renewed = ca.issue("CN=device"), ca.issue(DN)
    public = remote.exchange("public", remote.in_process.code("public"), device)[1]
    for thief in (None, billing, ca.issue("CN=device", Profile(key=device.key))):
        status, answer = remote.refresh("public", public["refresh_token"], thief)
        assert status == 400
        assert answer["error"] in ("invalid_grant", "invalid_request")
    again = remote.refresh("public", public["refresh_token"], device)[1]
    assert remote.accounts(again["access_token"], device) == 200

    first = remote.exchange("billing", remote.in_process.code("billing"), billing)[1]
    assert remote.refresh("public", first["refresh_token"], device)[1]["error"] == "invalid_grant"
    second = remote.refresh("billing", first["refresh_token"], renewed)[1]
    for thief in (None, billing, self_sign(DN)):
        assert remote.accounts(second["access_token"], thief) == 401
    assert remote.accounts(second["access_token"], renewed, CONVENTIONAL_HOST) == 401
    assert remote.accounts(second["access_token"], renewed) == 200
    status, told = remote.served.send(
        renewed, "/oauth/introspect", urlencode({"client_id": "billing", "token": second["access_token"]})
    )
    assert (status, told["cnf"]) == (200, {"x5t#S256": renewed.certificate.thumbprint})
    revoked = urlencode({"client_id": "billing", "token": second["access_token"]})
    assert remote.served.send(billing, "/oauth/revoke", revoked)[0] == 200
    assert remote.accounts(second["access_token"], renewed) == 401


def test_self_signed_client_through_the_example(remote: Remote, mobile: KeyPair) -> None:
    status, answer = remote.token("mobile", mobile)
    assert status == 200
    assert remote.accounts(answer["access_token"], mobile) == 200
    assert remote.accounts(answer["access_token"], self_sign("CN=mobile")) == 401
    assert remote.token("mobile", self_sign("CN=mobile"))[0] == 401
