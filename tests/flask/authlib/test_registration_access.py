"""The client configuration endpoint of the Authlib example (RFC 7592): one token, one client."""

from typing import Any

import pytest

from wsgi_mtls.testing import KeyPair

from .authserver import CHALLENGE, ISSUER, REDIRECT, example, outcome
from .registering import MACHINE, PKI, Make, at, put, register, registered, send


def test_client_reads_its_registration(make: Make) -> None:
    server = make()
    found = registered(server, MACHINE)
    assert found["registration_client_uri"] == f"{ISSUER}/oauth/register/{found['client_id']}"
    answer = send(server, "GET", at(found), found["registration_access_token"])
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.get_json() == found
    head = send(server, "HEAD", at(found), found["registration_access_token"])
    assert (head.status_code, head.data) == (200, b"")


def test_token_is_stored_as_a_hash(make: Make) -> None:
    server = make()
    found = registered(server, MACHINE)
    with server.app.app_context():
        model = example("authserver.oauth").query_client(found["client_id"])
        stored = [str(value) for value in vars(model).values()]
    assert not any(found["registration_access_token"] in value for value in stored)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_row_69_token_of_another_client(make: Make, method: str) -> None:
    server = make()
    mine, theirs = registered(server, MACHINE), registered(server, MACHINE)
    token = mine["registration_access_token"]
    body: dict[str, Any] = {"json": {**MACHINE, "client_id": theirs["client_id"]}} if method == "PUT" else {}
    for path in (at(theirs), "/oauth/register/nobody", "/oauth/register/billing", "/oauth/register/%00",
                 "/oauth/register/%ff", f"{at(theirs)}%20"):  # fmt: skip
        answer = send(server, method, path, token, **body)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert answer.data == b""
    for wrong in ("initial", "x", theirs["client_id"]):
        assert send(server, method, at(theirs), wrong, **body).status_code == 401
    assert send(server, "GET", at(theirs), theirs["registration_access_token"]).get_json() == theirs


def test_no_token_or_one_elsewhere(make: Make, new: KeyPair) -> None:
    server = make()
    found = registered(server, MACHINE)
    token = found["registration_access_token"]
    answer = send(server, "GET", at(found))
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="oauth"')
    assert send(server, "GET", at(found), pair=new).status_code == 401  # the certificate is no such token
    assert send(server, "GET", f"{at(found)}?access_token={token}").status_code == 400
    assert send(server, "GET", at(found), f"{token}, Bearer {token}").status_code == 400


def test_registration_token_is_no_initial_token(make: Make) -> None:
    server = make()
    token = registered(server, MACHINE)["registration_access_token"]
    assert outcome(register(server, MACHINE, token)) == (401, "invalid_token")


def test_update_replaces_everything(make: Make, ca: KeyPair, new: KeyPair) -> None:
    server = make()
    full = {
        **MACHINE, "client_name": "New", "contacts": ["a@example.com"], "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "client_credentials"], "use_mtls_endpoint_aliases": True,
        "tls_client_certificate_bound_access_tokens": True, "require_pushed_authorization_requests": True,
    }  # fmt: skip
    found = registered(server, full)
    change = {
        "client_id": found["client_id"], "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": "CN=renamed", "grant_types": ["client_credentials"], "scope": "payments",
        "client_name": None, "contacts": [], "redirect_uris": None, "jwks_uri": "", "software_id": None,
        "tls_client_auth_san_dns": None, "jwks": {},
    }  # fmt: skip
    answer = put(server, found, change)
    assert answer.status_code == 200, answer.text
    kept = {
        "client_id": found["client_id"], "client_id_issued_at": found["client_id_issued_at"],
        "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=renamed",
        "grant_types": ["client_credentials"], "response_types": [], "scope": "payments",
        "registration_client_uri": found["registration_client_uri"],
        "registration_access_token": found["registration_access_token"],
    }  # fmt: skip
    assert answer.get_json() == kept
    assert answer.headers["Cache-Control"] == "no-store"
    assert send(server, "GET", at(found), found["registration_access_token"]).get_json() == kept
    assert outcome(server.token(found["client_id"], new)) == (401, "invalid_client")
    renamed = ca.issue("CN=renamed")
    assert server.token(found["client_id"], renamed, scope="payments").status_code == 200


def test_update_of_what_was_read_changes_nothing(make: Make) -> None:
    server = make()
    found = registered(server, {**MACHINE, "client_name": "New"})
    told_only = ("registration_client_uri", "registration_access_token", "client_id_issued_at")
    sent = {name: value for name, value in found.items() if name not in told_only}
    assert put(server, found, sent).get_json() == found


@pytest.mark.parametrize("change", [
    {"tls_client_auth_subject_dn": "CN=second"},
    {"tls_client_auth_san_dns": None},
    {"tls_client_auth_san_dns": "*.example.com"},
    {"token_endpoint_auth_method": "private_key_jwt"},
    {"scope": "everything"},
    {"grant_types": ["password"]},
    {"client_id": "billing"}, {"client_id": None}, {"client_id": 7}, {"client_id": "\ud800"},
    {"registration_access_token": "x"}, {"registration_client_uri": "x"}, {"client_id_issued_at": 7},
    {"client_secret": "x"}, {"client_secret": 7}, {"client_secret": "\ud800"}, {"client_secret": {"a": 1}},
    {"redirect_uris": "https://client.example.com/cb"}, {"redirect_uris": [7]}, {"jwks": 7},
    {"tls_client_certificate_bound_access_tokens": "yes"}, {"client_name": "\ud800"},
])  # fmt: skip
def test_update_that_is_refused_changes_nothing(make: Make, change: dict[str, Any]) -> None:
    server = make()
    found = registered(server, MACHINE)
    answer = put(server, found, {**MACHINE, "client_id": found["client_id"], **change})
    assert answer.status_code == 400, answer.text
    assert answer.get_json()["error"] in {"invalid_request", "invalid_client_metadata"}
    assert send(server, "GET", at(found), found["registration_access_token"]).get_json() == found


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"7", b"null", b'"a"', b"[" * 60_000, b'{"client_id":' + b"9" * 5000 + b"}",
    b'{"client_name":"' + b"x" * 2_000_000 + b'"}', b"\xff",
])  # fmt: skip
def test_update_by_odd_bodies(make: Make, body: bytes) -> None:
    server = make()
    found = registered(server, MACHINE)
    token = found["registration_access_token"]
    answer = send(server, "PUT", at(found), token, data=body, content_type="application/json")
    assert answer.status_code in (400, 413)
    assert answer.get_json()["error"]
    assert send(server, "PUT", at(found), token, data=b"a=b").status_code == 400


def test_update_to_another_method(make: Make, new: KeyPair) -> None:
    """A client has one method, and no secret that it may not use."""
    server = make()
    found = registered(server, MACHINE)
    client_id, machine = found["client_id"], {"grant_types": ["client_credentials"], "scope": "accounts"}
    secret = put(server, found, {**machine, "client_id": client_id}).get_json()["client_secret"]
    assert server.token(client_id, secret=secret).status_code == 200
    assert server.token(client_id, new).status_code == 401
    right = {**machine, "client_id": client_id, "client_secret": secret}
    assert put(server, found, right).get_json()["client_secret"] == secret
    assert put(server, found, {**right, "client_secret": "x"}).status_code == 400
    assert "client_secret" not in put(server, found, {**MACHINE, "client_id": client_id}).get_json()
    assert server.token(client_id, new).status_code == 200
    assert server.token(client_id, secret=secret).status_code == 401


def test_deleted_client(make: Make, new: KeyPair) -> None:
    server = make()
    found = registered(server, MACHINE)
    token = server.token(found["client_id"], new).get_json()["access_token"]
    assert server.introspect(token)["active"] is True
    answer = send(server, "DELETE", at(found), found["registration_access_token"])
    assert (answer.status_code, answer.data, answer.headers["Cache-Control"]) == (204, b"", "no-store")
    assert server.introspect(token) == {"active": False}
    assert outcome(server.token(found["client_id"], new)) == (401, "invalid_client")
    for method in ("GET", "DELETE"):
        assert send(server, method, at(found), found["registration_access_token"]).status_code == 401


def test_registered_client_pushes(make: Make, new: KeyPair) -> None:
    server = make()
    found = registered(server, {**PKI, "redirect_uris": [REDIRECT], "require_pushed_authorization_requests": True})
    assert found["require_pushed_authorization_requests"] is True
    form = {"client_id": found["client_id"], "response_type": "code", "redirect_uri": REDIRECT,
            "code_challenge": CHALLENGE, "code_challenge_method": "S256"}  # fmt: skip
    assert server.post("/oauth/par", form, new).status_code == 201
