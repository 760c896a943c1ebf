"""What each answer of the Authlib example has, accepted or not: RFC 6749 section 5, RFC 8414, RFC 9700."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from wsgi_mtls.testing import KeyPair

from .authserver import ISSUER, AuthServer, outcome
from .pushed import REQUEST, page, push, pushed
from .registering import MACHINE, at, put, register, registered, send


@pytest.fixture
def server(make: Callable[..., AuthServer]) -> AuthServer:
    return make(MTLS_BASE="https://mtls.example.com")


def answers(server: AuthServer, billing: KeyPair) -> dict[str, TestResponse]:
    """Ask every endpoint that clients call for something right and for something wrong."""
    token = server.token("billing", billing)
    named = {"client_id": "billing", "token": token.get_json()["access_token"]}
    found = registered(server, MACHINE)
    own = found["registration_access_token"]
    return {
        "token": token,
        "token, no certificate": server.token("billing"),
        "token, unknown grant": server.token("billing", billing, grant_type="password"),
        "token, no grant": server.token("billing", billing, grant_type=""),
        "token, odd grant": server.token("billing", billing, grant_type='\u00e9"\\'),
        "token, wrong scope": server.token("billing", billing, scope="everything"),
        "token, wrong code": server.exchange("billing", "x", billing),
        "token, wrong refresh token": server.refresh("billing", "x", billing),
        "introspection": server.post("/oauth/introspect", named, billing),
        "introspection, no token": server.post("/oauth/introspect", {"client_id": "billing"}, billing),
        "introspection, no certificate": server.post("/oauth/introspect", named),
        "revocation, no certificate": server.post("/oauth/revoke", named),
        "revocation, no token": server.post("/oauth/revoke", {"client_id": "billing"}, billing),
        "revocation": server.post("/oauth/revoke", named, billing),
        "pushed": push(server, "billing", billing),
        "pushed, wrong": push(server, "billing", billing, {"redirect_uri": "x"}),
        "registration": register(server, MACHINE),
        "registration, wrong": register(server, {"scope": 7}),
        "registration, no token": register(server, MACHINE, None),
        "read": send(server, "GET", at(found), own),
        "read, no token": send(server, "GET", at(found)),
        "update": put(server, found, {**MACHINE, "client_id": found["client_id"]}),
        "update, wrong": put(server, found, MACHINE),
        "delete": send(server, "DELETE", at(found), own),
    }


def test_no_cache_keeps_what_clients_are_told(server: AuthServer, billing: KeyPair) -> None:
    for name, answer in answers(server, billing).items():
        assert answer.headers["Cache-Control"] == "no-store", name
        assert answer.status_code < 500, name
        assert ("wrong" in name or "no " in name or "unknown" in name or "odd" in name) == (answer.status_code >= 400)
        if answer.status_code >= 400 and answer.data:
            assert answer.mimetype == "application/json", name
            assert answer.get_json()["error"], name


def test_challenges_name_a_scheme_that_the_endpoint_has(server: AuthServer, billing: KeyPair) -> None:
    """Mutual TLS has none to offer; the registration's is Bearer (RFC 6750)."""
    for name, answer in answers(server, billing).items():
        challenge = answer.headers.get("WWW-Authenticate")
        assert (challenge is not None) == (name in ("registration, no token", "read, no token")), name
        assert challenge is None or challenge.startswith("Bearer "), name


def test_tokens_are_not_taken_over_plain_http(server: AuthServer) -> None:
    found = registered(server, MACHINE)
    client, headers = server.app.test_client(), {"Authorization": f"Bearer {found['registration_access_token']}"}
    for method, path in (
        ("GET", at(found)),
        ("POST", "/oauth/register"),
        ("POST", "/oauth/par"),
        ("POST", "/oauth/token"),
    ):
        answer = client.open(path, method=method, headers=headers, base_url="http://as.example.com")
        assert outcome(answer) == (400, "insecure_transport"), path


def test_pages_of_the_browser(server: AuthServer, billing: KeyPair) -> None:
    reference = pushed(server, "billing", billing)
    browser = server.app.test_client()
    for answer in (
        page(browser, "billing", reference),
        browser.get("/oauth/authorize", query_string={"client_id": "billing", **REQUEST}, base_url=ISSUER),
    ):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_metadata_name_what_is_there(server: AuthServer) -> None:
    """RFC 8414: each endpoint answers, and has its alias where clients go by themselves."""
    browser = server.app.test_client()
    answer = browser.get("/.well-known/oauth-authorization-server", base_url=ISSUER)
    assert answer.mimetype == "application/json"
    found: dict[str, Any] = answer.get_json()
    endpoints = {name: url for name, url in found.items() if name.endswith("_endpoint")}
    for url in endpoints.values():
        path = url.removeprefix(ISSUER)
        assert {browser.open(path, method=method, base_url=ISSUER).status_code for method in ("GET", "POST")} - {
            404,
            500,
        }
        assert browser.get(path, base_url=ISSUER).status_code != 404
    aliases = found["mtls_endpoint_aliases"]
    assert aliases.keys() == endpoints.keys() - {"authorization_endpoint"}
    assert all(url == endpoints[name].replace(ISSUER, "https://mtls.example.com") for name, url in aliases.items())
    methods = ["tls_client_auth", "self_signed_tls_client_auth", "client_secret_basic", "none"]
    assert found["token_endpoint_auth_methods_supported"] == methods
    assert found["revocation_endpoint_auth_methods_supported"] == methods
    assert found["introspection_endpoint_auth_methods_supported"] == methods[:-1]
    assert found["response_types_supported"] == ["code"]
    assert outcome(register_with(server, found)) == (201, None)


def register_with(server: AuthServer, found: dict[str, Any]) -> TestResponse:
    """Register a client of everything that the metadata offer."""
    return register(server, {
        **MACHINE, "grant_types": found["grant_types_supported"], "scope": " ".join(found["scopes_supported"]),
        "response_types": found["response_types_supported"],
    })  # fmt: skip
