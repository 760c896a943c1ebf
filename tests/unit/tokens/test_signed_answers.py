"""Signed answers of an introspection endpoint (RFC 9701), over real mutual TLS."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from tests.support import refused
from tests.tokens import API, ISSUER, NOW, Introspection, Issuer, JSONServer, json_response, json_server
from wsgi_mtls.tokens import IntrospectedTokens

ISSUING, OTHER = Issuer(), Issuer()
ACTIVE: dict[str, Any] = {"active": True, "aud": API, "client_id": "billing", "scope": "accounts"}
ANSWER: dict[str, Any] = {"iss": ISSUER, "aud": API, "iat": NOW, "token_introspection": ACTIVE}
KIND = "application/token-introspection+jwt"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JSONServer]:
    with json_server(tmp_path_factory.mktemp("introspection"), json_response) as running:
        yield running


@pytest.fixture
def tokens(server: JSONServer) -> IntrospectedTokens:
    return Introspection(server).tokens(issuer=ISSUER, jwks=ISSUING.jwks, cache_seconds=0)


def answer(
    claims: Any = ANSWER, by: Issuer = ISSUING, kind: str = KIND, **header: Any
) -> Callable[[Request], Response]:
    body = by.sign(claims, **{"typ": "token-introspection+jwt", **header})

    def respond(http: Request) -> Response:
        assert http.headers["Accept"] == KIND
        return Response(body, content_type=kind)

    return respond


@pytest.mark.parametrize("claims", [ANSWER, {**ANSWER, "aud": ["x", API]}, {**ANSWER, "aud": "api"}])
def test_accepted(server: JSONServer, tokens: IntrospectedTokens, claims: dict[str, Any]) -> None:
    server.answer = answer(claims)
    assert tokens.decode("opaque") == ACTIVE
    server.answer = answer(claims, kind=f"{KIND}; charset=utf-8", typ=KIND)
    assert tokens.decode("opaque") == ACTIVE


@pytest.mark.parametrize(
    ("respond", "problem"),
    [
        (answer(by=OTHER), "signature"),
        (answer({**ANSWER, "iss": "https://other.example.com"}), "iss"),
        (answer({**ANSWER, "aud": "https://other.example.com"}), "not for this API"),
        (answer({**ANSWER, "aud": None}), "not for this API"),
        (answer({**ANSWER, "aud": [{}]}), "not for this API"),
        (answer({**ANSWER, "iat": None}), "iat"),
        (answer({"iss": ISSUER, "aud": API, **ACTIVE, "iat": NOW}), "object"),
        (answer({**ANSWER, "token_introspection": [ACTIVE]}), "object"),
        (answer(typ="at+jwt"), "typ"),
        (answer(typ="JWT"), "typ"),
        (answer(typ=None), "typ"),
        (answer(kind="application/jwt"), "have the server sign"),
        (lambda _: json_response(ACTIVE), "have the server sign"),
        (lambda _: Response(b"a.b.c.d.e", content_type=KIND), "encrypted"),
        (lambda _: Response(b"x", content_type=KIND), "JWT"),
        (lambda _: Response(b"\xff.\xff.\xff", content_type=KIND), "JWT"),
        (lambda _: Response(b"", content_type=KIND), "JWT"),
        (lambda _: Response(status=401), "401"),
    ],
)
def test_refused(
    server: JSONServer, tokens: IntrospectedTokens, respond: Callable[[Request], Response], problem: str
) -> None:
    server.answer = respond
    with refused("tokens_unavailable", match=problem):
        tokens.decode("opaque")


def test_unsigned_by_none(server: JSONServer, tokens: IntrospectedTokens) -> None:
    signed = ISSUING.sign(ANSWER, typ="token-introspection+jwt")
    payload = signed.split(".")[1]
    unsigned = f"eyJhbGciOiJub25lIiwidHlwIjoidG9rZW4taW50cm9zcGVjdGlvbitqd3QifQ.{payload}."
    for body in (unsigned, signed[:-4], f"{signed}AAAA"):
        server.answer = lambda _, body=body: Response(body, content_type=KIND)  # type: ignore[misc]
        with refused("tokens_unavailable"):
            tokens.decode("opaque")


def test_what_the_answer_says_counts(server: JSONServer, tokens: IntrospectedTokens) -> None:
    for changes, reason in (
        ({"active": False}, "token_inactive"),
        ({"aud": "https://other.example.com"}, "wrong_audience"),
        ({"exp": NOW}, "token_expired"),
        ({"token_type": "refresh_token"}, "not_an_access_token"),
    ):
        server.answer = answer({**ANSWER, "token_introspection": ACTIVE | changes})
        with refused(reason):
            tokens.decode("opaque")


@pytest.mark.parametrize("kind", [KIND, "application/jwt", "application/json", "text/plain"])
def test_a_signed_answer_that_nobody_asked_for(server: JSONServer, kind: str) -> None:
    body = ISSUING.sign(ANSWER, typ="token-introspection+jwt")
    server.answer = lambda _: Response(body, content_type=kind)
    with refused("tokens_unavailable", match=r"was asked for JSON: give issuer and jwks_uri"):
        Introspection.tokens(_of(server)).decode("opaque")


def _of(server: JSONServer) -> Introspection:
    before = server.answer
    made = Introspection(server)
    server.answer = before
    return made
