"""Bound tokens in REST framework: ATTACKS.md at an API."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_mtls.rest_framework.test import CertificateAPIClient
from django_mtls.signals import token_rejected
from wsgi_mtls.errors import InvalidToken, TokensUnavailable
from wsgi_mtls.testing import KeyPair

GOOD = {"Authorization": "Bearer good"}
VIEWS = ["/accounts", "/anytoken", "/either", "/tokenfirst", "/unbound"]


class Tokens:
    """Whatever claims a test wants."""

    claims: Mapping[str, Any] = {}

    def decode(self, token: str, /) -> Mapping[str, Any]:
        if token == "later":
            raise TokensUnavailable("The issuer sleeps.")
        if token != "good":
            raise InvalidToken("No such token.")
        return self.claims


tokens = Tokens()


@pytest.fixture(autouse=True)
def _tokens(mtls: Callable[..., None]) -> None:
    mtls(TOKENS=tokens, REALM="accounts")


def bound(pair: KeyPair | None, **changes: Any) -> None:
    """Let ``good`` be bound to this certificate."""
    cnf = {"cnf": {"x5t#S256": pair.certificate.thumbprint}} if pair else {}
    tokens.claims = {"client_id": "billing", "scope": "accounts payments", **cnf, **changes}


def ask(pair: KeyPair | None, path: str = "/accounts", headers: Mapping[str, str] = GOOD) -> Any:
    # The certificate is nobody's: only the view's first class may look at it as a user's.
    return CertificateAPIClient(pair).get(path, headers=dict(headers))


def outcome(answer: Any) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("WWW-Authenticate")


INVALID_TOKEN = (401, 'Bearer realm="accounts", error="invalid_token"')
ACCEPTED = (200, None)


def test_token(alice_pair: KeyPair) -> None:
    bound(alice_pair)
    assert ask(alice_pair).json() == {"client_id": "billing", "user": ""}


def test_user_of_a_token(alice: Any, alice_pair: KeyPair) -> None:
    bound(alice_pair, sub="alice")
    assert ask(alice_pair, "/ofuser").json()["user"] == "alice"
    # Without a user of its own, a token is no user.
    bound(alice_pair)
    assert ask(alice_pair, "/tokenfirst").json()["user"] == ""


def test_certificate_named_first(alice: Any, alice_pair: KeyPair, bob_pair: KeyPair) -> None:
    """The first class decides: alice's certificate is a user and so no token is looked at; the scope is missing."""
    bound(alice_pair)
    assert ask(alice_pair, "/either").status_code == 403
    assert ask(bob_pair, "/either").status_code == 403
    # Refused as RFC 6750 says nevertheless.
    assert outcome(ask(None, "/either")) == INVALID_TOKEN


def test_scope(alice_pair: KeyPair) -> None:
    seen: list[Any] = []
    bound(alice_pair, scope="payments accountsX")

    def receiver(event: Any, **_: Any) -> None:
        seen.append(event)

    token_rejected.connect(receiver)
    try:
        answer = ask(alice_pair)
    finally:
        token_rejected.disconnect(receiver)
    assert outcome(answer) == (403, 'Bearer realm="accounts", error="insufficient_scope", scope="accounts"')
    assert [event.reason for event in seen] == ["insufficient_scope"]
    assert outcome(ask(alice_pair, "/anytoken")) == ACCEPTED


def test_scope_in_a_composition(alice: Any, alice_pair: KeyPair) -> None:
    """With ``|`` and ``~`` it is one condition of several; with ``&`` it decides, and so does its challenge."""
    small = (403, 'Bearer realm="accounts", error="insufficient_scope", scope="accounts"')
    for scope, answers in {
        "payments": (small, (403, None), ACCEPTED),
        "accounts": (ACCEPTED, ACCEPTED, (403, None)),
    }.items():
        bound(alice_pair, scope=scope)
        for path, expected in zip(("/scopeandtoken", "/scopeoruser", "/notscope"), answers, strict=True):
            assert outcome(ask(alice_pair, path)) == expected
    bound(alice_pair, scope="payments", sub="alice")
    # Without a token, the certificate is a user.
    assert outcome(ask(alice_pair, "/scopeoruser", headers={})) == ACCEPTED


def test_without_a_token(alice_pair: KeyPair) -> None:
    bound(alice_pair)
    challenge = (401, 'Bearer realm="accounts", scope="accounts"')
    assert outcome(ask(alice_pair, headers={})) == challenge
    assert outcome(ask(alice_pair, headers={"Authorization": "Basic Z29vZDo="})) == challenge


@pytest.mark.parametrize(("authorization", "status"), [
    ("Bearer other", 401), ("Bearer good, Bearer good", 400), ("Bearer", 400), ("Bearer a b", 400),
    ("Bearer " + "a" * 20000, 400),
])  # fmt: skip
def test_malformed(alice_pair: KeyPair, authorization: str, status: int) -> None:
    bound(alice_pair)
    answer = ask(alice_pair, headers={"Authorization": authorization})
    assert answer.status_code == status
    assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")
    assert outcome(ask(alice_pair, "/accounts?access_token=good"))[0] == 400
    assert outcome(ask(alice_pair)) == ACCEPTED


def test_unavailable(alice_pair: KeyPair) -> None:
    assert outcome(ask(alice_pair, headers={"Authorization": "Bearer later"})) == (503, None)


def test_view_without_a_scope(alice_pair: KeyPair) -> None:
    bound(alice_pair)
    with pytest.raises(ImproperlyConfigured, match="required_scope"):
        ask(alice_pair, "/forgotten")
