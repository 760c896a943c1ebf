"""Dynamic registration: what a certificate can satisfy is kept, and what would be an error later is refused."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from authlib.oauth2.rfc7591 import InvalidClientMetadataError

from flask_mtls.authlib import MutualTLSClientMetadataClaims
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile

from .authserver import AuthServer, example, make_authserver, metadata, outcome

PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "new.example.com"}
TEXTS = [
    "scope",
    "client_name",
    "client_uri",
    "jwks_uri",
    "software_id",
    "token_endpoint_auth_method",
    "tls_client_auth_san_dns",
]
NO_TEXT: list[Any] = [None, 7, True, [], {"a": 1}, "\ud800"]
NO_LIST: list[Any] = [None, 7, {}, "code", [None], [["code"]], ["\udfff"]]
NO_BOOLEAN: list[Any] = ["true", 1, None, []]
LISTS = ["grant_types", "response_types", "redirect_uris", "contacts"]


@pytest.fixture
def server(mobile: KeyPair) -> AuthServer:
    return AuthServer(make_authserver(metadata(mobile)))


def register(server: AuthServer, values: Mapping[str, Any], token: str = "initial") -> Any:
    client = server.app.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    return client.post("/oauth/register", json=values, headers=headers, base_url="https://localhost")


def test_dynamic_registration(server: AuthServer, ca: KeyPair) -> None:
    answer = register(
        server,
        {
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_san_uri": "spiffe://example.com/new",
            "tls_client_certificate_bound_access_tokens": True,
            "grant_types": ["client_credentials"],
            "scope": "accounts",
        },
    )
    assert answer.status_code == 201, answer.text
    assert answer.get_json()["tls_client_auth_san_uri"] == "spiffe://example.com/new"
    assert answer.get_json()["tls_client_certificate_bound_access_tokens"] is True
    pair = ca.issue("CN=new", Profile(san_uri=["spiffe://example.com/new"]))
    client_id = answer.get_json()["client_id"]
    token = server.token(client_id, pair).get_json()["access_token"]
    assert server.accounts(token, pair).status_code == 200
    assert "client_secret" not in answer.get_json()  # it may not use one
    assert server.token(client_id, secret="None").status_code == 401


@pytest.mark.parametrize("values", [
    {"token_endpoint_auth_method": "tls_client_auth"},
    {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a", "tls_client_auth_san_ip": "::1"},
    {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "*.example.com"},
    {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": 7},
    {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": 'é"\\'},
    {"token_endpoint_auth_method": "self_signed_tls_client_auth"},
    {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": []},
    {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [{"x5c": ["AAAA"]}]}},
    {"token_endpoint_auth_method": ["tls_client_auth"]},
    {"redirect_uris": 7},
    {"redirect_uris": [7]},
    *({"redirect_uris": [uri]} for uri in (
        "https://[", "https://a.example:99999/", "https://a.example:x/", "https://a.example:0/", "https://a b/",
        "https://\u00e9.example/", "https://a.example/\r\nX: y", "https://a.example/\u2028", "",
    )),
    {"client_uri": "https://["},
    {"client_uri": 7},
    {"scope": 7, "jwks": 7},
    {"tls_client_certificate_bound_access_tokens": "yes"},
    *({"use_mtls_endpoint_aliases": value} for value in NO_BOOLEAN),
    {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": "https://client.example.com/jwks"},
    *({name: value} for name in TEXTS for value in NO_TEXT),
    *({name: value} for name in LISTS for value in NO_LIST),
    {**PKI, "tls_client_auth_san_dns": "\ud800"},
    {**PKI, "tls_client_auth_san_dns": None},
    {"jwks": {"keys": ["\ud800"]}},
    {"jwks": {"keys": [float("inf")]}},
    {"scope": "accounts introspection"},
    {"grant_types": ["password"]},
])  # fmt: skip
def test_registration_of_what_could_never_authenticate(server: AuthServer, values: Mapping[str, Any]) -> None:
    assert outcome(register(server, values)) == (400, "invalid_client_metadata")


@pytest.mark.parametrize("member", ["tls_client_auth_san_upn", "tls_client_auth_issuer", "tls_client_auth_issuers"])
def test_row_64_condition_that_would_be_dropped(server: AuthServer, member: str) -> None:
    answer = register(server, {**PKI, member: "x"})
    assert outcome(answer) == (400, "invalid_client_metadata")
    assert answer.get_json()["error_description"].startswith(member)
    assert register(server, {**PKI, "tls_client": "x"}).status_code == 201


def test_method_that_the_server_does_not_allow(mobile: KeyPair) -> None:
    server = AuthServer(make_authserver(metadata(mobile), MTLS_ALLOWED_METHODS=["tls_client_auth"]))
    keys = {"keys": [jwk(mobile.certificate)]}
    values = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": keys}
    assert outcome(register(server, values)) == (400, "invalid_client_metadata")
    assert register(server, PKI).status_code == 201


@pytest.mark.parametrize("body", ["[]", "[1]", "7", '"a"', "{", "null"])
def test_registration_of_no_object(server: AuthServer, body: str) -> None:
    headers = {"Authorization": "Bearer initial", "Content-Type": "application/json"}
    answer = server.app.test_client().post("/oauth/register", data=body, headers=headers, base_url="https://localhost")
    assert answer.status_code == 400


def test_registration_without_the_initial_token(server: AuthServer) -> None:
    assert register(server, {"grant_types": ["client_credentials"]}, "guess").status_code == 401
    assert register(server, {"grant_types": ["client_credentials"]}).status_code == 201


def test_self_signed_client(server: AuthServer, mobile: KeyPair) -> None:
    keys = {"keys": [jwk(mobile.certificate)]}
    values = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": keys, "scope": "accounts"}
    answer = register(server, {**values, "grant_types": ["client_credentials"]})
    assert answer.status_code == 201, answer.text
    assert server.token(answer.get_json()["client_id"], mobile).status_code == 200


def test_every_member_of_the_right_type(server: AuthServer) -> None:
    values = {
        "client_name": "Büro",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "redirect_uris": ["https://client.example.com/cb"],
        "contacts": ["a@example.com"],
        "scope": "accounts",
    }
    answer = register(server, {**PKI, **values, "unknown": None})
    assert answer.status_code == 201, answer.text
    assert {name: answer.get_json()[name] for name in values} == values


@pytest.mark.parametrize("body", [
    "[" * 60_000,
    "{",
    '{"client_name": ' + "9" * 5000 + "}",
    json.dumps(PKI)[:-1] + ',"jwks":' + '{"a":' * 12_000,
    json.dumps(PKI)[:-1] + ',"jwks":{"keys":' + "[" * 30_000 + "]" * 30_000 + "}}",
])  # fmt: skip
def test_registration_that_cannot_be_read(server: AuthServer, body: str) -> None:
    headers = {"Authorization": "Bearer initial", "Content-Type": "application/json"}
    answer = server.app.test_client().post("/oauth/register", data=body, headers=headers, base_url="https://localhost")
    assert outcome(answer) == (400, "invalid_client_metadata")
    anyone = server.app.test_client().post(
        "/oauth/register", data=body, headers={**headers, "Authorization": "Bearer guess"}, base_url="https://localhost"
    )
    assert outcome(anyone) == (401, "invalid_token")  # whose body is not looked at


def test_secrets_are_for_who_may_use_them(server: AuthServer) -> None:
    for method, secret in {"none": False, "client_secret_basic": True}.items():
        answer = register(server, {"token_endpoint_auth_method": method, "grant_types": ["client_credentials"]})
        assert ("client_secret" in answer.get_json()) is secret


def test_members_of_a_subclass_have_types_of_their_own(server: AuthServer) -> None:
    class Claims(MutualTLSClientMetadataClaims):
        REGISTERED_CLAIMS = [*MutualTLSClientMetadataClaims.REGISTERED_CLAIMS, "default_max_age"]  # noqa: RUF012

    with server.app.app_context():
        Claims({**PKI, "default_max_age": 60}, {}).validate()
    for wrong in ({"default_max_age": "\ud800"}, {"scope": 7}):
        with server.app.app_context(), pytest.raises(InvalidClientMetadataError):
            Claims({**PKI, **wrong}, {}).validate()


CALLBACK = "https://client.example.com/cb"


@pytest.mark.parametrize(("given", "kept"), [
    ({"redirect_uris": [CALLBACK]}, ["client_secret_basic", ["authorization_code"], ["code"]]),
    ({**PKI, "redirect_uris": [CALLBACK]}, ["tls_client_auth", ["authorization_code"], ["code"]]),
    ({**PKI, "grant_types": ["client_credentials"]}, ["tls_client_auth", ["client_credentials"], []]),
    ({**PKI, "grant_types": []}, ["tls_client_auth", [], []]),
    ({**PKI, "response_types": ["code"]}, ["tls_client_auth", ["authorization_code"], ["code"]]),
    ({"redirect_uris": [CALLBACK], "grant_types": ["refresh_token", "authorization_code"]},
     ["client_secret_basic", ["refresh_token", "authorization_code"], ["code"]]),
])  # fmt: skip
def test_defaults(server: AuthServer, given: Mapping[str, Any], kept: list[Any]) -> None:
    """RFC 7591 section 2; the answer has all registered metadata (section 3.2.1)."""
    answer = register(server, given)
    assert answer.status_code == 201, answer.text
    found = answer.get_json()
    assert [found[name] for name in ("token_endpoint_auth_method", "grant_types", "response_types")] == kept


def test_client_of_redirect_uris_alone(server: AuthServer, billing: KeyPair) -> None:
    found = register(server, {"redirect_uris": ["https://client.example.com/cb"], "scope": "accounts"}).get_json()
    client_id, secret = found["client_id"], found["client_secret"]
    tokens = server.exchange(client_id, server.code(client_id), secret=secret)
    assert tokens.status_code == 200, tokens.text
    assert "refresh_token" not in tokens.get_json()
    assert outcome(server.token(client_id, secret=secret)) == (400, "unauthorized_client")


@pytest.mark.parametrize("value", [True, False])
def test_whether_the_client_uses_the_aliases_is_kept(server: AuthServer, value: bool) -> None:
    """openid-client takes the answer for its configuration, and goes to the wrong host without it."""
    found = register(server, {**PKI, "use_mtls_endpoint_aliases": value}).get_json()
    assert found["use_mtls_endpoint_aliases"] is value
    with server.app.app_context():
        stored = example("authserver.oauth").query_client(found["client_id"]).client_metadata
    assert stored["use_mtls_endpoint_aliases"] is value
    assert "use_mtls_endpoint_aliases" not in register(server, PKI).get_json()
