"""An Authlib server with mutual TLS: what goes right, and what its parts refuse at the start."""

from typing import Any

import pytest
from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.integrations.sqla_oauth2 import OAuth2ClientMixin, OAuth2TokenMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator, JWTBearerTokenValidator, JWTIntrospectionEndpoint
from joserfc.jwk import ECKey, KeySet

from flask_mtls import mtls_client_authenticated, mtls_client_rejected, mtls_token_accepted, mtls_token_rejected
from flask_mtls.authlib import (
    BoundIntrospectionMixin,
    BoundJWTMixin,
    BoundTokenValidatorMixin,
    MutualTLSServerMixin,
)
from flask_mtls.authlib.hardening.single_use import RefreshTokenGrantMixin, SingleUseCodeGrantMixin
from flask_mtls.authlib.models import BoundTokenMixin, MutualTLSClientMixin
from tests.support import refused
from wsgi_mtls.metadata import authorization_server_metadata
from wsgi_mtls.testing import KeyPair, Profile, environ_for

from .authserver import DN, ISSUER, AuthServer, example, jwt_claims, make_authserver, metadata, outcome


@pytest.fixture
def server(mobile: KeyPair) -> AuthServer:
    return AuthServer(make_authserver(metadata(mobile)))


@pytest.fixture
def jwt_server(mobile: KeyPair) -> AuthServer:
    key = ECKey.generate_key("P-256", {"kid": "1"}).as_dict(private=True)
    return AuthServer(make_authserver(metadata(mobile), JWKS={"keys": [key]}))


def cnf(pair: KeyPair) -> dict[str, str]:
    return {"x5t#S256": pair.certificate.thumbprint}


def test_client_credentials(server: AuthServer, billing: KeyPair, mobile: KeyPair) -> None:
    for client_id, pair in (("billing", billing), ("mobile", mobile)):
        answer = server.token(client_id, pair)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert set(answer.get_json()) == {"access_token", "token_type", "expires_in", "scope"}
        assert server.accounts(answer.get_json()["access_token"], pair).json == {
            "client_id": client_id,
            "user_id": None,
        }


def test_clients_of_other_methods_get_bound_tokens_too(server: AuthServer, billing: KeyPair) -> None:
    answer = server.token("secretive", billing, secret="s3cret")
    assert answer.status_code == 200, answer.text
    token = answer.get_json()["access_token"]
    assert server.introspect(token)["cnf"] == cnf(billing)
    assert server.accounts(token, billing).status_code == 200


def test_client_that_needs_no_binding(server: AuthServer, billing: KeyPair) -> None:
    token = server.token("unbound", billing, secret="s3cret").get_json()["access_token"]
    assert "cnf" not in server.introspect(token)
    assert outcome(server.accounts(token, billing)) == (401, "invalid_token")


def test_code_and_refresh(server: AuthServer, billing: KeyPair, ca: KeyPair) -> None:
    first = server.exchange("billing", server.code("billing"), billing).get_json()
    assert server.accounts(first["access_token"], billing).status_code == 200
    renewed = ca.issue(DN)
    second = server.refresh("billing", first["refresh_token"], renewed).get_json()
    assert server.accounts(second["access_token"], renewed).status_code == 200
    assert server.accounts(second["access_token"], billing).status_code == 401
    assert "refresh_token" not in second  # a confidential client's does not rotate
    assert server.accounts(first["access_token"], billing).status_code == 200


def test_public_client(server: AuthServer, ca: KeyPair) -> None:
    pair = ca.issue("CN=some device")
    first = server.exchange("public", server.code("public"), pair).get_json()
    assert server.introspect(first["access_token"])["cnf"] == cnf(pair)
    second = server.refresh("public", first["refresh_token"], pair)
    assert second.status_code == 200, second.text
    assert server.accounts(second.get_json()["access_token"], pair).status_code == 200


def test_introspection_and_revocation_by_certificate(server: AuthServer, billing: KeyPair, ca: KeyPair) -> None:
    api = ca.issue("CN=api", Profile(san_dns=["api.example.com"]))
    token = server.token("billing", billing).get_json()["access_token"]
    told = server.post("/oauth/introspect", {"client_id": "api-mtls", "token": token}, api)
    assert told.get_json()["cnf"] == cnf(billing), told.text
    assert told.get_json()["active"] is True
    assert server.post("/oauth/revoke", {"client_id": "billing", "token": token}, billing).status_code == 200
    assert server.post("/oauth/introspect", {"client_id": "api-mtls", "token": token}, api).json == {"active": False}
    assert server.accounts(token, billing).status_code == 401


def test_jwt_access_tokens(jwt_server: AuthServer, billing: KeyPair) -> None:
    token = jwt_server.token("billing", billing).get_json()["access_token"]
    assert jwt_claims(token)["cnf"] == cnf(billing)
    assert jwt_server.introspect(token)["cnf"] == cnf(billing)
    assert jwt_server.accounts(token, billing).status_code == 200
    assert jwt_server.accounts(token).status_code == 401
    unbound = jwt_server.token("unbound", billing, secret="s3cret").get_json()["access_token"]
    assert "cnf" not in jwt_claims(unbound)


def test_bind_all_tokens(server: AuthServer, billing: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(example("authserver.oauth").server), "bind_all_tokens", True)
    token = server.token("unbound", billing, secret="s3cret").get_json()["access_token"]
    assert server.accounts(token, billing).status_code == 200
    assert outcome(server.token("unbound", secret="s3cret")) == (400, "invalid_request")


def test_metadata(mobile: KeyPair) -> None:
    server = AuthServer(make_authserver(metadata(mobile), MTLS_BASE="https://mtls.localhost"))
    answer = server.app.test_client().get("/.well-known/oauth-authorization-server", base_url="https://evil.example")
    assert answer.get_json()["token_endpoint"] == "https://localhost/oauth/token"
    assert answer.get_json()["mtls_endpoint_aliases"]["token_endpoint"] == "https://mtls.localhost/oauth/token"
    assert "authorization_endpoint" not in answer.get_json()["mtls_endpoint_aliases"]
    assert "tls_client_auth" in answer.get_json()["introspection_endpoint_auth_methods_supported"]


@pytest.mark.parametrize("token", [None, "initial"])
def test_metadata_promise_what_is_there(mobile: KeyPair, token: str | None) -> None:
    server = AuthServer(make_authserver(metadata(mobile), REGISTRATION_TOKEN=token))
    found = server.app.test_client().get("/.well-known/oauth-authorization-server", base_url=ISSUER).get_json()
    assert ("registration_endpoint" in found) is bool(token)
    for endpoint, public in {"token": True, "revocation": True, "introspection": False}.items():
        assert ("none" in found[f"{endpoint}_endpoint_auth_methods_supported"]) is public
    answer = server.post("/oauth/introspect", {"token": "x", "client_id": "public"})
    assert outcome(answer) == (401, "invalid_client")
    assert server.post("/oauth/revoke", {"token": "x", "client_id": "public"}).status_code == 200


@pytest.mark.parametrize("aliases", [
    {"authorization_endpoint": "https://mtls.localhost/authorize"},
    {"token": "https://mtls.localhost/token"},
    {"revocation_endpoint": "https://mtls.localhost/revoke"},
])  # fmt: skip
def test_row_39_aliases_that_cannot_be(aliases: dict[str, str]) -> None:
    """An app does not start if its metadata has them."""
    endpoints = {"authorization_endpoint": "/authorize", "token_endpoint": "/token"}
    with refused("invalid_server_metadata"):
        authorization_server_metadata(ISSUER, endpoints=endpoints, mtls_endpoint_aliases=aliases)
    good = {"token_endpoint": "https://mtls.localhost/token"}
    found = authorization_server_metadata(ISSUER, endpoints=endpoints, mtls_endpoint_aliases=good)
    assert found["mtls_endpoint_aliases"] == good


def test_signals(server: AuthServer, billing: KeyPair) -> None:
    heard: list[str] = []

    def record(name: str) -> Any:
        return lambda sender, **_: heard.append(name)

    signals = {"in": mtls_client_authenticated, "out": mtls_client_rejected, "ok": mtls_token_accepted, "no": mtls_token_rejected}  # noqa: E501  # fmt: skip
    receivers = {name: record(name) for name in signals}
    for name, signal in signals.items():
        signal.connect(receivers[name])
    token = server.token("billing", billing).get_json()["access_token"]
    server.token("billing")
    server.accounts(token, billing)
    server.accounts(token)
    assert heard == ["in", "out", "ok", "no"]


@pytest.mark.parametrize(("mixin", "changed"), [
    (MutualTLSServerMixin, AuthorizationServer),
    (BoundTokenValidatorMixin, BearerTokenValidator),
    (BoundTokenValidatorMixin, JWTBearerTokenValidator),
    (BoundIntrospectionMixin, IntrospectionEndpoint),
    (BoundJWTMixin, JWTBearerTokenGenerator),
    (MutualTLSClientMixin, OAuth2ClientMixin),
    (BoundTokenMixin, OAuth2TokenMixin),
    (SingleUseCodeGrantMixin, AuthorizationCodeGrant),
    (RefreshTokenGrantMixin, RefreshTokenGrant),
])  # fmt: skip
def test_mixin_after_what_it_changes_is_refused(mixin: type, changed: type) -> None:
    with pytest.raises(TypeError, match=f"name {mixin.__name__} before"):
        type("Wrong", (changed, mixin), {})
    right = type("Right", (mixin, changed), {})
    type("Own", (right,), {"validate_token": None, "cnf": None})  # who overrides, knows


def test_jwt_validator_and_jwt_introspection(jwt_server: AuthServer, billing: KeyPair, other: KeyPair) -> None:
    app = jwt_server.app
    keys = KeySet.import_key_set(app.config["JWKS"])

    class Validator(BoundTokenValidatorMixin, JWTBearerTokenValidator):  # type: ignore[misc]
        def get_jwks(self) -> KeySet:
            return keys

    class Introspection(BoundIntrospectionMixin, JWTIntrospectionEndpoint):  # type: ignore[misc]
        def get_jwks(self) -> KeySet:
            return keys

        def check_permission(self, token: Any, client: Any, request: Any) -> bool:
            return True

    protector = ResourceProtector()
    protector.register_token_validator(Validator(issuer=ISSUER, resource_server=ISSUER))
    app.add_url_rule("/jwt", "jwt", protector("accounts")(lambda: ""))
    token = jwt_server.token("billing", billing).get_json()["access_token"]

    def status(pair: KeyPair | None, token: str = token) -> int:
        headers, environ = {"Authorization": f"Bearer {token}"}, environ_for(pair)
        return app.test_client().get("/jwt", base_url=ISSUER, headers=headers, environ_overrides=environ).status_code

    assert [status(pair) for pair in (billing, other, None)] == [200, 401, 401]
    unbound = jwt_server.token("unbound", billing, secret="s3cret").get_json()["access_token"]
    assert status(billing, unbound) == 401
    with app.test_request_context("/"):
        endpoint = Introspection(issuer=ISSUER)
        claims = Validator(issuer=ISSUER, resource_server=ISSUER).authenticate_token(token)
        assert endpoint.create_introspection_payload(claims)["cnf"] == cnf(billing)


def test_introspection_without_cnf_is_refused() -> None:
    class Server(MutualTLSServerMixin, AuthorizationServer):  # type: ignore[misc]
        pass

    with pytest.raises(TypeError, match="BoundIntrospectionMixin"):
        Server().register_endpoint(IntrospectionEndpoint)


def test_client_credentials_of_public_clients_are_refused() -> None:
    class Server(MutualTLSServerMixin, AuthorizationServer):  # type: ignore[misc]
        pass

    class Public(ClientCredentialsGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "none"]  # noqa: RUF012  # Authlib's

    with pytest.raises(TypeError, match=r"Public must not .* none"):
        Server().register_grant(Public)
    Server().register_grant(ClientCredentialsGrant)


def test_jwt_generator_without_cnf_is_refused() -> None:
    class Server(MutualTLSServerMixin, AuthorizationServer):  # type: ignore[misc]
        pass

    with pytest.raises(TypeError, match="BoundJWTMixin"):
        Server().register_token_generator("default", JWTBearerTokenGenerator("https://localhost"))


def test_insecure_transport_is_no_500(server: AuthServer) -> None:
    assert server.app.test_client().post("/oauth/token", base_url="http://as.example.com").status_code == 400
