"""Tokens that are bound to a DPoP key, beside those bound to a certificate, over the real middleware (RFC 9449)."""

import json
import logging
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from tests.dpop import BASE_URL, Prover, ath, base64url
from tests.simultaneous import at_once
from tests.support import Answer, mod_ssl, refused
from tests.tokens import NOW, GuardedAPI, Issuer, thumbprint
from wsgi_mtls import Guard, accept_token, sources
from wsgi_mtls.store import MemoryStore
from wsgi_mtls.testing import self_sign
from wsgi_mtls.tokens import DPoP

PAIR, OTHER = self_sign("CN=billing"), self_sign("CN=other")
ISSUER = Issuer()
CLIENT, THIEF = Prover(), Prover()
with warnings.catch_warnings(action="ignore"):
    SMALL = RSAKey.generate_key(1024)
ALGS = 'algs="ES256 PS256 Ed25519"'


class Clock:
    now = float(NOW)

    def __call__(self) -> float:
        return self.now


def checks(**options: Any) -> DPoP:
    return DPoP(BASE_URL, **{"clock": lambda: NOW, "store": MemoryStore(evicts=False), **options})


def api(dpop: DPoP | None = None, **options: Any) -> GuardedAPI:
    return GuardedAPI(ISSUER.tokens(), dpop=dpop or checks(), **options)


def token(*, jkt: str | None = CLIENT.jkt, certificate: bool = False, **changes: Any) -> str:
    cnf = {"jkt": jkt} if jkt else {}
    return ISSUER.token(cnf={**cnf, **({"x5t#S256": thumbprint(PAIR)} if certificate else {})}, **changes)


TOKEN, BOTH = token(), token(certificate=True)


def send(guarded: GuardedAPI, access_token: str, proof: str | None, pair: Any = None, **fields: Any) -> Answer:
    extra = mod_ssl(pair, "FAILED:unknown CA") if pair else mod_ssl(None)
    extra |= {"HTTP_AUTHORIZATION": f"DPoP {access_token}"} | ({} if proof is None else {"HTTP_DPOP": proof})
    options = {"path": fields.pop("path")} if "path" in fields else {}
    return guarded.get(extra={**extra, **fields}, **options)


def reason(guarded: GuardedAPI, *args: Any, **fields: Any) -> str | None:
    guarded.events.clear()
    answer = send(guarded, *args, **fields)
    (event,) = guarded.events
    if answer.status == 200:
        assert event.name == "token_accepted"
        return "accepted"
    assert answer.status == 401
    code = "invalid_token" if event.reason in NOT_OF_THE_PROOF else "invalid_dpop_proof"
    assert answer.headers["WWW-Authenticate"] == f'DPoP error="{code}", {ALGS}'
    return event.reason


NOT_OF_THE_PROOF = {
    *("dpop_key_mismatch", "token_not_bound", "token_without_certificate", "confirmation_mismatch"),
    *("malformed_confirmation", "token_expired", "unverified_confirmation"),
}


def test_accepted_without_and_with_a_certificate() -> None:
    guarded = api()
    assert send(guarded, TOKEN, CLIENT.proof(TOKEN, NOW)).json["bound_to"] is None
    assert send(guarded, TOKEN, CLIENT.proof(TOKEN, NOW), PAIR).status == 200
    assert send(guarded, BOTH, CLIENT.proof(BOTH, NOW), PAIR).json["bound_to"] == thumbprint(PAIR)
    assert guarded.reason(ISSUER.token(PAIR), PAIR) == "accepted"  # as Bearer


def test_what_the_view_learns() -> None:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/accounts",
        "HTTP_AUTHORIZATION": f"dpop {TOKEN}",
        "HTTP_DPOP": CLIENT.proof(TOKEN, NOW),
    }
    guard = Guard(sources.mod_ssl(), tokens=ISSUER.tokens())
    found = accept_token(environ, guard, dpop=checks())
    assert (found.jkt, found.certificate, found.client_id) == (CLIENT.jkt, None, "billing")


def test_a_second_check_in_the_same_request_needs_no_second_proof() -> None:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/accounts",
        "HTTP_AUTHORIZATION": f"DPoP {TOKEN}",
        "HTTP_DPOP": CLIENT.proof(TOKEN, NOW),
    }
    guard = Guard(sources.mod_ssl(), tokens=ISSUER.tokens(), dpop=checks())
    with refused("insufficient_scope"):
        accept_token(environ, guard, scope="admin")
    assert accept_token(environ, guard, scope="accounts").jkt == CLIENT.jkt
    assert accept_token(environ, guard, scope="payments").jkt == CLIENT.jkt
    again = {key: value for key, value in environ.items() if not key.startswith("wsgi_mtls.")}
    with refused("dpop_proof_replayed"):
        accept_token(again, guard)
    # A guard without DPoP does not take it over.
    with refused("missing_token"):
        accept_token(environ, Guard(guard.source, tokens=guard.tokens))


@pytest.mark.parametrize("required", [True, False])
def test_downgrade(required: bool) -> None:
    guarded = api(required=required)
    for pair in (None, PAIR):
        for stolen in (TOKEN, BOTH):
            answer = guarded.get(stolen, pair)
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"] == f'Bearer error="invalid_token", DPoP {ALGS}'
            assert guarded.events[-1].reason == "dpop_downgrade"
    proof = CLIENT.proof(BOTH, NOW)
    assert guarded.get(extra={"HTTP_AUTHORIZATION": f"Bearer {BOTH}", "HTTP_DPOP": proof}).status == 401
    assert guarded.events[-1].reason == "dpop_downgrade"
    assert reason(guarded, BOTH, proof, PAIR) == "accepted"


def test_without_dpop() -> None:
    guarded = GuardedAPI(ISSUER.tokens())
    answer = send(guarded, BOTH, CLIENT.proof(BOTH, NOW), PAIR)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="oauth"')
    assert guarded.reason(BOTH, PAIR) == "unverified_confirmation"


def test_both_confirmations_are_checked() -> None:
    guarded = api()
    assert reason(guarded, BOTH, CLIENT.proof(BOTH, NOW)) == "token_without_certificate"
    assert reason(guarded, BOTH, CLIENT.proof(BOTH, NOW), OTHER) == "confirmation_mismatch"
    assert reason(guarded, BOTH, THIEF.proof(BOTH, NOW), PAIR) == "dpop_key_mismatch"
    assert reason(guarded, BOTH, CLIENT.proof(BOTH, NOW), PAIR) == "accepted"


def test_a_token_that_is_not_bound_to_a_key() -> None:
    for required in (True, False):
        guarded = api(required=required)
        for bound in (ISSUER.token(PAIR), ISSUER.token()):
            assert reason(guarded, bound, CLIENT.proof(bound, NOW), PAIR) == "token_not_bound"
        assert guarded.get(ISSUER.token(PAIR), PAIR).status == 200


@pytest.mark.parametrize("jkt", [None, "", 7, [CLIENT.jkt], {}, f"{CLIENT.jkt}=", CLIENT.jkt[:-1], f"{CLIENT.jkt}\n"])
def test_malformed_thumbprints(jkt: object) -> None:
    odd = ISSUER.token(cnf={"jkt": jkt})
    assert reason(api(), odd, CLIENT.proof(odd, NOW)) == "malformed_confirmation"


def test_another_method_of_the_confirmation_is_refused() -> None:
    odd = ISSUER.token(cnf={"jkt": CLIENT.jkt, "jwk": {}})
    assert reason(api(), odd, CLIENT.proof(odd, NOW)) == "unverified_confirmation"


def test_an_expired_token() -> None:
    expired = token(exp=NOW - 100)
    assert reason(api(), expired, CLIENT.proof(expired, NOW)) == "token_expired"


def _changed(header: Mapping[str, object] | None = None, **changes: Any) -> Callable[[], str]:
    return lambda: CLIENT.proof(TOKEN, NOW, header, **changes)


def _private() -> str:
    return CLIENT.proof(TOKEN, NOW, {"jwk": CLIENT.key.as_dict(private=True)})


def _symmetric() -> str:
    key = OctKey.import_key("x" * 64)
    return CLIENT.proof(TOKEN, NOW, {"alg": "HS256", "jwk": key.as_dict(private=True)}, signed_by=key)


def _parts(header: object, payload: object, signature: str) -> str:
    octets = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload))
    return ".".join([*map(base64url, octets), signature])


def _unsigned(algorithm: object, signature: str = "") -> Callable[[], str]:
    header = {"typ": "dpop+jwt", "alg": algorithm, "jwk": CLIENT.key.as_dict(private=False)}
    claims = {"jti": "x", "htm": "GET", "htu": f"{BASE_URL}/accounts", "iat": NOW, "ath": ath(TOKEN)}
    return lambda: _parts(header, claims, signature)


def _payload(payload: bytes) -> Callable[[], str]:
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": CLIENT.key.as_dict(private=False)}
    registry = jws.JWSRegistry(strict_check_header=False)
    return lambda: jws.serialize_compact(header, payload, CLIENT.key, registry=registry)


MALFORMED = "malformed_dpop_proof"
PROOFS: dict[str, tuple[str, Callable[[], str | None]]] = {
    "none": ("missing_dpop_proof", lambda: None),
    "empty": ("missing_dpop_proof", lambda: " "),
    "two": ("repeated_dpop_proof", lambda: f"{CLIENT.proof(TOKEN, NOW)}, {CLIENT.proof(TOKEN, NOW)}"),
    "two without space": ("repeated_dpop_proof", lambda: f"{CLIENT.proof(TOKEN, NOW)},x"),
    "not a JWT": (MALFORMED, lambda: "x"),
    "not ASCII": (MALFORMED, lambda: CLIENT.proof(TOKEN, NOW) + "é"),
    "four parts": (MALFORMED, lambda: CLIENT.proof(TOKEN, NOW) + ".x"),
    "huge": (MALFORMED, lambda: CLIENT.proof(TOKEN, NOW, jti="x" * 4096)),
    "huge header": (MALFORMED, lambda: "a" * 100_000 + ".b.c"),
    "header that is a list": (MALFORMED, lambda: _parts([], {}, "x")),
    "deep header": (MALFORMED, lambda: _parts(b'{"a":' + b"[" * 2500, {}, "x")),
    "crit": (MALFORMED, lambda: _parts({"typ": "dpop+jwt", "alg": "ES256", "crit": ["exp"]}, {}, "x")),
    "b64": (MALFORMED, lambda: _parts({"typ": "dpop+jwt", "alg": "ES256", "b64": False}, {}, "x")),
    "typ JWT": (MALFORMED, _changed({"typ": "JWT"})),
    "no typ": (MALFORMED, _changed({"typ": None})),
    "typ of an access token": (MALFORMED, _changed({"typ": "at+jwt"})),
    "typ that is a list": (MALFORMED, lambda: _parts({"typ": ["dpop+jwt"], "alg": "ES256"}, {}, "x")),
    "alg none": ("dpop_algorithm_not_allowed", _unsigned("none")),
    "alg None": ("dpop_algorithm_not_allowed", _unsigned("None")),
    "alg that is a list": ("dpop_algorithm_not_allowed", _unsigned(["ES256"])),
    "HS256": ("dpop_algorithm_not_allowed", _symmetric),
    "not listed": ("dpop_algorithm_not_allowed", _unsigned("ES512", "AA")),
    "no jwk": ("dpop_key_not_allowed", _changed({"jwk": None})),
    "jwk that is a text": (
        "dpop_key_not_allowed",
        lambda: _parts({"typ": "dpop+jwt", "alg": "ES256", "jwk": "x"}, {}, "x"),
    ),
    "jwk without kty": ("dpop_key_not_allowed", _changed({"jwk": {"crv": "P-256"}})),
    "symmetric jwk": ("dpop_key_not_allowed", _changed({"jwk": {"kty": "oct", "k": "AAAA"}})),
    "private jwk": ("dpop_key_not_allowed", _private),
    "jwk with d": ("dpop_key_not_allowed", _changed({"jwk": {**CLIENT.key.as_dict(private=False), "d": ""}})),
    "point not on the curve": (
        "dpop_key_not_allowed",
        _changed({"jwk": {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}}),
    ),
    "small RSA": (
        "dpop_key_not_allowed",
        lambda: CLIENT.proof(TOKEN, NOW, {"alg": "PS256", "jwk": SMALL.as_dict(private=False)}, signed_by=SMALL),
    ),
    "no signature": ("dpop_signature_invalid", _unsigned("ES256")),
    "another's key": ("dpop_signature_invalid", lambda: CLIENT.proof(TOKEN, NOW, signed_by=THIEF.key)),
    "a key for another alg": (
        "dpop_signature_invalid",
        _changed({"jwk": RSAKey.generate_key(2048).as_dict(private=False)}),
    ),
    "thief's proof": ("dpop_key_mismatch", lambda: THIEF.proof(TOKEN, NOW)),
    "no htm": (MALFORMED, _changed(htm=None)),
    "htm that is a list": (MALFORMED, _changed(htm=["GET"])),
    "another method": ("dpop_method_mismatch", _changed(htm="POST")),
    "lower case": ("dpop_method_mismatch", _changed(htm="get")),
    "no htu": (MALFORMED, _changed(htu=None)),
    "another URL": ("dpop_url_mismatch", _changed(htu=f"{BASE_URL}/other")),
    "no ath": (MALFORMED, _changed(ath=None)),
    "ath of another token": ("dpop_token_mismatch", _changed(ath=ath(BOTH))),
    "padded ath": ("dpop_token_mismatch", _changed(ath=ath(TOKEN) + "=")),
    "ath that is a lone surrogate": (MALFORMED, _payload(
        json.dumps({"jti": "x", "htm": "GET", "htu": f"{BASE_URL}/accounts", "iat": NOW, "ath": "\ud800"}).encode()
    )),
    "no jti": (MALFORMED, _changed(jti=None)),
    "empty jti": (MALFORMED, _changed(jti="")),
    "number as jti": (MALFORMED, _changed(jti=7)),
    "no iat": (MALFORMED, _changed(iat=None)),
    "iat that is a text": (MALFORMED, _changed(iat=str(NOW))),
    "iat that is true": (MALFORMED, _changed(iat=True)),
    "old": ("dpop_proof_out_of_time", _changed(iat=NOW - 61)),
    "from the future": ("dpop_proof_out_of_time", _changed(iat=NOW + 61)),
    "iat that is huge": ("dpop_proof_out_of_time", _changed(iat=10**400)),
    "iat that is hugely negative": ("dpop_proof_out_of_time", _changed(iat=-(10**400))),
    "iat that is infinite": ("dpop_proof_out_of_time", _changed(iat=float("inf"))),
    "iat that is not a number": ("dpop_proof_out_of_time", _changed(iat=float("nan"))),
    "payload that is a list": (MALFORMED, _payload(b"[]")),
    "payload that is not JSON": (MALFORMED, _payload(b"{")),
    "payload in UTF-16": (MALFORMED, _payload("{}".encode("utf-16"))),
    "deep payload": (MALFORMED, _payload(b'{"a":' + b"[" * 1500)),
    "empty payload": (MALFORMED, _payload(b"")),
    "twice the same member": (
        "dpop_url_mismatch",
        _payload(
            b'{"htu":"https://api.example.com/accounts","htu":"https://evil.example/","jti":"x","htm":"GET","iat":1,"ath":"x"}'
        ),
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # of a small key, to the operator
@pytest.mark.parametrize("name", PROOFS)
def test_refused_proofs(name: str) -> None:
    expected, make = PROOFS[name]
    guarded = api()
    assert reason(guarded, TOKEN, make()) == expected
    assert reason(guarded, TOKEN, CLIENT.proof(TOKEN, NOW)) == "accepted"


@pytest.mark.parametrize(
    "changes", [{"iat": NOW - 60}, {"iat": NOW + 60}, {"iat": NOW + 0.5}, {"nonce": "x"}, {"exp": 1}, {"more": {}}]
)
def test_accepted_proofs(changes: dict[str, Any]) -> None:
    assert reason(api(), TOKEN, CLIENT.proof(TOKEN, NOW, **changes)) == "accepted"


@pytest.mark.parametrize("header", [{"kid": "x"}, {"jku": "https://evil.example/"}, {"unknown": 1}])
def test_header_members_that_mean_nothing_here(header: dict[str, object]) -> None:
    assert reason(api(), TOKEN, CLIENT.proof(TOKEN, NOW, header)) == "accepted"


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ECKey.generate_key("P-384"), "ES384"),
        (RSAKey.generate_key(2048), "PS256"),
        (OKPKey.generate_key("Ed25519"), "Ed25519"),
    ],
    ids=["ES384", "PS256", "Ed25519"],
)
def test_other_keys(key: Any, algorithm: str) -> None:
    client = Prover(key, algorithm)
    bound = token(jkt=client.jkt)
    assert send(api(checks(algorithms=[algorithm])), bound, client.proof(bound, NOW)).status == 200
    assert send(api(checks(algorithms=["RS256"])), bound, client.proof(bound, NOW)).status == 401


def test_a_proof_is_used_once() -> None:
    guarded, proof = api(), CLIENT.proof(TOKEN, NOW)
    assert [reason(guarded, TOKEN, proof) for _ in range(3)] == ["accepted", *["dpop_proof_replayed"] * 2]
    again = CLIENT.proof(TOKEN, NOW, jti=f"{CLIENT.made}")  # another proof, with the same jti
    assert reason(guarded, TOKEN, again) == "dpop_proof_replayed"
    other = Prover()
    bound = token(jkt=other.jkt)
    assert reason(guarded, bound, other.proof(bound, NOW, jti=f"{CLIENT.made - 1}")) == "accepted"


def test_a_proof_is_used_once_by_four_threads() -> None:
    guarded, proof = api(), CLIENT.proof(TOKEN, NOW)
    assert sorted(at_once(lambda: send(guarded, TOKEN, proof).status)) == [200, 401, 401, 401]


def test_a_proof_is_remembered_as_long_as_it_is_good() -> None:
    clock = Clock()
    guarded = api(checks(clock=clock, store=MemoryStore(evicts=False, clock=clock)))
    proof = CLIENT.proof(TOKEN, NOW, iat=NOW + 60)
    assert reason(guarded, TOKEN, proof) == "accepted"
    clock.now += 120
    assert reason(guarded, TOKEN, proof) == "dpop_proof_replayed"
    clock.now += 2
    assert reason(guarded, TOKEN, proof) == "dpop_proof_out_of_time"


def test_a_full_store_forgets_no_proof() -> None:
    clock = Clock()
    guarded = api(checks(clock=clock, store=MemoryStore(1000, clock, evicts=False)))
    proofs = [CLIENT.proof(TOKEN, NOW) for _ in range(20)]
    outcomes = [reason(guarded, TOKEN, proof) for proof in proofs]
    assert outcomes == ["accepted"] * 3 + ["dpop_proof_replayed"] * 17
    assert reason(guarded, TOKEN, proofs[0]) == "dpop_proof_replayed"
    clock.now += 122
    assert reason(guarded, TOKEN, CLIENT.proof(TOKEN, clock.now)) == "accepted"


class BrokenStore(MemoryStore):
    def add(self, key: str, seconds: float, /) -> bool:
        raise ConnectionError("down")


def test_a_store_out_of_reach() -> None:
    guarded = api(checks(store=BrokenStore()))
    answer = send(guarded, TOKEN, CLIENT.proof(TOKEN, NOW))
    assert (answer.status, guarded.events[-1].reason) == (503, "tokens_unavailable")
    assert "WWW-Authenticate" not in answer.headers


def test_refused_requests_use_no_proof() -> None:
    guarded, proof = api(scope="accounts"), None
    narrow = token(scope="other")
    proof = CLIENT.proof(narrow, NOW)
    for _ in range(2):
        assert send(guarded, narrow, proof).status == 403
    challenge = send(guarded, narrow, proof).headers["WWW-Authenticate"]
    assert challenge == f'DPoP error="insufficient_scope", scope="accounts", {ALGS}'


FORWARDED = {
    "HTTP_HOST": "evil.example",
    "HTTP_X_FORWARDED_HOST": "evil.example",
    "HTTP_X_FORWARDED_PROTO": "http",
    "HTTP_X_FORWARDED_PREFIX": "/evil",
    "HTTP_FORWARDED": "host=evil.example",
    "SCRIPT_NAME": "/evil",
    "SERVER_NAME": "evil.example",
    "wsgi.url_scheme": "http",
}


def test_the_url_is_the_configured_one() -> None:
    guarded = GuardedAPI(ISSUER.tokens(), dpop=checks(), paths="*")
    assert reason(guarded, TOKEN, CLIENT.proof(TOKEN, NOW), **FORWARDED) == "accepted"
    for url in ("https://evil.example/accounts", "http://api.example.com/accounts", f"{BASE_URL}/evil/accounts"):
        assert reason(guarded, TOKEN, CLIENT.proof(TOKEN, NOW, htu=url), **FORWARDED) == "dpop_url_mismatch"


def test_a_proof_for_another_path_or_method() -> None:
    guarded = api(paths="*")
    proof = CLIENT.proof(TOKEN, NOW)
    assert reason(guarded, TOKEN, proof, path="/accounts/7") == "dpop_url_mismatch"
    assert reason(guarded, TOKEN, proof, REQUEST_METHOD="DELETE") == "dpop_method_mismatch"
    assert reason(guarded, TOKEN, proof, QUERY_STRING="page=2") == "accepted"


@pytest.mark.parametrize(
    "value",
    [
        "DPoP right, DPoP right", "Bearer right, DPoP right", "DPoP right, Bearer right", "Basic cmlnaHQ6, DPoP x",
        "DPoP", "DPoP ", "DPoP a b", "DPoP\tx", "DPoP ü", f"DPoP {'x' * 20000}",
    ],
)  # fmt: skip
def test_malformed_authorization(value: str) -> None:
    guarded = api()
    assert guarded.get(extra={"HTTP_AUTHORIZATION": value, "HTTP_DPOP": CLIENT.proof(TOKEN, NOW)}).status == 400
    assert guarded.events[-1].reason == "malformed_authorization"


@pytest.mark.parametrize("value", [None, "", "Basic cmlnaHQ6", "DPoPX right", "Negotiate x"])
def test_no_token(value: str | None) -> None:
    answer = api(scope="accounts").get(extra={"HTTP_AUTHORIZATION": value})
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, f'Bearer scope="accounts", DPoP {ALGS}')


def test_a_refused_bearer_token() -> None:
    answer = api(realm="bank").get("x.y.z", PAIR)
    expected = f'Bearer realm="bank", error="invalid_token", DPoP {ALGS}'
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, expected)


class Fixed:
    """Returns the same claims for every token."""

    def __init__(self, claims: dict[str, Any]) -> None:
        self.claims = claims

    def decode(self, token: str, /) -> dict[str, Any]:
        return self.claims


def test_what_the_caller_has_verified_counts_with_its_scheme_alone() -> None:
    def accept(cnf: dict[str, str] | None, scheme: str, **options: Any) -> Any:
        claims: dict[str, Any] = {} if cnf is None else {"cnf": cnf}
        guard = Guard(sources.mod_ssl(), tokens=Fixed(claims))
        environ: Any = {"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": f"{scheme} x", **mod_ssl(PAIR)}
        return accept_token(environ, guard, also_verified={"jkt"}, **options)

    both, key = {"x5t#S256": thumbprint(PAIR), "jkt": "x"}, {"jkt": "x"}
    assert accept(both, "DPoP").certificate == PAIR.certificate
    assert accept(both, "DPoP").jkt is None  # not verified here
    assert accept(key, "dpop", required=False).certificate is None
    with refused("token_not_bound", match="x5t#S256"):
        accept(key, "DPoP")
    for cnf in (both, key):
        with refused("dpop_downgrade"):
            accept(cnf, "Bearer", required=False)
    for unbound in (None, {"x5t#S256": thumbprint(PAIR)}):
        with refused("token_not_bound", match="Bearer"):
            accept(unbound, "DPoP", required=False)
    assert accept({"x5t#S256": thumbprint(PAIR)}, "Bearer").certificate == PAIR.certificate


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"base_url": "http://api.example.com"}, "https"),
        ({"base_url": "https://api.example.com/?a"}, "query"),
        ({"base_url": "https://api.example.com/#a"}, "fragment"),
        ({"base_url": "https://a@api.example.com"}, "user"),
        ({"base_url": "api.example.com"}, "https"),
        ({"algorithms": ["HS256"]}, "asymmetric"),
        ({"algorithms": ["none"]}, "asymmetric"),
        ({"algorithms": []}, "asymmetric"),
        ({"algorithms": "ES256"}, "asymmetric"),
        ({"window": 0}, "window"),
        ({"window": 301}, "window"),
    ],
)
def test_wrong_options(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        DPoP(**{"base_url": BASE_URL, "store": MemoryStore(), **options})


@pytest.mark.parametrize("dpop", [DPoP, "https://api.example.com", True])
def test_a_guard_with_something_else(dpop: Any) -> None:
    with pytest.raises(ValueError, match="dpop must be"):
        Guard(sources.mod_ssl(), tokens=ISSUER.tokens(), dpop=dpop)


def test_a_store_in_each_process_is_reported_at_start(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "wsgi_mtls"):
        DPoP(BASE_URL, store=MemoryStore(evicts=False))
        assert caplog.messages == []
        DPoP(BASE_URL)
    (message,) = caplog.messages
    assert "where several serve" in message
    assert "MemoryStore(evicts=False)" in message
