"""Introspected access tokens (RFC 7662), over real mutual TLS."""

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from tests.support import refused
from tests.tokens import API, NOW, GuardedAPI, Introspection, JSONServer, json_response, json_server
from wsgi_mtls import ClientCertificate
from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.store import MemoryStore
from wsgi_mtls.testing import self_sign

ACTIVE: dict[str, Any] = {"active": True, "aud": API, "client_id": "billing", "scope": "accounts"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JSONServer]:
    with json_server(tmp_path_factory.mktemp("introspection"), json_response) as running:
        yield running


@pytest.fixture
def endpoint(server: JSONServer) -> Introspection:
    server.asked.clear()
    server.certificates.clear()
    return Introspection(server)


def test_request(endpoint: Introspection) -> None:
    endpoint.known["opaque"] = ACTIVE
    assert endpoint.tokens().decode("opaque") == ACTIVE
    assert endpoint.server.asked == [{"token": "opaque", "token_type_hint": "access_token", "client_id": "api"}]
    own = ClientCertificate.from_pem((endpoint.server.folder / "api.pem").read_bytes())
    assert endpoint.server.certificates == [own.thumbprint]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"active": "true"}, "token_inactive"),
        ({"active": 1}, "token_inactive"),
        ({"active": None}, "token_inactive"),
        ({"active": [True]}, "token_inactive"),
        ({"active": False}, "token_inactive"),
        ({"aud": "https://other.example.com"}, "wrong_audience"),
        ({"aud": []}, "wrong_audience"),
        ({"aud": None}, "malformed_token"),
        ({"aud": {API: 1}}, "malformed_token"),
        ({"exp": NOW}, "token_expired"),
        ({"exp": "never"}, "malformed_token"),
        ({"cnf": None, "aud": None}, "malformed_token"),
        ({"nbf": NOW + 1}, "token_not_yet_valid"),
        ({"token_type": "refresh_token"}, "not_an_access_token"),
        ({"token_type": "N_A"}, "not_an_access_token"),
        ({"token_type": 5}, "not_an_access_token"),
        ({"token_use": "refresh_token"}, "not_an_access_token"),
        ({"token_type": "Bearer", "typ": "Refresh"}, "not_an_access_token"),
        ({"typ": "Offline"}, "not_an_access_token"),
        ({"typ": "ID"}, "not_an_access_token"),
    ],
)
def test_refused(endpoint: Introspection, changes: dict[str, object], reason: str) -> None:
    endpoint.known["opaque"] = ACTIVE | changes
    with refused(reason) as caught:
        endpoint.tokens().decode("opaque")
    assert type(caught.value) is InvalidToken


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["x", API]},
        {"exp": NOW + 1},
        {"nbf": NOW},
        {"token_type": "Bearer"},
        {"token_type": "bearer", "token_use": "access_token"},
        {"typ": "Bearer"},
        {"token_type": "DPoP"},
        {"token_type": "dpop", "typ": "DPoP"},
    ],
)
def test_accepted(endpoint: Introspection, changes: dict[str, object]) -> None:
    endpoint.known["opaque"] = ACTIVE | changes
    assert endpoint.tokens().decode("opaque") == ACTIVE | changes


def test_no_audience(endpoint: Introspection) -> None:
    endpoint.known["opaque"] = {"active": True}
    with refused("malformed_token", match="aud"):
        endpoint.tokens().decode("opaque")


@pytest.mark.parametrize(
    "answer",
    [
        Response(status=500),
        Response(status=401),
        Response(status=302, headers={"Location": "/elsewhere"}),
        Response(b"active"),
        json_response([ACTIVE]),
        json_response("true"),
        json_response(ACTIVE, status=201),
        json_response({**ACTIVE, "x": "a" * 300_000}),
    ],
)
def test_no_answer(endpoint: Introspection, answer: Response) -> None:
    endpoint.server.answer = lambda _: answer
    with refused("tokens_unavailable"):
        endpoint.tokens().decode("opaque")
    assert GuardedAPI(endpoint.tokens()).get("opaque").status == 503


def test_nobody_there(endpoint: Introspection) -> None:
    url = endpoint.server.url
    try:
        endpoint.server.url = "https://127.0.0.1:1/introspect"
        tokens = endpoint.tokens()
    finally:
        endpoint.server.url = url
    with refused("tokens_unavailable"):
        tokens.decode("opaque")


def test_answer_that_comes_too_late(endpoint: Introspection) -> None:
    over = Event()

    def late(_: Request) -> Response:
        over.wait(20)
        return json_response(ACTIVE)

    endpoint.server.answer = late
    try:
        with refused("tokens_unavailable"):
            endpoint.tokens(timeout=0.2).decode("opaque")
        assert not over.is_set()
    finally:
        over.set()
    assert endpoint.tokens().decode("opaque") == ACTIVE


def test_cache(endpoint: Introspection) -> None:
    now = [float(NOW)]
    tokens = endpoint.tokens(cache_seconds=10, store=MemoryStore(clock=lambda: now[0]))
    endpoint.known["opaque"] = ACTIVE
    assert tokens.decode("opaque") == ACTIVE
    endpoint.known["opaque"] = {"active": False}
    now[0] += 9  # less than ten: the age begins before the request
    assert tokens.decode("opaque") == ACTIVE
    now[0] += 1
    with refused("token_inactive"):
        tokens.decode("opaque")
    assert endpoint.asked == ["opaque", "opaque"]


def test_cache_ends_with_the_token(endpoint: Introspection) -> None:
    now = [float(NOW)]
    tokens = endpoint.tokens(cache_seconds=300, clock=lambda: now[0])
    endpoint.known["opaque"] = ACTIVE | {"exp": NOW + 5}
    assert tokens.decode("opaque")
    now[0] += 5
    with refused("token_expired"):
        tokens.decode("opaque")
    assert endpoint.asked == ["opaque"]


def test_cache_is_not_shared_with_who_gets_claims(endpoint: Introspection) -> None:
    tokens = endpoint.tokens()
    endpoint.known["opaque"] = ACTIVE | {"cnf": {"x5t#S256": "x"}}
    claims: dict[str, Any] = tokens.decode("opaque")
    claims["cnf"]["x5t#S256"] = "y"
    claims["scope"] = "everything"
    assert tokens.decode("opaque") == endpoint.known["opaque"]
    assert endpoint.asked == ["opaque"]


@pytest.mark.parametrize("token", ["é", "\ud800"])
def test_token_that_is_no_ascii(endpoint: Introspection, token: str) -> None:
    with refused("malformed_token"):
        endpoint.tokens().decode(token)
    assert endpoint.asked == []


def test_refusals_are_not_cached(endpoint: Introspection) -> None:
    tokens = endpoint.tokens()
    with refused("token_inactive"):
        tokens.decode("opaque")
    endpoint.known["opaque"] = ACTIVE
    assert tokens.decode("opaque")


def test_cache_is_bounded(endpoint: Introspection) -> None:
    tokens = endpoint.tokens(store=MemoryStore(1000))
    for name in ("a", "b", "c"):
        endpoint.known[name] = ACTIVE | {"sub": name}
        assert tokens.decode(name)["sub"] == name
    tokens.decode("c")
    tokens.decode("b")
    assert endpoint.asked == ["a", "b", "c"]
    tokens.decode("a")
    assert endpoint.asked == ["a", "b", "c", "a"]


class Values(MemoryStore):
    """Shows what it is given, and can fail."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[str, bytes] = {}
        self.fails = False

    def get(self, key: str, /) -> bytes | None:
        if self.fails:
            raise ConnectionError("down")
        return self.given.get(key)

    def set(self, key: str, value: bytes, seconds: float, /) -> None:
        if self.fails:
            raise ConnectionError("down")
        self.given[key] = value


def test_keys_of_a_shared_store(endpoint: Introspection) -> None:
    """One token at two issuers, endpoints or APIs is two entries, and none of them reveals the token."""
    store = Values()
    endpoint.known["very-secret"] = ACTIVE
    for options in ({}, {"issuer": "https://as.example.com"}, {"client_id": "other"}, {"client_id": "other"}):
        endpoint.tokens(store=store, **options).decode("very-secret")
    assert len(store.given) == 3
    assert endpoint.asked == ["very-secret"] * 3
    assert all(len(key) == 64 and int(key, 16) for key in store.given)
    assert b"very-secret" not in b"".join(store.given.values())


def test_a_store_out_of_reach(endpoint: Introspection) -> None:
    store = Values()
    store.fails = True
    endpoint.known["opaque"] = ACTIVE
    tokens = endpoint.tokens(store=store)
    assert [tokens.decode("opaque"), tokens.decode("opaque")] == [ACTIVE, ACTIVE]
    assert endpoint.asked == ["opaque", "opaque"]


@pytest.mark.parametrize("value", [b"", b"\x80\x04N.", b"[]", b"{", b"null", b"{" * 100_000])
def test_row_68_other_values_in_a_store(endpoint: Introspection, value: bytes) -> None:
    store = Values()
    endpoint.known["opaque"] = ACTIVE
    tokens = endpoint.tokens(store=store)
    tokens.decode("opaque")
    store.given = dict.fromkeys(store.given, value)
    assert tokens.decode("opaque") == ACTIVE
    assert endpoint.asked == ["opaque", "opaque"]


def test_null_members_are_absent(endpoint: Introspection) -> None:
    names = ("exp", "nbf", "iat", "sub", "username", "token_type", "token_use", "typ", "jti", "scope", "client_id")
    endpoint.known["opaque"] = {"active": True, "aud": API, **dict.fromkeys(names)}
    assert endpoint.tokens().decode("opaque") == {"active": True, "aud": API}
    api = GuardedAPI(endpoint.tokens(), required=False)
    assert api.get("opaque").status == 200
    # An absent cnf would let a token in that was to be bound.
    endpoint.known["bound"] = {**ACTIVE, "cnf": None}
    assert api.reason("bound") == "malformed_confirmation"


def test_no_cache(endpoint: Introspection) -> None:
    tokens = endpoint.tokens(cache_seconds=0)
    endpoint.known["opaque"] = ACTIVE
    tokens.decode("opaque")
    tokens.decode("opaque")
    assert endpoint.asked == ["opaque", "opaque"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cache_seconds": -1}, "cache_seconds"),
        ({"cache_seconds": 301}, "cache_seconds"),
        ({"audience": ()}, "audience"),
        ({"private_key": None}, "belong together"),
        ({"timeout": 61}, "timeout"),
        ({"jwks": {"keys": []}}, "issuer"),
        ({"jwks": {"keys": []}, "issuer": "https://as.example.com"}, "no public key"),
        ({"jwks": {}, "jwks_uri": "https://as.example.com/jwks", "issuer": "x"}, "either"),
    ],
)
def test_options(endpoint: Introspection, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        endpoint.tokens(**options)


def test_scope_and_client(endpoint: Introspection) -> None:
    pair = self_sign("CN=x")
    api = GuardedAPI(endpoint.tokens(), required=False, scope="accounts")
    endpoint.known["opaque"] = ACTIVE
    assert api.get("opaque", pair).json["client_id"] == "billing"
    endpoint.known["other"] = ACTIVE | {"scope": "payments"}
    assert api.get("other", pair).status == 403
