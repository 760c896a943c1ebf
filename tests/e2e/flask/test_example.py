"""The Authlib example over real TLS, with JWT access tokens; registration, and metadata."""

import json
from typing import Any

import pytest

from tests.flask.attack_rows import DN
from tests.flask.authlib.authserver import jwt_claims
from wsgi_mtls.cli.terminators import MTLS_HOST
from wsgi_mtls.testing import KeyPair, Profile, self_sign

from .remote import Remote, basic

REGISTRATION = {
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_san_uri": "spiffe://example.com/new",
    "tls_client_certificate_bound_access_tokens": True,
    "grant_types": ["client_credentials"],
    "scope": "accounts",
}


def register(example: Remote, values: object, pair: KeyPair, token: str = "initial") -> tuple[int, Any]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return example.served.send(pair, "/oauth/register", json.dumps(values), headers=headers)


def test_rows_32_to_34_jwt(jwt_example: Remote, billing: KeyPair, ca: KeyPair) -> None:
    token = jwt_example.token("billing", billing)[1]["access_token"]
    assert jwt_claims(token)["cnf"] == {"x5t#S256": billing.certificate.thumbprint}
    for thief in (None, ca.issue(DN), self_sign(DN), ca.issue(DN, Profile(key=billing.key))):
        assert jwt_example.accounts(token, thief) == 401
    assert jwt_example.accounts(token, billing) == 200
    told = jwt_example.served.send(None, "/oauth/introspect", f"token={token}", headers=basic("api"))
    assert told[1]["cnf"] == {"x5t#S256": billing.certificate.thumbprint}


def test_row_37_jwt_that_is_not_bound(jwt_example: Remote, billing: KeyPair) -> None:
    token = jwt_example.token("unbound", billing, "s3cret")[1]["access_token"]
    assert "cnf" not in jwt_claims(token)
    assert jwt_example.accounts(token, billing) == 401


def test_rows_27_30_jwt_grants(jwt_example: Remote, billing: KeyPair, ca: KeyPair) -> None:
    assert jwt_example.token("secretive", None, "s3cret") == (400, {"error": "invalid_request"})
    first = jwt_example.exchange("billing", jwt_example.in_process.code("billing"), billing)[1]
    renewed = ca.issue(DN)
    second = jwt_example.refresh("billing", first["refresh_token"], renewed)[1]["access_token"]
    assert jwt_claims(second)["cnf"] == {"x5t#S256": renewed.certificate.thumbprint}
    assert (jwt_example.accounts(second, billing), jwt_example.accounts(second, renewed)) == (401, 200)


def test_registration(jwt_example: Remote, billing: KeyPair, ca: KeyPair) -> None:
    """Who registers need not be the client, and shows an initial access token."""
    assert register(jwt_example, REGISTRATION, billing, "guess")[0] == 401
    status, answer = register(jwt_example, REGISTRATION, billing)
    assert (status, "client_secret" in answer) == (201, False)
    pair = ca.issue("CN=new", Profile(san_uri=["spiffe://example.com/new"]))
    assert jwt_example.token(answer["client_id"], billing)[0] == 401
    token = jwt_example.token(answer["client_id"], pair)[1]["access_token"]
    assert jwt_example.accounts(token, pair) == 200


@pytest.mark.parametrize("values", [
    {"tls_client_certificate_bound_access_tokens": "true"},
    {"tls_client_certificate_bound_access_tokens": 1},
    {"tls_client_certificate_bound_access_tokens": None},
    {"tls_client_auth_san_dns": "new.example.com"},
    {"tls_client_auth_san_uri": None},
    {"scope": None},
    {"scope": "introspection"},
    {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": "https://client.example.com/jwks"},
])  # fmt: skip
def test_rows_10_40_registration_of_what_cannot_be(
    jwt_example: Remote, billing: KeyPair, values: dict[str, object]
) -> None:
    status, answer = register(jwt_example, {**REGISTRATION, **values}, billing)
    assert (status, answer.get("error")) == (400, "invalid_client_metadata"), answer


def test_metadata(jwt_example: Remote) -> None:
    status, answer = jwt_example.served.send(None, "/.well-known/oauth-authorization-server")
    assert (status, answer["issuer"]) == (200, f"https://{MTLS_HOST}")
    assert answer["token_endpoint"] == f"https://{MTLS_HOST}/oauth/token"
    assert answer["tls_client_certificate_bound_access_tokens"] is True
    for endpoint in ("token", "introspection", "revocation"):
        methods = answer[f"{endpoint}_endpoint_auth_methods_supported"]
        assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(methods)
