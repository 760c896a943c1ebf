"""The Authlib example with ``FLASK_PROFILE=fapi2``, read as a reviewer of the FAPI 2.0 Security Profile does."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask

from tests.commands import run
from tests.tls import SERVER_CA, serving
from wsgi_mtls.jwks import jwk
from wsgi_mtls.profiles import check_fapi2
from wsgi_mtls.testing import KeyPair, to_pem

from .authserver import (
    ISSUER,
    REDIRECT,
    AuthServer,
    build_authserver,
    close_database,
    make_authserver,
    metadata,
    outcome,
)
from .pushed import REQUEST, decide, page, push, pushed
from .registering import PKI, register, registered

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BASIC = {"Authorization": "Basic c2VjcmV0aXZlOnMzY3JldA=="}  # secretive:s3cret
LOOPBACK = "http://127.0.0.1:4711/cb"
UNENCRYPTED = "http://client.example.com/cb"


@pytest.fixture
def server(mobile: KeyPair) -> AuthServer:
    clients = metadata(mobile)
    clients["billing"]["tls_client_certificate_bound_access_tokens"] = False
    clients["loopback"] = {**clients["billing"], "redirect_uris": [LOOPBACK]}
    clients["unencrypted"] = {**clients["billing"], "redirect_uris": [UNENCRYPTED]}
    clients["tricky"] = {**clients["billing"], "redirect_uris": ["http://127.0.0.1:x@evil.example.com/cb"]}
    return AuthServer(make_authserver(clients, PROFILE="fapi2"))


def code(server: AuthServer, client_id: str, pair: KeyPair, **change: Any) -> dict[str, str]:
    reference = pushed(server, client_id, pair, **change)
    browser = server.app.test_client()
    answer = decide(browser, client_id, reference, page(browser, client_id, reference))
    assert answer.status_code == 303  # section 5.3.2.2 (10, 11)
    return dict(parse_qsl(urlsplit(answer.location).query))


def published(server: AuthServer) -> dict[str, object]:
    found = server.app.test_client().get("/.well-known/oauth-authorization-server", base_url=ISSUER).get_json()
    assert isinstance(found, dict)
    return found


def test_metadata_lack_nothing(server: AuthServer) -> None:
    assert [finding for finding in check_fapi2(published(server), ISSUER) if not finding.is_met] == []


def test_what_the_plain_example_lacks(make: Any) -> None:
    findings = check_fapi2(published(make()), ISSUER)
    missing = [finding.section for finding in findings if not finding.is_met]
    assert missing == ["5.3.2.1 (3)", "5.3.2.1 (6)", "5.3.2.2 (3)"]


def test_check_profile_over_tls(mobile: KeyPair, tmp_path: Path) -> None:
    running: list[Flask] = []

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return running[0](environ, start_response)

    (tmp_path / "ca.pem").write_bytes(to_pem(SERVER_CA.certificate))
    with serving(app) as port:
        issuer = f"https://127.0.0.1:{port}"
        for profile, code in (("fapi2", 0), ("plain", 1)):
            url = f"sqlite:///{tmp_path}/{profile}.db"
            config = {"PROFILE": profile, "ISSUER": issuer, "SQLALCHEMY_DATABASE_URI": url}
            running[:] = [build_authserver(metadata(mobile), config)]
            result = run("check-profile", "fapi2", issuer, "--ca", tmp_path / "ca.pem")
            close_database(running[0])
            assert result.exit_code == code, result.output


def test_code_of_a_pushed_request(server: AuthServer, billing: KeyPair) -> None:
    """Sections 5.3.2.1 (4, 9) and 5.3.2.2 (7, 9): bound, although the client did not register that; no rotation."""
    found = code(server, "billing", billing)
    assert found["iss"] == ISSUER
    tokens = server.exchange("billing", found["code"], billing).get_json()
    assert server.accounts(tokens["access_token"], billing).status_code == 200
    assert server.accounts(tokens["access_token"]).status_code == 401
    again = server.refresh("billing", tokens["refresh_token"], billing).get_json()
    assert "refresh_token" not in again
    assert server.refresh("billing", tokens["refresh_token"], billing).status_code == 200
    assert outcome(server.exchange("billing", found["code"], billing)) == (400, "invalid_grant")


def test_request_that_was_not_pushed(server: AuthServer) -> None:
    """Section 5.3.2.2 (3)."""
    query = {"client_id": "billing", **REQUEST}
    answer = server.app.test_client().get("/oauth/authorize", query_string=query, base_url=ISSUER)
    assert answer.status_code == 303
    assert dict(parse_qsl(urlsplit(answer.location).query))["error"] == "invalid_request"


@pytest.mark.parametrize("change", [
    {"redirect_uri": None},
    {"redirect_uri": ""},
    {"redirect_uri": f"{REDIRECT}/"},
    {"redirect_uri": f"{REDIRECT}?a=b"},
    {"redirect_uri": REDIRECT.upper()},
    {"code_challenge": None},
    {"code_challenge_method": "plain"},
    {"code_challenge_method": None, "code_challenge": None},
])  # fmt: skip
def test_what_cannot_be_pushed(server: AuthServer, billing: KeyPair, change: dict[str, Any]) -> None:
    """Section 5.3.2.2 (5, 6)."""
    assert outcome(push(server, "billing", billing, change)) == (400, "invalid_request")


def test_unencrypted_redirect_uris(server: AuthServer, billing: KeyPair) -> None:
    """Section 5.3.2.2 (8), also of a client that was registered before the profile was switched on."""
    assert code(server, "loopback", billing, redirect_uri=LOOPBACK)["code"]
    for client_id, uri in (("unencrypted", UNENCRYPTED), ("tricky", "http://127.0.0.1:x@evil.example.com/cb")):
        assert outcome(push(server, client_id, billing, {"redirect_uri": uri})) == (400, "invalid_request")
    assert outcome(register(server, {**PKI, "redirect_uris": [UNENCRYPTED]})) == (400, "invalid_redirect_uri")
    assert registered(server, {**PKI, "redirect_uris": [REDIRECT, LOOPBACK]})


def test_clients_of_other_methods(server: AuthServer, billing: KeyPair, mobile: KeyPair) -> None:
    """Section 5.3.2.1 (3, 6), also of clients that were registered before."""
    assert outcome(server.token("secretive", billing, secret="s3cret")) == (401, "invalid_client")
    assert outcome(push(server, "secretive", billing, headers=BASIC)) == (401, "invalid_client")
    assert outcome(push(server, "public", billing)) == (401, "invalid_client")
    assert outcome(server.post("/oauth/introspect", {"token": "x"}, billing, headers=BASIC)) == (401, "invalid_client")
    assert outcome(server.post("/oauth/revoke", {"token": "x", "client_id": "public"}, billing)) == (
        401,
        "invalid_client",
    )
    for method in ("client_secret_basic", "none", "private_key_jwt"):
        answer = register(server, {"token_endpoint_auth_method": method, "redirect_uris": [REDIRECT]})
        assert outcome(answer) == (400, "invalid_client_metadata")
    assert outcome(register(server, {"redirect_uris": [REDIRECT]})) == (400, "invalid_client_metadata")
    keys = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [jwk(mobile.certificate)]}}
    assert registered(server, {**keys, "redirect_uris": [REDIRECT]})
    assert server.token("mobile", mobile).status_code == 200


@pytest.mark.parametrize("profile", ["plain", "fapi2"])
def test_code_lives_a_minute(mobile: KeyPair, billing: KeyPair, monkeypatch: pytest.MonkeyPatch, profile: str) -> None:
    """Section 5.3.2.1 (11)."""
    server = AuthServer(make_authserver(metadata(mobile), PROFILE=profile))
    found, made = code(server, "billing", billing), time.time()
    monkeypatch.setattr("authserver.models.time", Clock(made + 61))
    assert outcome(server.exchange("billing", found["code"], billing)) == (400, "invalid_grant")
    monkeypatch.setattr("authserver.models.time", Clock(made + 30))
    assert server.exchange("billing", found["code"], billing).status_code == 200


class Clock:
    """A module of time that does not move."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now


def test_profile_that_there_is_not(make: Any) -> None:
    with pytest.raises(ValueError, match="FLASK_PROFILE"):
        make(PROFILE="fapi3")
