"""Each decision of the Authlib part: one log record with its reason, and one signal."""

import logging
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from flask_mtls import mtls_client_authenticated, mtls_client_rejected, mtls_token_accepted, mtls_token_rejected
from flask_mtls.authlib import BoundTokenValidatorMixin
from wsgi_mtls.testing import KeyPair, environ_for, self_sign

from .authserver import ISSUER, AuthServer, jwt_claims, make_authserver, metadata

CLIENT_CREDENTIALS = "grant_type=client_credentials"
Request = Callable[[AuthServer, KeyPair], object]
CLIENTS: dict[str, tuple[str, Request]] = {
    "no certificate": ("no_certificate", lambda server, billing: server.token("billing")),
    "row 27": ("certificate_required", lambda server, billing: server.token("secretive", secret="s3cret")),
    "row 29": ("refresh_token_not_bound", lambda server, billing: server.refresh(
        "public", refresh_token(server), billing)),
    "wrong secret": ("other_method_failed", lambda server, billing: server.token("secretive", secret="x")),
    "unknown client": ("other_method_failed", lambda server, billing: server.token("nobody", secret="x")),
    "secret of a client of mutual TLS": ("other_method_failed", lambda server, billing: server.token(
        "billing", billing, secret="s3cret")),
    "too large": ("body_too_large", lambda server, billing: server.token("billing", billing, a="a" * 70000)),
    "NUL": ("malformed_body", lambda server, billing: server.token("billing", billing, a="\0")),
    "unreadable": ("malformed_authorization", lambda server, billing: server.post(
        "/oauth/token", CLIENT_CREDENTIALS, headers={"Authorization": "Basic \xff"})),
    "client_id in the query": ("client_id_in_query", lambda server, billing: server.post(
        "/oauth/token?client_id=billing", f"{CLIENT_CREDENTIALS}&client_id=billing", billing)),
    "scope in the query": ("parameter_in_query", lambda server, billing: server.post(
        "/oauth/token?scope=payments", f"{CLIENT_CREDENTIALS}&client_id=billing", billing)),
}  # fmt: skip
TOKENS: dict[str, tuple[str, Request]] = {
    "stolen": ("confirmation_mismatch", lambda server, billing: server.accounts(access_token(server), billing)),
    "unknown": ("invalid_token", lambda server, billing: server.accounts("unknown", billing)),
    "no scope": ("insufficient_scope", lambda server, billing: server.accounts(
        server.token("billing", billing, scope="payments").get_json()["access_token"], billing)),
}  # fmt: skip
DEVICE = self_sign("CN=device")


def refresh_token(server: AuthServer) -> str:
    token: str = server.exchange("public", server.code("public"), DEVICE).get_json()["refresh_token"]
    return token


def access_token(server: AuthServer) -> str:
    token: str = server.exchange("public", server.code("public"), DEVICE).get_json()["access_token"]
    return token


@pytest.fixture
def server(mobile: KeyPair) -> AuthServer:
    return AuthServer(make_authserver(metadata(mobile)))


@pytest.fixture
def heard() -> Iterator[list[tuple[str, str | None]]]:
    """Each signal and the reason of its error."""
    found: list[tuple[str, str | None]] = []

    def listener(name: str) -> Callable[..., None]:
        return lambda sender, **about: found.append((name, about["event"].reason))

    signals = (mtls_client_authenticated, mtls_client_rejected, mtls_token_accepted, mtls_token_rejected)
    listeners = [(signal, listener(signal.name.removeprefix("mtls-").replace("-", "_"))) for signal in signals]
    for signal, function in listeners:
        signal.connect(function)
    yield found
    for signal, function in listeners:
        signal.disconnect(function)


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str | None]]:
    events: list[Any] = [getattr(record, "mtls_event", None) for record in caplog.records]
    return [(event.name, event.reason) for event in events if event is not None]


@pytest.mark.parametrize("case", [*CLIENTS, *TOKENS])
def test_refusal(
    server: AuthServer, billing: KeyPair, heard: list[Any], caplog: pytest.LogCaptureFixture, case: str
) -> None:
    caplog.set_level(logging.INFO, "wsgi_mtls")
    reason, send = {**CLIENTS, **TOKENS}[case]
    send(server, billing)
    event = ("client_rejected" if case in CLIENTS else "token_rejected", reason)
    assert [found for found in logged(caplog) if found[0] == event[0]] == [event]
    assert [found for found in heard if found[0] == event[0]] == [event]


def test_success(server: AuthServer, billing: KeyPair, heard: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wsgi_mtls")
    token = server.token("billing", billing).get_json()["access_token"]
    assert server.accounts(token, billing).status_code == 200
    expected = [("client_authenticated", None), ("token_accepted", None)]
    assert (logged(caplog), heard) == (expected, expected)


def test_jwt(mobile: KeyPair, billing: KeyPair, heard: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    """Anything but a JWT of the issuer is refused before there is a token to validate."""
    key = ECKey.generate_key("P-256", {"kid": "1"})
    server = AuthServer(make_authserver(metadata(mobile), JWKS={"keys": [key.as_dict(private=True)]}))

    class Validator(BoundTokenValidatorMixin, JWTBearerTokenValidator):  # type: ignore[misc]
        def get_jwks(self) -> KeySet:
            return KeySet([key])

    protector = ResourceProtector()
    protector.register_token_validator(Validator(issuer=ISSUER, resource_server=ISSUER))
    server.app.add_url_rule("/jwt", "jwt", protector("accounts")(lambda: ""))
    right = server.token("billing", billing).get_json()["access_token"]
    heard.clear()
    caplog.set_level(logging.INFO, "wsgi_mtls")
    critical = ".".join(urlsafe_b64encode(part).decode() for part in (b'{"alg":"ES256","crit":1}', b'{"sub":1}', b"A"))
    odd = jwt.encode({"alg": "ES256", "kid": "1", "typ": "at+jwt"}, {**jwt_claims(right), "scope": 1}, key)
    for token, status in {"junk": 401, f"{right[:-4]}AAAA": 401, critical: 401, odd: 401, right: 200}.items():
        headers, environ = {"Authorization": f"Bearer {token}"}, environ_for(billing)
        answer = server.app.test_client().get("/jwt", base_url=ISSUER, headers=headers, environ_overrides=environ)
        assert answer.status_code == status
    expected = [("token_rejected", "invalid_token")] * 4 + [("token_accepted", None)]
    assert (logged(caplog), heard) == (expected, expected)
