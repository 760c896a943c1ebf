"""Issuers that are not RFC 9068 to the letter, by the shapes that they publish; row 71 of ATTACKS.md."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support import refused
from tests.tokens import API, ISSUER, NOW, Issuer
from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.tokens.issuers import PROFILES

ISSUING = Issuer()
TIMES = {"iat": NOW - 10, "exp": NOW + 300}
USER = {"iss": ISSUER, "sub": "alice", **TIMES}
Token = tuple[str | None, dict[str, Any]]
"""The header's ``typ``, and the claims."""
CLIENT = "billing"

KEYCLOAK = {**USER, "jti": "onrtac:1", "aud": [API, "account"], "typ": "Bearer", "azp": CLIENT, "sid": "s", "acr": "1",
            "allowed-origins": ["/*"], "realm_access": {"roles": ["x"]}, "scope": "openid accounts"}  # fmt: skip
ENTRA = {**USER, "nbf": NOW - 10, "aud": API, "aio": "x", "azp": CLIENT, "azpacr": "2", "name": "Alice", "oid": "o",
         "rh": "x", "scp": "accounts openid", "tid": "t", "uti": "u", "ver": "2.0"}  # fmt: skip
AUTH0 = {**USER, "aud": [API, f"{ISSUER}/userinfo"], "azp": CLIENT, "scope": "openid accounts"}
OKTA = {**USER, "ver": 1, "jti": "AT.0mP4", "aud": API, "cid": CLIENT, "uid": "00u", "scp": ["accounts", "openid"]}
COGNITO = {**USER, "token_use": "access", "scope": "accounts openid", "auth_time": NOW - 10, "jti": "j", "version": 2,
           "client_id": API, "username": "alice", "event_id": "e", "origin_jti": "o"}  # fmt: skip
DUENDE = {**USER, "nbf": NOW - 10, "aud": API, "client_id": CLIENT, "jti": "J", "scope": ["accounts", "openid"],
          "auth_time": NOW, "idp": "local", "amr": ["pwd"], "sid": "s"}  # fmt: skip
SPRING = {**USER, "aud": API, "nbf": NOW - 10, "scope": ["accounts", "openid"]}


def without(claims: Mapping[str, Any], *names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**claims, **changes}.items() if name not in names}


ACCESS_TOKENS: dict[str, list[Token]] = {
    "keycloak": [
        ("JWT", KEYCLOAK),
        ("at+jwt", {**KEYCLOAK, "client_id": CLIENT}),
        ("JWT", {**KEYCLOAK, "typ": "DPoP"}),
    ],
    "entra": [
        ("JWT", ENTRA),
        ("JWT", without(ENTRA, "azp", "azpacr", ver="1.0", appid=CLIENT, appidacr="1")),
        ("JWT", without(ENTRA, "scp", "name", roles=["accounts"], idtyp="app", azpacr="2")),
    ],
    "auth0": [
        ("JWT", AUTH0),
        ("at+jwt", without(AUTH0, "azp", client_id=CLIENT, jti="73W")),
        ("JWT", without(AUTH0, "scope", sub=f"{CLIENT}@clients", aud=API, gty="client-credentials")),
    ],
    "okta": [(None, OKTA), (None, without(OKTA, "uid", sub=CLIENT))],
    "cognito": [(None, COGNITO), (None, without(COGNITO, "username", "event_id", "origin_jti", sub=API))],
    "duende": [("at+jwt", DUENDE), ("at+jwt", without(DUENDE, "sub", "auth_time", "idp", "amr", "sid"))],
    "spring": [(None, SPRING), (None, {**SPRING, "sub": CLIENT, "jti": "j"})],
}
ID = {"iss": ISSUER, "sub": "alice", "aud": API, "auth_time": NOW - 10, "nonce": "n", "at_hash": "h", **TIMES}
ID_TOKENS: dict[str, list[Token]] = {
    "keycloak": [("JWT", {**ID, "jti": "j", "typ": "ID", "azp": API, "sid": "s", "acr": "1"})],
    "entra": [("JWT", {**without(ID, "at_hash"), "nbf": NOW, "name": "Alice", "oid": "o", "rh": "x", "tid": "t",
                       "uti": "u", "ver": "2.0"}),
              ("JWT", {**without(ID, "at_hash", "nonce"), "azp": API, "roles": ["accounts"], "ver": "2.0"})],
    "auth0": [("JWT", {**without(ID, "at_hash", "nonce"), "name": "Alice", "email": "a@example.com", "azp": API}),
              ("JWT", {**without(ID, "at_hash"), "sid": "s", "azp": CLIENT})],
    "okta": [(None, {**ID, "ver": 1, "jti": "ID.4eAW", "amr": ["pwd"], "idp": "00o"}),
             (None, {**without(ID, "at_hash", "nonce"), "ver": 1, "jti": "ID.4eAW", "cid": API})],
    "cognito": [(None, {**without(ID, "at_hash", "nonce"), "token_use": "id", "cognito:username": "alice", "jti": "j",
                        "client_id": API})],
    "duende": [("JWT", {**ID, "nbf": NOW, "sid": "s", "idp": "local", "amr": ["pwd"], "jti": "j",
                       "client_id": CLIENT})],
    "spring": [(None, {**without(ID, "at_hash", "nonce"), "azp": API, "jti": "j", "sid": "s"}),
               (None, {**without(ID, "at_hash", "nonce"), "azp": API, "nbf": NOW})],
}  # fmt: skip
EVENT: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
ANSWER = {"active": True, "scope": "accounts", "client_id": CLIENT, "sub": "alice", "aud": API}
JARM = {"iss": ISSUER, "aud": API, "exp": NOW + 300, "code": "c", "state": "s"}
ISSUERS = sorted(PROFILES)


def decode(issuer: str, token: Token, **options: Any) -> dict[str, object]:
    typ, claims = token
    return ISSUING.tokens(issuer_profile=issuer, **options).decode(ISSUING.sign(claims, typ=typ))


def test_every_profile_is_played() -> None:
    assert ISSUERS == sorted(ACCESS_TOKENS) == sorted(ID_TOKENS)


@pytest.mark.parametrize("issuer", ISSUERS)
def test_access_tokens(issuer: str) -> None:
    for token in ACCESS_TOKENS[issuer]:
        found = decode(issuer, token)
        scope = {} if "scope" not in found else {"scope": found["scope"]}
        assert "accounts" in str(found.get("scope", "accounts")).split(" ")
        assert found.get("client_id") == {"cognito": API, "spring": None}.get(issuer, CLIENT)
        assert {**found, "client_id": CLIENT, **scope}.items() >= without(token[1], "scope", "client_id").items()


@pytest.mark.parametrize("issuer", ISSUERS)
def test_access_tokens_are_refused_without_the_profile(issuer: str) -> None:
    typ, claims = ACCESS_TOKENS[issuer][0]
    if issuer == "duende":  # RFC 9068 in all but the scope, which the guard refuses then, and the subject
        typ, claims = ACCESS_TOKENS[issuer][1]
    with refused("malformed_token" if typ == "at+jwt" else "not_an_access_token"):
        ISSUING.tokens().decode(ISSUING.sign(claims, typ=typ))


@pytest.mark.parametrize("issuer", ISSUERS)
def test_row_71_id_tokens(issuer: str) -> None:
    for token in ID_TOKENS[issuer]:
        with refused("not_an_access_token"):
            decode(issuer, token)


def test_an_id_token_of_auth0_as_published() -> None:
    with refused("malformed_token", match="client_id"):
        decode("auth0", ("JWT", {**without(ID, "at_hash", "nonce"), "name": "Alice"}))


def as_access_token(issuer: str, claims: Mapping[str, Any]) -> Token:
    """Return a JWT for another purpose, as nearly an access token as it can be."""
    typ, good = ACCESS_TOKENS[issuer][0]
    return typ, {**good, **claims}


@pytest.mark.parametrize("issuer", ISSUERS)
def test_row_71_logout_tokens(issuer: str) -> None:
    logout = {"iss": ISSUER, "sub": "alice", "aud": API, "jti": "j", "sid": "s", "events": EVENT, **TIMES}
    tokens: list[Token] = [("logout+jwt", logout), ("logout+jwt", {**ACCESS_TOKENS[issuer][0][1], "events": EVENT})]
    tokens += [(typ, {**logout, "typ": "Logout"}) for typ in ("JWT", None)]
    if issuer != "duende":  # whose header's typ is the mark
        tokens.append(as_access_token(issuer, {"events": EVENT}))
    for token in tokens:
        with refused("not_an_access_token"):
            decode(issuer, token)


@pytest.mark.parametrize("issuer", ISSUERS)
def test_row_71_client_assertions(issuer: str) -> None:
    assertion = {"iss": CLIENT, "sub": CLIENT, "aud": API, "jti": "j", **TIMES}
    for typ in ("JWT", None, "client-authentication+jwt"):
        with refused("not_an_access_token" if issuer != "auth0" or typ != "JWT" else "wrong_issuer"):
            decode(issuer, (typ, assertion))
    with refused("wrong_issuer"):
        decode(issuer, as_access_token(issuer, {"iss": CLIENT}))


@pytest.mark.parametrize("issuer", ISSUERS)
def test_row_71_introspection_answers(issuer: str) -> None:
    answer = {"iss": ISSUER, "aud": API, "iat": NOW, "token_introspection": ANSWER}
    tokens: list[Token] = [("token-introspection+jwt", answer), ("JWT", answer), (None, answer)]
    if issuer != "duende":
        tokens.append(as_access_token(issuer, {"token_introspection": ANSWER}))
    for token in tokens:
        with refused("not_an_access_token"):
            decode(issuer, token)


@pytest.mark.parametrize("issuer", ISSUERS)
def test_row_71_jarm_answers(issuer: str) -> None:
    for typ in ("JWT", None, "oauth-authz-resp+jwt"):
        with refused("malformed_token" if (issuer, typ) == ("auth0", "JWT") else "not_an_access_token"):
            decode(issuer, (typ, JARM))


def test_keycloaks_other_tokens() -> None:
    for kind in ("ID", "Refresh", "Offline", "Logout", "bearer", "", None, ["Bearer"]):
        with refused("not_an_access_token"):
            decode("keycloak", ("JWT", {**KEYCLOAK, "typ": kind}))


@pytest.mark.parametrize("scope", [["a b"], [7], [""], {"a": 1}, 7, None, [["a"]]])
@pytest.mark.parametrize("issuer", ["okta", "duende", "spring", "entra"])
def test_odd_scopes(issuer: str, scope: object) -> None:
    name = "scp" if issuer in ("okta", "entra") else "scope"
    typ, claims = ACCESS_TOKENS[issuer][0]
    with refused("malformed_token", match=name):
        decode(issuer, (typ, {**claims, name: scope}))
    assert decode(issuer, (typ, {**claims, name: []}))["scope"] == ""


SWITCHES: list[tuple[dict[str, Any], Token]] = [
    ({"typ": ("at+jwt", "JWT")}, ("JWT", ISSUING.claims())),
    ({"typ": (None,)}, (None, ISSUING.claims())),
    ({"subject_optional": True}, ("at+jwt", ISSUING.claims(sub=None))),
    ({"jti_optional": True}, ("at+jwt", ISSUING.claims(jti=None))),
    ({"client_id_claims": ("client_id", "azp")}, ("at+jwt", ISSUING.claims(client_id=None, azp="billing"))),
    ({"client_id_claims": ()}, ("at+jwt", ISSUING.claims(client_id=None))),
    ({"audience_claim": "resource"}, ("at+jwt", ISSUING.claims(aud=None, resource=[API]))),
]


@pytest.mark.parametrize(("switch", "token"), SWITCHES)
def test_each_switch(switch: dict[str, Any], token: Token) -> None:
    typ, claims = token
    signed = ISSUING.sign(claims, typ=typ)
    with pytest.raises(InvalidToken, match=r"typ|claim"):
        ISSUING.tokens().decode(signed)
    assert ISSUING.tokens(**switch).decode(signed).items() >= claims.items()
    for other, _ in SWITCHES:
        if other.keys() != switch.keys():
            with pytest.raises(InvalidToken, match=r"typ|claim"):
                ISSUING.tokens(**other).decode(signed)


def test_the_first_claim_counts() -> None:
    tokens = ISSUING.tokens(scope_claims=("scope", "scp"), client_id_claims=("client_id", "azp"))
    found = tokens.decode(ISSUING.token(scp=["more"], azp="other"))
    assert (found["scope"], found["client_id"]) == ("accounts payments", "billing")
    with refused("malformed_token", match="client_id"):
        tokens.decode(ISSUING.sign({**ISSUING.claims(), "client_id": None, "azp": "other"}))


def test_optional_is_not_malformed() -> None:
    tokens = ISSUING.tokens(subject_optional=True, jti_optional=True)
    for name in ("sub", "jti"):
        for value in ("", 7, None, ["x"]):
            with refused("malformed_token", match=name):
                tokens.decode(ISSUING.sign({**ISSUING.claims(), name: value}))


def test_a_switch_goes_before_the_profiles() -> None:
    lightweight = ("JWT", without(KEYCLOAK, "sub"))
    with refused("malformed_token", match="sub"):
        decode("keycloak", lightweight)
    assert "sub" not in decode("keycloak", lightweight, subject_optional=True)


@pytest.mark.parametrize(
    "options",
    [
        {"issuer_profile": "auth1"},
        {"typ": "JWT"},
        {"typ": ()},
        {"typ": (7,)},
        {"scope_claims": "scp"},
        {"scope_claims": ()},
        {"client_id_claims": "azp"},
        {"client_id_claims": (None,)},
    ],
)
def test_wrong_options(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        ISSUING.tokens(**options)
