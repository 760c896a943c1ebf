"""Grants of the Authlib example, and grants that it does not have."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from authlib.oauth2.rfc6749.grants import BaseGrant, ImplicitGrant, TokenEndpointMixin
from werkzeug.test import TestResponse

from wsgi_mtls.testing import KeyPair, environ_for

from ..attack_rows import INVALID_CLIENT
from .authserver import CHALLENGE, ISSUER, REDIRECT, VERIFIER, AuthServer, example, make_authserver, metadata, outcome


@pytest.fixture
def server(mobile: KeyPair) -> AuthServer:
    clients = {name: {**values, "response_types": ["code", "token"]} for name, values in metadata(mobile).items()}
    clients["browser"] = {**clients["public"], "tls_client_certificate_bound_access_tokens": False}
    return AuthServer(make_authserver(clients))


def consent(
    server: AuthServer, query: Mapping[str, str], answer: str = "yes", form: Mapping[str, str] | None = None,
    **options: Any,
) -> TestResponse:  # fmt: skip
    """Have a user agree; return what the form answers, or why there is none."""
    browser, url = server.app.test_client(), f"/oauth/authorize?{urlencode(query)}"
    page = browser.get(url, base_url=ISSUER)
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    if not found:
        return page
    given = {"csrf": found[1], "user": "anna", "consent": answer, **(form or {})}
    return browser.post(url, data=given, base_url=ISSUER, **options)


def error_in(part: str) -> str:
    """Return the error in the query or fragment of an address that the browser is sent to."""
    return parse_qs(part)["error"][0]


@pytest.mark.parametrize("client_id", ["billing", "secretive", "public"])
def test_pkce_is_required_of_every_client(server: AuthServer, client_id: str) -> None:
    query = {"client_id": client_id, "response_type": "code", "redirect_uri": REDIRECT, "scope": "accounts"}
    for wrong in ({}, {"code_challenge": ""}):
        assert error_in(urlsplit(consent(server, {**query, **wrong}).location).query) == "invalid_request"
    plain = {**query, "code_challenge": VERIFIER, "code_challenge_method": "plain"}
    assert error_in(urlsplit(consent(server, plain).location).query) == "invalid_request"
    answer = consent(server, {**query, "code_challenge": CHALLENGE, "code_challenge_method": "S256"})
    assert "code" in parse_qs(urlsplit(answer.location).query)


def test_client_credentials_are_for_confidential_clients(server: AuthServer, billing: KeyPair) -> None:
    """RFC 6749 section 4.4: any caller who knows a public client's name would get a token."""
    for client_id in ("public", "browser"):
        assert outcome(server.token(client_id, billing)) == INVALID_CLIENT
        assert server.exchange(client_id, server.code(client_id), billing).status_code == 200
    assert server.token("billing", billing).status_code == 200
    assert server.token("unbound", secret="s3cret").status_code == 200


class Implicit(ImplicitGrant):  # type: ignore[misc]
    """As Authlib has it, for public clients."""


@pytest.fixture
def _implicit() -> Iterator[None]:
    grants = example("authserver.oauth").server._authorization_grants
    grants.insert(0, (Implicit, None))
    yield
    grants.pop(0)


@pytest.mark.usefixtures("_implicit")
def test_implicit_grant(server: AuthServer, billing: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that a browser fetches is not bound, so a client with bound tokens gets none there."""
    query = {"response_type": "token", "redirect_uri": REDIRECT, "scope": "accounts"}
    came: dict[str, Any] = {"environ_overrides": environ_for(billing)}

    def error_at(client_id: str) -> str:
        location = urlsplit(consent(server, {**query, "client_id": client_id}, **came).location)
        assert parse_qs(location.fragment)["iss"] == [ISSUER]
        assert not location.query
        return error_in(location.fragment)

    answer = consent(server, {**query, "client_id": "browser"}, **came)
    token = parse_qs(urlsplit(answer.location).fragment)["access_token"][0]
    assert "cnf" not in server.introspect(token)
    assert error_at("public") == "invalid_request"
    for confidential in ("billing", "mobile", "secretive", "unbound"):
        assert error_at(confidential) == "unauthorized_client"
    assert consent(server, {**query, "client_id": "nobody"}, **came).status_code == 400
    monkeypatch.setattr(type(example("authserver.oauth").server), "bind_all_tokens", True)
    assert error_at("browser") == "invalid_request"


class AssertionGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """A grant that authenticates no client, as those of RFC 7523 may."""

    GRANT_TYPE = "urn:example:assertion"

    def validate_token_request(self) -> None:
        self.request.client = self.server.query_client(self.request.form["assertion"])

    def create_token_response(self) -> Any:
        token = self.generate_token(scope="accounts", include_refresh_token=False)
        self.save_token(token)
        return 200, token, self.TOKEN_RESPONSE_HEADER


def test_grant_that_authenticates_no_client(server: AuthServer, billing: KeyPair) -> None:
    authlib_server = example("authserver.oauth").server
    authlib_server.register_grant(AssertionGrant)
    try:
        form = {"grant_type": AssertionGrant.GRANT_TYPE}
        for pair in (None, billing):
            assert outcome(server.post("/oauth/token", {**form, "assertion": "billing"}, pair)) == INVALID_CLIENT
        assert server.post("/oauth/token", {**form, "assertion": "unbound"}).status_code == 200
    finally:
        authlib_server._token_grants.pop()
