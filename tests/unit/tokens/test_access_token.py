"""The middleware, beyond what ATTACKS.md lists."""

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import mod_ssl, refused, request
from tests.tokens import API, GuardedAPI, Issuer, thumbprint
from wsgi_mtls import PeerCertificate, sources
from wsgi_mtls.errors import InvalidToken, MutualTLSError
from wsgi_mtls.events import Event
from wsgi_mtls.guard import Guard
from wsgi_mtls.testing import environ_for, self_sign
from wsgi_mtls.wsgi_tokens import TOKEN, AccessTokenMiddleware, accept_token
from wsgi_mtls.x509 import PeerSubject

PAIR = self_sign("CN=billing")


class Fixed:
    """Decodes every token to the same claims."""

    def __init__(self, claims: Any) -> None:
        self.claims = claims

    def decode(self, token: str, /) -> Any:
        if isinstance(self.claims, Exception):
            raise self.claims
        return self.claims


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


def test_what_the_application_finds(issuer: Issuer) -> None:
    api = GuardedAPI(issuer.tokens())
    answer = api.get(issuer.token(PAIR), PAIR, method="POST", body=b"x=y")
    assert answer.json == {
        "client_id": "billing",
        "scopes": ["accounts", "payments"],
        "sub": "billing",
        "bound_to": thumbprint(PAIR),
        "body": "x=y",
    }
    assert api.events == [
        Event("token_accepted", "billing", thumbprint=thumbprint(PAIR), source="mod_ssl", path="/accounts"),
    ]


def test_event_of_a_refusal(issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    api, other = GuardedAPI(issuer.tokens()), self_sign("CN=x")
    with caplog.at_level(logging.WARNING):
        api.get(issuer.token(PAIR), other)
    (event,) = api.events
    assert (event.name, event.client_id, event.reason) == ("token_rejected", "billing", "confirmation_mismatch")
    assert event.thumbprint == thumbprint(other)
    assert "confirmation_mismatch" in caplog.text
    assert issuer.token(PAIR) not in caplog.text


def test_unbound_token_says_nothing_of_a_certificate(issuer: Issuer) -> None:
    api = GuardedAPI(issuer.tokens(), required=False)
    assert api.get(issuer.token(), PAIR).json["bound_to"] is None
    assert api.get(issuer.token(PAIR), PAIR).json["bound_to"] == thumbprint(PAIR)


COVERED = [(None, 200), ("accounts", 200), ("payments accounts", 200)]
NOT_COVERED = [("admin", 403), ("accounts admin", 403), ("account", 403), ("ACCOUNTS", 403)]
WRONG_TYPES: list[dict[str, object]] = [
    {"scope": ["accounts"]},
    {"scope": 5},
    {"client_id": 5},
    {"client_id": ["billing"]},
]


@pytest.mark.parametrize(("needed", "status"), [*COVERED, *NOT_COVERED])
def test_scope(issuer: Issuer, needed: str | None, status: int) -> None:
    api = GuardedAPI(issuer.tokens(), scope=needed)
    answer = api.get(issuer.token(PAIR), PAIR)
    assert answer.status == status
    if status == 403:
        assert answer.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{needed}"'
        assert api.events[0].reason == "insufficient_scope"


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\t", "\n", "\x1f", "\u0085"])
def test_scope_tokens_are_separated_by_the_space_alone(issuer: Issuer, space: str) -> None:
    api = GuardedAPI(issuer.tokens(), scope="admin")
    assert api.get(issuer.token(PAIR, scope=f"own{space}admin"), PAIR).status == 403
    assert api.get(issuer.token(PAIR, scope="own  admin "), PAIR).status == 200


def test_scope_of_somebody_elses_token(issuer: Issuer) -> None:
    """Whoever can't use the token does not learn what it covers."""
    api = GuardedAPI(issuer.tokens(), scope="admin")
    assert api.reason(issuer.token(PAIR), None) == "token_without_certificate"


@pytest.mark.parametrize(
    "changes", [{"scope": ["accounts"]}, {"scope": 5}, {"client_id": 5}, {"client_id": ["billing"]}]
)
def test_claims_of_the_wrong_type(changes: dict[str, object]) -> None:
    right = {"cnf": {"x5t#S256": thumbprint(PAIR)}, "scope": "accounts", "client_id": "billing"}
    assert GuardedAPI(Fixed(right | changes)).reason("x", PAIR) == "malformed_token"
    assert GuardedAPI(Fixed(right)).reason("x", PAIR) == "accepted"


@pytest.mark.parametrize("claims", [None, "claims", [], 5, [("cnf", {})]])
def test_decoder_that_returns_no_claims(claims: object) -> None:
    assert GuardedAPI(Fixed(claims)).reason("x", PAIR) == "invalid_token"


@pytest.mark.parametrize(
    "error", [ValueError("bad"), KeyError("x"), RuntimeError(), InvalidToken("no", reason="token_inactive")]
)
def test_decoder_that_fails(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    expected = "token_inactive" if isinstance(error, InvalidToken) else "invalid_token"
    assert GuardedAPI(Fixed(error)).reason("x", PAIR) == expected
    assert ("Fixed failed" in caplog.text) == (expected == "invalid_token")


def test_answers_are_not_cached_and_say_no_more(issuer: Issuer) -> None:
    answer = GuardedAPI(issuer.tokens(), realm="accounts").get(issuer.token(PAIR), None)
    assert answer.body == b""
    assert answer.headers == {
        "Cache-Control": "no-store",
        "Content-Length": "0",
        "WWW-Authenticate": 'Bearer realm="accounts", error="invalid_token"',
    }


def test_certificate_that_can_not_be_read(issuer: Issuer) -> None:
    extra = {"SSL_CLIENT_CERT": "rubbish", "HTTP_AUTHORIZATION": f"Bearer {issuer.token(PAIR)}"}
    answer = GuardedAPI(issuer.tokens()).get(extra=extra)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (400, 'Bearer error="invalid_request"')


@pytest.mark.parametrize("certificate", ["rubbish", "rubbish " * 10_000])
def test_no_token_and_a_certificate_that_can_not_be_read(issuer: Issuer, certificate: str) -> None:
    """RFC 6750 section 3.1: who sent no token gets no error code, since it may not know that one is needed."""
    api = GuardedAPI(issuer.tokens())
    answer = api.get(extra={"SSL_CLIENT_CERT": certificate})
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="oauth"')
    assert [event.reason for event in api.events] == ["missing_token"]
    answer = api.get(extra={"SSL_CLIENT_CERT": certificate}, query="access_token=x")
    assert (answer.status, api.events[-1].reason) == (400, "token_in_query")


def test_event_of_a_missing_token_names_the_certificate(issuer: Issuer) -> None:
    api = GuardedAPI(issuer.tokens())
    assert api.get(pair=PAIR).status == 401
    assert [(event.reason, event.thumbprint) for event in api.events] == [("missing_token", thumbprint(PAIR))]


def test_header_of_an_untrusted_peer_is_dropped_before_any_refusal(issuer: Issuer) -> None:
    """A framework goes on with the environ, even if only for the error page."""
    source = sources.rfc9440(trusted_proxies=["10.0.0.1"], underscores_dropped=True)
    for token in ({}, {"HTTP_AUTHORIZATION": "Bearer x y"}, {"HTTP_AUTHORIZATION": f"Bearer {issuer.token(PAIR)}"}):
        environ = {"HTTP_CLIENT_CERT": ":YQ==:", "REMOTE_ADDR": "10.9.9.9", "REQUEST_METHOD": "GET", **token}
        with pytest.raises(MutualTLSError):
            accept_token(environ, Guard(source, tokens=issuer.tokens()))
        assert "HTTP_CLIENT_CERT" not in environ


def test_terminator_that_forwards_only_a_name(issuer: Issuer) -> None:
    peer = PeerSubject("tls_client_auth_san_dns", ("billing.example",), verified=True)
    api = GuardedAPI(issuer.tokens(), source=lambda _: peer)
    assert api.reason(issuer.token(PAIR)) == "token_without_certificate"
    unbound = GuardedAPI(issuer.tokens(), source=lambda _: peer, required=False)
    assert unbound.reason(issuer.token()) == "accepted"


def test_token_in_the_environ_is_nobodys_word(issuer: Issuer) -> None:
    forged = accept_token(
        {"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": "Bearer x"} | environ_for(PAIR),
        Guard(sources.mod_ssl(), tokens=Fixed({})),
        required=False,
    )
    assert GuardedAPI(issuer.tokens()).get(extra={TOKEN: forged, **mod_ssl(PAIR)}).status == 401
    header = GuardedAPI(issuer.tokens()).get(extra={"HTTP_WSGI_MTLS_TOKEN": "x", **mod_ssl(PAIR)})
    assert header.status == 401


def test_peer_of_an_outer_layer(issuer: Issuer) -> None:
    api = GuardedAPI(issuer.tokens())
    environ = {"HTTP_AUTHORIZATION": f"Bearer {issuer.token(PAIR)}"}
    assert api.get(extra=environ | environ_for(PAIR)).status == 200
    assert api.get(extra=environ | environ_for(None) | mod_ssl(PAIR)).status == 401


def test_header_of_an_untrusted_peer_is_dropped_everywhere(issuer: Issuer) -> None:
    seen: list[bool] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append("HTTP_CLIENT_CERT" in environ)
        start_response("200 OK", [])
        return []

    source = sources.rfc9440(trusted_proxies=["10.0.0.1"], underscores_dropped=True)
    api = AccessTokenMiddleware(app, issuer.tokens(), source=source, paths=["/accounts"])
    forged = {"HTTP_CLIENT_CERT": ":YQ==:", "REMOTE_ADDR": "10.9.9.9"}
    assert request(api, path="/elsewhere", extra=forged).status == 200
    assert seen == [False]


def test_also_verified_by_the_caller() -> None:
    both, other = ({"x5t#S256": thumbprint(PAIR), "kid": "x"}, {"kid": "x"})
    environ = environ_for(PAIR) | {"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": "Bearer x"}

    def accept(cnf: dict[str, str], **options: Any) -> Any:
        return accept_token(dict(environ), Guard(sources.mod_ssl(), tokens=Fixed({"cnf": cnf})), **options)

    with refused("unverified_confirmation", match="kid"):
        accept(both)
    assert accept(both, also_verified={"kid"}).certificate == PAIR.certificate
    with refused("token_not_bound", match="x5t#S256"):
        accept(other, also_verified={"kid"})
    assert accept(other, also_verified={"kid"}, required=False).certificate is None
    with pytest.raises(TypeError):
        accept(both, also_verified="kid")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(thumbprint(PAIR)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x5t#S256", "jkt", "jwk", "x5t", "other"]) | st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["cnf", "scope", "client_id"]), JSON), st.booleans())
def test_any_claims(claims: dict[str, Any], required: bool) -> None:
    environ: dict[str, Any] = environ_for(PAIR) | {"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": "Bearer x"}
    try:
        token = accept_token(environ, Guard(sources.mod_ssl(), tokens=Fixed(claims)), required=required)
    except InvalidToken:
        assert TOKEN not in environ
        return
    if token.certificate is None:
        assert not required
        assert "cnf" not in claims
    else:
        assert claims["cnf"]["x5t#S256"] == thumbprint(PAIR)
    assert environ[TOKEN] is token


@given(JSON)
def test_any_confirmation_without_a_certificate(cnf: object) -> None:
    for required in (True, False):
        environ: dict[str, Any] = environ_for(None) | {"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": "Bearer x"}
        with pytest.raises(MutualTLSError):
            accept_token(environ, Guard(sources.mod_ssl(), tokens=Fixed({"cnf": cnf})), required=required)


def test_value_can_be_hashed(issuer: Issuer) -> None:
    environ: dict[str, Any] = environ_for(PAIR) | {
        "REQUEST_METHOD": "GET",
        "HTTP_AUTHORIZATION": f"Bearer {issuer.token(PAIR)}",
    }
    token = accept_token(environ, Guard(sources.mod_ssl(), tokens=issuer.tokens()))
    assert len({token, token}) == 1
    assert isinstance(environ[sources.PEER], PeerCertificate)
    assert token.claims["aud"] == API


@pytest.mark.parametrize("authorization", [{}, {"HTTP_AUTHORIZATION": "Bearer x"}])
def test_refusal_takes_an_earlier_token_away(issuer: Issuer, authorization: dict[str, str]) -> None:
    """A decorator's caller may go on after a refusal, and must not find what another layer accepted."""
    guard = Guard(sources.mod_ssl(), tokens=issuer.tokens())
    request = environ_for(PAIR) | {"REQUEST_METHOD": "GET"}
    earlier = accept_token(request | {"HTTP_AUTHORIZATION": f"Bearer {issuer.token(PAIR)}"}, guard)
    later: dict[str, Any] = request | {TOKEN: earlier} | authorization
    with pytest.raises(MutualTLSError):
        accept_token(later, guard)
    assert TOKEN not in later


def test_event_of_a_refusal_carries_the_errors_message(issuer: Issuer) -> None:
    api = GuardedAPI(issuer.tokens())
    api.get(issuer.token(PAIR), self_sign("CN=x"))
    api.get()
    assert [event.detail is not None and len(event.detail) > 20 for event in api.events] == [True, True]
    guard = Guard(sources.mod_ssl(), tokens=issuer.tokens(), observers=[api.events.append])
    with pytest.raises(MutualTLSError) as refused:
        accept_token({"REQUEST_METHOD": "GET"}, guard)
    assert api.events[-1].detail == refused.value.message
