"""The example behind nginx with two workers of gunicorn, driven by curl."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST, MTLS_HOST, TLSFiles

from .browser import Curl
from .process import behind_nginx


@pytest.fixture(scope="module")
def port(data: Path) -> Iterator[int]:
    files = TLSFiles(*(data / name for name in ("server.pem", "server.key", "ca.pem", "ca.pem")))
    with behind_nginx(data, files) as (tls_port, _):
        yield tls_port


@pytest.fixture
def curl(data: Path, port: int) -> Curl:
    return Curl(data, f"https://{MTLS_HOST}", port)


BILLING = {"grant_type": "client_credentials", "client_id": "billing", "scope": "accounts"}


def test_client_credentials(curl: Curl) -> None:
    status, tokens = curl("billing", "/o/token/", **BILLING)
    assert status == 200
    assert curl.accounts(tokens["access_token"], "billing") == (200, {"client_id": "billing", "user": None})
    for thief in (None, "web", "device"):
        assert curl.accounts(tokens["access_token"], thief)[0] == 401
        assert curl(thief, "/o/token/", **BILLING) == (401, {"error": "invalid_client"})


def test_code_refresh_introspection_revocation(curl: Curl, tmp_path: Path) -> None:
    callback = curl.callback("web", tmp_path / "cookies")
    assert curl.exchange("web", callback, "billing") == (401, {"error": "invalid_client"})
    assert curl.exchange("web", callback, None) == (401, {"error": "invalid_client"})
    status, tokens = curl.exchange("web", callback, "web")
    assert status == 200
    form = {"grant_type": "refresh_token", "client_id": "web", "refresh_token": tokens["refresh_token"]}
    assert curl("device", "/o/token/", **form) == (401, {"error": "invalid_client"})
    status, tokens = curl("web", "/o/token/", **form)
    assert status == 200
    assert curl.accounts(tokens["access_token"], "web") == (200, {"client_id": "web", "user": "anna"})
    # The introspecting client is self-signed, and no other one gets in with its id.
    asked = {"client_id": "api", "token": tokens["access_token"]}
    assert curl("device", "/o/introspect/", **asked) == (401, {"error": "invalid_client"})
    status, told = curl("api", "/o/introspect/", **asked)
    assert (status, told["active"], told["username"]) == (200, True, "anna")
    assert set(told["cnf"]) == {"x5t#S256"}
    revoked = {"client_id": "web", "token": tokens["access_token"]}
    assert curl("billing", "/o/revoke_token/", **revoked) == (401, {"error": "invalid_client"})
    assert curl("web", "/o/revoke_token/", **revoked)[0] == 200
    assert curl.accounts(tokens["access_token"], "web")[0] == 401
    assert curl("api", "/o/introspect/", **asked)[1] == {"active": False}


def test_rows_24_45_46_forged_headers(curl: Curl, data: Path, port: int) -> None:
    from urllib.parse import quote

    certificate = quote((data / "billing.pem").read_text(), safe="")
    forged: list[str] = []
    for name in ("XClientCert", "X-Client-Cert", "X_Client_Cert", "XClient_Cert"):
        forged += ["--header", f"{name}: SUCCESS {certificate}"]
    conventional = Curl(data, f"https://{CONVENTIONAL_HOST}", port)
    for to, pair in ((curl, None), (curl, "device"), (conventional, None)):
        assert to(pair, "/o/token/", *forged, **BILLING) == (401, {"error": "invalid_client"})
    assert curl("billing", "/o/token/", *forged, **BILLING)[0] == 200
