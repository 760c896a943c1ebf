"""JWT access tokens: RFC 9068 section 4, and keys that are given."""

import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tests.support import refused
from tests.tokens import API, ISSUER, NOW, Issuer
from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.testing import self_sign
from wsgi_mtls.tokens import JWTAccessTokens
from wsgi_mtls.tokens.tokens import MAX_TOKEN

ISSUING = Issuer()
TOKENS = ISSUING.tokens(leeway=10)


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "AT+JWT"])
def test_accepted(typ: str) -> None:
    assert TOKENS.decode(ISSUING.sign(ISSUING.claims(), typ=typ)) == ISSUING.claims()


def test_claims_are_nobody_elses() -> None:
    token = ISSUING.token()
    TOKENS.decode(token)["scope"] = "everything"
    assert TOKENS.decode(token) == ISSUING.claims()


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "logout+jwt", "dpop+jwt", "at+jwt ", ""])
def test_other_types(typ: str | None) -> None:
    with refused("not_an_access_token"):
        TOKENS.decode(ISSUING.sign(ISSUING.claims(), typ=typ))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": ISSUER + "/"}, "wrong_issuer"),
        ({"iss": None}, "malformed_token"),
        ({"iss": [ISSUER]}, "malformed_token"),
        ({"sub": None}, "malformed_token"),
        ({"sub": ""}, "malformed_token"),
        ({"sub": 5}, "malformed_token"),
        ({"jti": None}, "malformed_token"),
        ({"client_id": None}, "malformed_token"),
        ({"client_id": {}}, "malformed_token"),
        ({"aud": None}, "malformed_token"),
        ({"aud": 5}, "malformed_token"),
        ({"aud": [API, 5]}, "malformed_token"),
        ({"aud": []}, "wrong_audience"),
        ({"aud": "https://other.example.com"}, "wrong_audience"),
        ({"aud": [API + "/x"]}, "wrong_audience"),
        ({"exp": None}, "malformed_token"),
        ({"exp": True}, "malformed_token"),
        ({"exp": str(NOW + 9)}, "malformed_token"),
        ({"exp": float("nan")}, "malformed_token"),
        ({"exp": float("inf")}, "malformed_token"),
        ({"exp": NOW - 10}, "token_expired"),
        ({"exp": 0}, "token_expired"),
        ({"exp": -(10**400)}, "token_expired"),
        ({"iat": None}, "malformed_token"),
        ({"iat": "now"}, "malformed_token"),
        ({"nbf": NOW + 11}, "token_not_yet_valid"),
        ({"nbf": "now"}, "malformed_token"),
    ],
)
def test_claims_refused(changes: dict[str, Any], reason: str) -> None:
    with refused(reason) as caught:
        TOKENS.decode(ISSUING.token(**changes))
    assert type(caught.value) is InvalidToken


@pytest.mark.parametrize(
    "changes", [{"aud": [API]}, {"aud": ["x", API]}, {"exp": NOW - 9}, {"exp": NOW + 0.5}, {"nbf": NOW + 10}]
)
def test_claims_accepted(changes: dict[str, Any]) -> None:
    assert TOKENS.decode(ISSUING.token(**changes)) == ISSUING.claims(**changes)


def test_null_is_no_missing_time() -> None:
    with refused("malformed_token", match="exp"):
        TOKENS.decode(ISSUING.sign({**ISSUING.claims(), "exp": None}))


def unsigned(header: object, claims: object = None) -> str:
    parts = (json.dumps(part).encode() for part in (header, ISSUING.claims() if claims is None else claims))
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "ES256 "])
def test_not_signed(alg: str) -> None:
    with refused("token_signature_invalid"):
        TOKENS.decode(unsigned({"alg": alg, "typ": "at+jwt", "kid": "one"}))


def test_public_key_as_secret() -> None:
    key = RSAKey.generate_key(2048, {"kid": "one"})
    issuer_keys = {"keys": [key.as_dict(private=False)]}
    tokens = ISSUING.tokens(jwks=issuer_keys)
    right = jwt.encode({"alg": "RS256", "kid": "one", "typ": "at+jwt"}, ISSUING.claims(), key)
    assert tokens.decode(right) == ISSUING.claims()
    signing_input = unsigned({"alg": "HS256", "kid": "one", "typ": "at+jwt"})[:-1]
    for public in (key.as_pem(private=False), key.as_der(private=False), json.dumps(issuer_keys).encode()):
        mac = urlsafe_b64encode(hmac.digest(public, signing_input.encode(), "sha256")).decode().rstrip("=")
        with refused("token_signature_invalid"):
            tokens.decode(f"{signing_input}.{mac}")


@pytest.mark.parametrize("algorithms", [[], ["none"], ["HS256"], ["RS256", "HS512"], ["ES256K"], "RS256", ["RSA-OAEP"]])
def test_algorithms_that_can_not_be_allowed(algorithms: Any) -> None:
    with pytest.raises(ValueError, match="asymmetric"):
        ISSUING.tokens(algorithms=algorithms)


def test_algorithm_that_is_not_allowed() -> None:
    key = RSAKey.generate_key(2048, {"kid": "one"})
    jwks = {"keys": [key.as_dict(private=False)]}
    token = jwt.encode({"alg": "PS256", "kid": "one", "typ": "at+jwt"}, ISSUING.claims(), key, algorithms=["PS256"])
    with refused("token_signature_invalid"):
        ISSUING.tokens(jwks=jwks, algorithms=["RS256"]).decode(token)
    assert ISSUING.tokens(jwks=jwks).decode(token) == ISSUING.claims()


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("ES512", ECKey.generate_key("P-521", {"kid": "one"})),
        ("PS384", RSAKey.generate_key(2048, {"kid": "one"})),
        ("Ed25519", OKPKey.generate_key("Ed25519", {"kid": "one"})),
    ],
)
def test_other_algorithms(algorithm: str, key: Any) -> None:
    header = {"alg": algorithm, "kid": "one", "typ": "at+jwt"}
    token = jwt.encode(header, ISSUING.claims(), key, algorithms=[algorithm])
    tokens = ISSUING.tokens(jwks={"keys": [key.as_dict(private=False)]}, algorithms=[algorithm])
    assert tokens.decode(token) == ISSUING.claims()
    with refused("token_signature_invalid"):
        ISSUING.tokens(algorithms=[algorithm]).decode(token)


def test_token_brings_its_own_key() -> None:
    """A key, or a place to find one, in the header is only the sender's claim."""
    thief = Issuer("one")
    public = thief.key.as_dict(private=False)
    for header in ({"jwk": public}, {"jku": "https://thief.example/jwks"}):
        registry = jws.JWSRegistry(algorithms=["ES256"])
        registry.max_header_length = 4096
        whole = {"alg": "ES256", "typ": "at+jwt", "kid": "one", **header}
        token = jwt.encode(whole, thief.claims(), thief.key, registry=registry)
        with refused("token_signature_invalid"):
            TOKENS.decode(token)
    assert TOKENS.decode(ISSUING.sign(ISSUING.claims(), jku="https://thief.example/jwks")) == ISSUING.claims()


def test_extensions() -> None:
    """RFC 7797 section 7: b64 is not for JWTs, and no other critical extension is understood."""
    registry = jws.JWSRegistry(algorithms=["ES256"])
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "one", "b64": True, "crit": ["b64"]}
    token = jws.serialize_compact(header, json.dumps(ISSUING.claims()), ISSUING.key, registry=registry)
    with refused("malformed_token", match="extensions"):
        TOKENS.decode(token)
    with refused("malformed_token", match="extensions"):
        TOKENS.decode(unsigned({"alg": "ES256", "typ": "at+jwt", "crit": []}))


def test_key_ids() -> None:
    two = Issuer("two")
    tokens = ISSUING.tokens(jwks={"keys": [*two.jwks["keys"], *ISSUING.jwks["keys"]]})
    for issuer in (ISSUING, two):
        assert tokens.decode(issuer.token()) == issuer.claims()
        assert tokens.decode(issuer.sign(issuer.claims(), kid=None)) == issuer.claims()
    with refused("token_signature_invalid"):
        tokens.decode(ISSUING.sign(ISSUING.claims(), kid="two"))
    with refused("unknown_signing_key"):
        tokens.decode(ISSUING.sign(ISSUING.claims(), kid="three"))


def test_two_keys_of_one_id() -> None:
    other = RSAKey.generate_key(2048, {"kid": "one"})
    tokens = ISSUING.tokens(jwks={"keys": [other.as_dict(private=False), *ISSUING.jwks["keys"]]})
    assert tokens.decode(ISSUING.token()) == ISSUING.claims()


def test_keys_for_other_purposes() -> None:
    public = ISSUING.jwks["keys"][0]
    weak = {**public, "kid": "weak", "kty": "RSA", "n": "AQAB", "e": "AQAB"}
    others = [{"kty": "new"}, "x", None, {}, {**public, "use": "enc"}, {"kty": "oct", "k": "c2VjcmV0"}, weak]
    assert ISSUING.tokens(jwks={"keys": [*others, public]}).decode(ISSUING.token()) == ISSUING.claims()
    unusable: list[Any] = [{"keys": others}, {"keys": []}, {"keys": {}}, {}, [public], {"keys": [public] * 101}]
    for jwks in unusable:
        with pytest.raises(ValueError, match="JWK set"):
            ISSUING.tokens(jwks=jwks)


def test_key_for_another_algorithm_or_use() -> None:
    public = ISSUING.jwks["keys"][0]
    for wrong in ({"alg": "ES384"}, {"key_ops": ["sign"]}):
        with refused("token_signature_invalid"):
            ISSUING.tokens(jwks={"keys": [public | wrong]}).decode(ISSUING.token())
    right = {"alg": "ES256", "use": "sig", "key_ops": ["verify"]}
    assert ISSUING.tokens(jwks={"keys": [public | right]}).decode(ISSUING.token()) == ISSUING.claims()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"issuer": ""}, "issuer"),
        ({"audience": ""}, "audience"),
        ({"audience": []}, "audience"),
        ({"audience": ["x", None]}, "audience"),
        ({"leeway": -1}, "leeway"),
        ({"leeway": 301}, "leeway"),
        ({"jwks": None}, "either"),
        ({"jwks_uri": "https://as.example.com/jwks"}, "either"),
        ({"jwks": None, "jwks_uri": "http://as.example.com/jwks"}, "https"),
        ({"jwks": None, "jwks_uri": "https://user@as.example.com/jwks"}, "user information"),
        ({"jwks": None, "jwks_uri": "file:///etc/passwd"}, "https"),
        ({"jwks": None, "jwks_uri": "https://as.example.com/jwks", "timeout": 0}, "timeout"),
    ],
)
def test_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ISSUING.tokens(**options)


def test_several_audiences() -> None:
    tokens = ISSUING.tokens(audience=["https://old.example.com", API])
    assert tokens.decode(ISSUING.token()) == ISSUING.claims()


@given(st.text() | st.from_regex(r"[A-Za-z0-9_=-]*(\.[A-Za-z0-9_-]*){0,4}", fullmatch=True))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        TOKENS.decode(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from(["ES256", "none", "HS256", "RS256"]) | JSON,
        "typ": st.just("at+jwt") | JSON,
        "kid": st.just("one") | JSON,
        "b64": JSON,
        "crit": JSON,
        "jwk": JSON,
        "x5c": JSON,
    },
)


@given(JSON | HEADERS, JSON)
def test_any_header_is_refused(header: object, claims: object) -> None:
    with pytest.raises(InvalidToken):
        TOKENS.decode(unsigned(header, claims) + "AAAA")


NAMES = ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope", "cnf"]


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_signed_claims_are_refused_or_right(changes: dict[str, object]) -> None:
    claims = {**ISSUING.claims(), **changes}
    try:
        decoded = TOKENS.decode(ISSUING.sign(claims))
    except InvalidToken:
        assert changes.keys() & set(NAMES)
    else:
        assert decoded["iss"] == ISSUER
        assert isinstance(decoded["exp"], int | float)
        assert decoded["exp"] > NOW - 10


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"5", b"null", b'"x"', b"{", b"\xff", b"[" * 11000, b'{"exp":' + b"9" * 5000 + b"}"]
)
def test_signed_payload_that_is_no_object(payload: bytes) -> None:
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "one"}
    with refused("malformed_token", match="payload"):
        TOKENS.decode(jws.serialize_compact(header, payload, ISSUING.key))


def test_key_that_can_not_sign() -> None:
    """A key for key agreement is asked, since the token names no key, and verifies nothing."""
    agreement = OKPKey.generate_key("X25519").as_dict(private=False)
    signing = OKPKey.generate_key("Ed25519")
    token = jwt.encode({"alg": "Ed25519", "typ": "at+jwt"}, ISSUING.claims(), signing, algorithms=["Ed25519"])
    with refused("token_signature_invalid"):
        ISSUING.tokens(jwks={"keys": [agreement]}, algorithms=["Ed25519"]).decode(token)
    both = {"keys": [agreement, signing.as_dict(private=False)]}
    assert ISSUING.tokens(jwks=both, algorithms=["Ed25519"]).decode(token) == ISSUING.claims()


def test_size_is_bounded() -> None:
    longest, longer = (signed_of_length(length) for length in (MAX_TOKEN, MAX_TOKEN + 1))
    with refused("malformed_token", match="longer than"):
        TOKENS.decode(longer)
    assert TOKENS.decode(longest)["sub"] == "billing"


def signed_of_length(length: int) -> str:
    """Sign claims with as much in them as makes a token of this length."""
    filler = "a" * (length * 3 // 4 - 500)
    while len(token := ISSUING.token(x=filler)) < length:
        filler += "a"
    return token


@pytest.mark.parametrize("certificates", [1, 5])
def test_header_with_certificates(certificates: int) -> None:
    """RFC 7515 section 4.1.6; whose they are does not matter, the keys are the issuer's own."""
    x5c = [b64encode(self_sign("CN=signing key").certificate.der).decode()] * certificates
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "one", "x5c": x5c}
    registry = jws.JWSRegistry(algorithms=["ES256"])
    registry.max_header_length = MAX_TOKEN
    token = jws.serialize_compact(header, json.dumps(ISSUING.claims()), ISSUING.key, registry=registry)
    assert TOKENS.decode(token) == ISSUING.claims()
    with refused("token_signature_invalid"):
        TOKENS.decode(token[:-4] + "AAAA")


def test_header_that_is_deep() -> None:
    header = urlsafe_b64encode(b'{"alg":"ES256","x":' + b"[" * 11000).decode().rstrip("=")
    with refused("malformed_token", match="JWT"):
        TOKENS.decode(f"{header}.e30.AAAA")


def test_long_names_stand_not_in_the_log() -> None:
    for name in ("kid", "alg", "typ"):
        with pytest.raises(InvalidToken) as caught:
            TOKENS.decode(unsigned({"alg": "ES256", "typ": "at+jwt", name: "a" * 5000}) + "AAAA")
        assert len(caught.value.message) < 300


def test_eddsa_is_not_ed25519() -> None:
    """RFC 9864: an issuer's ``alg`` is one or the other, and only the spelling that was allowed counts."""
    key = OKPKey.generate_key("Ed25519", {"kid": "one"})
    jwks = {"keys": [key.as_dict(private=False)]}
    token = jwt.encode({"alg": "Ed25519", "kid": "one", "typ": "at+jwt"}, ISSUING.claims(), key, algorithms=["Ed25519"])
    with refused("token_signature_invalid", match="Ed25519"):
        ISSUING.tokens(jwks=jwks, algorithms=["EdDSA"]).decode(token)
    assert ISSUING.tokens(jwks=jwks, algorithms=["Ed25519"]).decode(token) == ISSUING.claims()


def test_protocol() -> None:
    assert isinstance(TOKENS, JWTAccessTokens)
