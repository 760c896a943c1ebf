"""ATTACKS.md through the Authlib example, at every endpoint that authenticates clients."""

from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from wsgi_mtls.testing import KeyPair, Profile, environ_for, self_sign

from ..attack_rows import (
    BY_DN,
    FORM,
    INVALID_CLIENT,
    INVALID_REQUEST,
    PKI,
    Came,
)
from .authserver import ISSUER, AuthServer, make_authserver, metadata, outcome

SHARED = {"grant_types": ["client_credentials"], "scope": "accounts introspection"}
OTHER = {**PKI, **SHARED, "tls_client_auth_san_dns": "other.example.com"}
PATHS = {
    "/oauth/token": "grant_type=client_credentials",
    "/oauth/introspect": "token=x",
    "/oauth/revoke": "token=x",
}
INVALID_GRANT = (400, "invalid_grant")
INVALID_TOKEN = (401, "invalid_token")


class Endpoint:
    """One endpoint of the example, with the client ``rp`` registered as a row requires."""

    def __init__(self, path: str, client: Mapping[str, object], **config: Any) -> None:
        self.path = path
        self.app = make_authserver({"rp": {**SHARED, **client}, "other": OTHER}, **config)

    def post(self, body: str, came: Came | None, **options: Any) -> TestResponse:
        body = f"{PATHS[self.path]}&{body}" if body else PATHS[self.path]
        overrides = environ_for(came.pair, verified=came.verified) if came else {}
        options = {"content_type": FORM, **options}
        client = self.app.test_client()
        return client.post(self.path, data=body, environ_overrides=overrides, base_url=ISSUER, **options)


BASIC = {"headers": {"Authorization": "Basic cnA6czNjcmV0"}}  # rp:s3cret


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("certificate", [True, False])
def test_row_05_secret_of_a_client_of_mutual_tls(billing: KeyPair, path: str, certificate: bool) -> None:
    """It has a secret in the database, as Authlib's registration gives one to each client."""
    came = Came(billing if certificate else None)
    endpoint = Endpoint(path, BY_DN)
    assert outcome(endpoint.post("", came, **BASIC))[0] in (400, 401)
    assert outcome(endpoint.post("client_id=other", came, **BASIC))[0] in (400, 401)
    refused = INVALID_REQUEST if certificate else INVALID_CLIENT
    assert outcome(endpoint.post("client_id=rp&client_secret=s3cret", came)) == refused
    by_secret = Endpoint(path, {"token_endpoint_auth_method": "client_secret_basic"})
    assert by_secret.post("", came, **BASIC).status_code == 200
    assert by_secret.post("client_id=rp", came, **BASIC).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_basic", "client_secret_post"])
def test_row_06_certificate_of_a_client_of_another_method(billing: KeyPair, path: str, method: str) -> None:
    endpoint = Endpoint(path, {"token_endpoint_auth_method": method})
    assert outcome(endpoint.post("client_id=rp", Came(billing))) == INVALID_CLIENT
    assert Endpoint(path, BY_DN).post("client_id=rp", Came(billing)).status_code == 200


@pytest.fixture
def server(mobile: KeyPair) -> AuthServer:
    return AuthServer(make_authserver(metadata(mobile)))


@pytest.mark.parametrize("client_id", ["secretive", "public"])
def test_row_27_no_certificate_for_a_bound_token(server: AuthServer, billing: KeyPair, client_id: str) -> None:
    options: dict[str, Any] = {"secret": "s3cret"} if client_id == "secretive" else {}
    code = server.code(client_id)
    assert outcome(server.exchange(client_id, code, **options)) == INVALID_REQUEST
    # The code was not used up: nothing was issued for it.
    assert server.exchange(client_id, code, billing, **options).status_code == 200


def test_row_28_code_of_another_client(server: AuthServer, billing: KeyPair, other: KeyPair) -> None:
    code = server.code("billing")
    assert outcome(server.exchange("other", code, other)) == INVALID_GRANT
    assert server.exchange("billing", code, billing).status_code == 200
    assert outcome(server.exchange("billing", code, billing)) == INVALID_GRANT  # a second time


def test_row_29_refresh_token_of_a_public_client(server: AuthServer, billing: KeyPair, ca: KeyPair) -> None:
    pair = ca.issue("CN=device")
    token = server.exchange("public", server.code("public"), pair).get_json()["refresh_token"]
    renewed = ca.issue("CN=device", Profile(key=pair.key))
    for thief in (None, billing, renewed):
        assert outcome(server.refresh("public", token, thief)) == INVALID_GRANT
    confidential = server.exchange("secretive", server.code("secretive"), pair, secret="s3cret").get_json()
    refused = server.refresh("secretive", confidential["refresh_token"], secret="s3cret")
    assert outcome(refused) == INVALID_REQUEST  # it is the client's, which may bring any certificate
    answer = server.refresh("public", token, pair)
    assert answer.status_code == 200
    assert server.accounts(answer.get_json()["access_token"], pair).status_code == 200
    assert server.refresh("public", token, pair).status_code == 200  # it is bound, so it does not rotate


def test_row_30_confidential_client_renews(server: AuthServer, billing: KeyPair, ca: KeyPair, other: KeyPair) -> None:
    token = server.exchange("billing", server.code("billing"), billing).get_json()["refresh_token"]
    assert outcome(server.refresh("billing", token, other)) == INVALID_CLIENT
    renewed = ca.issue("CN=billing,O=Agora,C=SE")
    access = server.refresh("billing", token, renewed).get_json()["access_token"]
    assert server.introspect(access)["cnf"] == {"x5t#S256": renewed.certificate.thumbprint}


def test_row_31_refresh_token_of_another_client(server: AuthServer, billing: KeyPair, other: KeyPair) -> None:
    token = server.exchange("billing", server.code("billing"), billing).get_json()["refresh_token"]
    assert outcome(server.refresh("other", token, other)) == INVALID_GRANT
    assert outcome(server.refresh("public", token, billing)) == INVALID_GRANT
    assert server.refresh("billing", token, billing).status_code == 200


def test_rows_32_37_38_stolen_token(server: AuthServer, billing: KeyPair, other: KeyPair, ca: KeyPair) -> None:
    token = server.token("billing", billing).get_json()["access_token"]
    renewed = ca.issue("CN=billing,O=Agora,C=SE", Profile(key=billing.key))
    for thief in (None, other, renewed, self_sign("CN=billing,O=Agora,C=SE")):
        assert outcome(server.accounts(token, thief)) == INVALID_TOKEN
    unbound = server.token("unbound", billing, secret="s3cret").get_json()["access_token"]
    assert outcome(server.accounts(unbound, billing)) == INVALID_TOKEN
    assert server.accounts(token, billing).status_code == 200


@pytest.mark.parametrize("environ", [
    {"SSL_CLIENT_CERT": "rubbish", "SSL_CLIENT_VERIFY": "SUCCESS", "wsgi_mtls.peer": "no peer"},
    {"SSL_CLIENT_VERIFY": "SUCCESS", "wsgi_mtls.peer": "no peer"},
])  # fmt: skip
def test_malformed_certificate_at_the_api(server: AuthServer, billing: KeyPair, environ: Mapping[str, Any]) -> None:
    token = server.token("billing", billing).get_json()["access_token"]
    assert outcome(server.accounts(token, billing, **environ)) == INVALID_TOKEN


def test_refresh_token_of_others_is_not_introspected(server: AuthServer, billing: KeyPair) -> None:
    tokens = server.exchange("billing", server.code("billing"), billing).get_json()
    assert server.introspect(tokens["refresh_token"]) == {"active": False}
    assert server.introspect(tokens["access_token"])["active"] is True


def test_revocation_of_another_clients_token(server: AuthServer, billing: KeyPair, other: KeyPair) -> None:
    token = server.token("billing", billing).get_json()["access_token"]
    assert outcome(server.post("/oauth/revoke", {"client_id": "other", "token": token}, other)) == INVALID_GRANT
    assert server.accounts(token, billing).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_without_any_credential(server: AuthServer, path: str) -> None:
    """Authlib before 1.9 accepts ``none`` at other endpoints than the token endpoint."""
    for client_id in ("billing", "secretive", "signing", "mobile"):
        answer = server.post(path, f"{PATHS[path]}&client_id={client_id}")
        assert outcome(answer) == INVALID_CLIENT
        # A credential that is none, so that a method which needs none gets its turn.
        empty = server.post(path, f"{PATHS[path]}&client_id={client_id}", headers={"Authorization": "Basic x"})
        assert empty.status_code in (400, 401)
        blank = server.post(path, f"{PATHS[path]}&client_id={client_id}&client_secret=&client_assertion=x")
        assert blank.status_code in (400, 401)


def test_only_the_tokens_own_client_learns_its_scope(server: AuthServer, billing: KeyPair, other: KeyPair) -> None:
    token = server.token("billing", billing, scope="payments").get_json()["access_token"]
    assert outcome(server.accounts(token, other)) == INVALID_TOKEN
    assert outcome(server.accounts(token, None)) == INVALID_TOKEN
    assert server.accounts(token, billing).status_code == 403
    assert server.accounts(server.token("billing", billing).get_json()["access_token"], billing).status_code == 200
