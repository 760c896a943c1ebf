"""ATTACKS.md at an API: through ``bound_token_required`` and through Authlib's ``ResourceProtector``."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2.rfc7662 import IntrospectTokenValidator
from flask import Flask

from flask_mtls import MutualTLS, bound_token_required
from flask_mtls.authlib import BoundTokenValidatorMixin
from tests.confirmations import CONFIRMATIONS
from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.testing import KeyPair, Profile, environ_for, self_sign

Ask = Callable[..., tuple[int, str | None]]
INVALID_TOKEN = (401, 'error="invalid_token"')
ACCEPTED = (200, None)


class Tokens:
    """Whatever claims a test wants."""

    claims: Mapping[str, Any]

    def decode(self, token: str, /) -> Mapping[str, Any]:
        if token != "good":
            raise InvalidToken("No such token.")
        return self.claims


class Introspected(BoundTokenValidatorMixin, IntrospectTokenValidator):  # type: ignore[misc]
    """The same, for Authlib."""

    def __init__(self, tokens: Tokens, required: bool) -> None:
        super().__init__()
        self.tokens, self.binding_required = tokens, required

    def introspect_token(self, token: str) -> Mapping[str, Any]:
        return {"active": True, **self.tokens.claims} if token == "good" else {"active": False}


@pytest.fixture(params=["decorator", "authlib"])
def ask(request: pytest.FixtureRequest) -> Ask:
    tokens, app = Tokens(), Flask("application")
    app.testing = True
    MutualTLS(app, source="environ", tokens=tokens)
    if request.param == "decorator":
        app.add_url_rule("/api", "api", bound_token_required(lambda: ""))
        app.add_url_rule("/lax", "lax", bound_token_required(required=False)(lambda: ""))
    else:
        for path, required in (("api", True), ("lax", False)):
            protector = ResourceProtector()
            protector.register_token_validator(Introspected(tokens, required))
            app.add_url_rule(f"/{path}", path, protector()(lambda: ""))

    def ask(claims: Mapping[str, Any], pair: KeyPair | None, *, path: str = "/api", **options: Any) -> Any:
        tokens.claims = claims
        headers = {"Authorization": "Bearer good"}
        answer = app.test_client().get(path, headers=headers, environ_overrides=environ_for(pair, **options))
        challenge = answer.headers.get("WWW-Authenticate", "")
        return answer.status_code, INVALID_TOKEN[1] if INVALID_TOKEN[1] in challenge else challenge or None

    return ask


@pytest.fixture(scope="session")
def pair() -> KeyPair:
    return self_sign("CN=client")


@pytest.fixture(scope="session")
def thumbprint(pair: KeyPair) -> str:
    return pair.certificate.thumbprint


def bound(value: object) -> dict[str, Any]:
    return {"cnf": {"x5t#S256": value}}


@pytest.mark.parametrize("path", ["/api", "/lax"])
def test_rows_32_36_38_stolen_token(ask: Ask, pair: KeyPair, thumbprint: str, path: str) -> None:
    renewed = self_sign("CN=client", Profile(key=pair.key))
    for thief in (None, self_sign("CN=client"), renewed):
        assert ask(bound(thumbprint), thief, path=path) == INVALID_TOKEN
    assert ask(bound(thumbprint), pair, path=path) == ACCEPTED


def test_row_33_certificate_of_any_ca(ask: Ask, pair: KeyPair, thumbprint: str) -> None:
    assert ask(bound(thumbprint), pair, verified=False) == ACCEPTED
    assert ask(bound(thumbprint), self_sign("CN=client"), verified=True) == INVALID_TOKEN


@pytest.mark.parametrize("path", ["/api", "/lax"])
@pytest.mark.parametrize("change", CONFIRMATIONS.values(), ids=CONFIRMATIONS)
def test_row_34_malformed_confirmation(
    ask: Ask, pair: KeyPair, thumbprint: str, path: str, change: Callable[[str], object]
) -> None:
    assert ask({"cnf": change(thumbprint)}, pair, path=path) == INVALID_TOKEN
    assert ask(bound(thumbprint), pair, path=path) == ACCEPTED


@pytest.mark.parametrize("method", ["jkt", "jwk", "jku", "kid"])
def test_row_35_another_method_beside(ask: Ask, pair: KeyPair, thumbprint: str, method: str) -> None:
    assert ask({"cnf": {"x5t#S256": thumbprint, method: "x"}}, pair) == INVALID_TOKEN
    assert ask({"cnf": {"x5t#S256": thumbprint, "nobody-knows": "x"}}, pair) == ACCEPTED


def test_row_37_unbound_token(ask: Ask, pair: KeyPair) -> None:
    assert ask({"scope": "a"}, pair) == INVALID_TOKEN
    assert ask({"scope": "a"}, pair, path="/lax") == ACCEPTED


def test_row_43_certificate_that_has_expired_since(ask: Ask) -> None:
    now = datetime.now(UTC)
    expired = self_sign("CN=a", Profile(not_before=now - timedelta(days=2), not_after=now - timedelta(days=1)))
    assert ask(bound(expired.certificate.thumbprint), expired) == ACCEPTED
    assert ask(bound(expired.certificate.thumbprint), None) == INVALID_TOKEN
