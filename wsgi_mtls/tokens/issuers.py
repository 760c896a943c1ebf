"""The known issuers of access tokens, and how each deviates from RFC 9068: data."""

from collections.abc import Mapping
from typing import Literal

from .shape import ACCESS_TOKEN, Shape

IssuerProfile = Literal["auth0", "cognito", "duende", "entra", "keycloak", "okta", "spring"]

PROFILES: Mapping[str, Shape] = {
    # Since 2024 an API can have RFC 9068 tokens instead; these are the default profile's.
    "auth0": Shape(
        typ=(ACCESS_TOKEN, "jwt"),
        jti_optional=True,
        client_id_claims=("client_id", "azp"),
        absent=frozenset({"nonce", "sid"}),
        apart=True,
    ),
    # No aud: the app client is the audience, so audience names the accepted app clients.
    "cognito": Shape(typ=(None,), audience_claim="client_id", marks={"token_use": frozenset({"access"})}),
    # Its typ is the mark. Tokens of client credentials have no sub, and scope is a list by default.
    "duende": Shape(subject_optional=True, scope_claims=("scope",)),
    # azpacr in tokens of version 2.0, appidacr in those of 1.0: how the client authenticated, which no ID token has.
    "entra": Shape(
        typ=("jwt",),
        jti_optional=True,
        scope_claims=("scp",),
        client_id_claims=("azp", "appid"),
        alternatives=("azpacr", "appidacr"),
        absent=frozenset({"nonce"}),
    ),
    # The claim typ, which is not the header's: ID, Refresh, Logout, Offline are others.
    "keycloak": Shape(
        typ=(ACCESS_TOKEN, "jwt"),
        client_id_claims=("client_id", "azp"),
        marks={"typ": frozenset({"Bearer", "DPoP"})},
    ),
    "okta": Shape(
        typ=(ACCESS_TOKEN, None),
        scope_claims=("scp",),
        client_id_claims=("cid",),
        marks={"cid": None},
        absent=frozenset({"nonce"}),
        apart=True,
    ),
    # Only access tokens have nbf, only ID tokens azp; no claim but aud names the client.
    "spring": Shape(
        typ=(ACCESS_TOKEN, None),
        jti_optional=True,
        scope_claims=("scope",),
        client_id_claims=(),
        marks={"nbf": None},
        absent=frozenset({"azp", "nonce", "sid"}),
    ),
}
"""Each issuer's switches, and the marks by which its access tokens are known."""
