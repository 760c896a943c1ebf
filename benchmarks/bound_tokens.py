"""Certificate-bound access tokens: confirmation alone, and requests with JWTs."""

import hmac
import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from wsgi_mtls import AccessTokenMiddleware, sources, verify_confirmation
from wsgi_mtls.tokens import JWTAccessTokens

from .certificates import leaf, nginx
from .comparing import Bar, Case, compare
from .effort import Effort
from .requests import CERT, app, get, start
from .tables import Table

ISSUER, AUDIENCE = "https://as.example.com", "https://api.example.com"
FLOOR = "a dict and hmac.compare_digest"
ENVIRON = "the application and its environ"
AUTHLIB = "Authlib's ResourceProtector"
_STOPS = (
    "The machine's load: both verify one RS256 signature, and what is checked on top of it, the certificate, the "
    "confirmation and the scope, is within the bar where other programs do not take the processor's caches."
)


def run(effort: Effort) -> Iterator[Table]:
    """Measure the confirmation, and requests with RS256 tokens."""
    yield Table("Bound tokens: the confirmation", compare(_confirmation(), rounds=effort.rounds))
    yield Table("Bound tokens: an API with RS256", compare(_requests(), rounds=effort.rounds, slice_ms=effort.slice_ms))


def tokens(count: int) -> tuple[RSAKey, list[str]]:
    """Return a key, and tokens of ``alice`` that are bound to its certificate.

    ``alice`` is a client with an RSA certificate.
    """
    key = RSAKey.generate_key(2048, {"kid": "k1"})
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "client_id": "alice",
        "iat": now,
        "exp": now + 36000,
        "scope": "read write",
        "cnf": {"x5t#S256": leaf("rsa").certificate.thumbprint},
    }
    header = {"alg": "RS256", "typ": "at+jwt", "kid": "k1"}
    return key, [jwt.encode(header, {**claims, "jti": f"t{i}"}, key, algorithms=["RS256"]) for i in range(count)]


def decoder(key: RSAKey) -> JWTAccessTokens:
    """Return what decodes the tokens of a key."""
    jwks = {"keys": [key.as_dict(private=False)]}
    return JWTAccessTokens(issuer=ISSUER, audience=AUDIENCE, jwks=jwks, algorithms=["RS256"])


def authlib(key: RSAKey) -> Any:
    """Return Authlib's protector for the same tokens; it looks at no ``cnf``."""
    from authlib.oauth2 import ResourceProtector

    protector = ResourceProtector()
    protector.register_token_validator(validator(key))
    return protector


def validator(key: RSAKey) -> Any:
    """Return Authlib's validator of RFC 9068."""
    from authlib.oauth2.rfc9068 import JWTBearerTokenValidator

    keys = KeySet.import_key_set({"keys": [key.as_dict(private=False)]})

    class Validator(JWTBearerTokenValidator):  # type: ignore[misc]  # Authlib is untyped
        def get_jwks(self) -> KeySet:
            return keys

    return Validator(ISSUER, AUDIENCE)


def _confirmation() -> list[Case]:
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    peer = source({"REMOTE_ADDR": "127.0.0.1", CERT: nginx(leaf("rsa").certificate.der)})
    assert peer is not None
    thumbprint = peer.certificate.thumbprint
    claims: dict[str, dict[str, str]] = {"cnf": {"x5t#S256": thumbprint}}
    return [
        Case(FLOOR, lambda: hmac.compare_digest(claims["cnf"]["x5t#S256"], thumbprint), "whether they are equal"),
        Case(
            "verify_confirmation",
            lambda: verify_confirmation(claims, peer),
            "the certificate, or the reason of a refusal",
            bars=[Bar(FLOOR, 3.5)],
        ),
    ]


def _requests() -> list[Case]:
    from authlib.oauth2.rfc6749.requests import JsonRequest

    key, made = tokens(100)
    header = nginx(leaf("rsa").certificate.der).encode()
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    guarded = AccessTokenMiddleware(app, decoder(key), source=source, paths=["/api"], scope="read")
    protector = authlib(key)
    bearer = cycle([f"Bearer {token}" for token in made])
    url = "https://api.example.com/api"

    def environ() -> dict[str, Any]:
        return get("/api", header, HTTP_AUTHORIZATION=next(bearer))

    return [
        Case(ENVIRON, lambda: app(environ(), start)),
        Case(
            AUTHLIB,
            lambda: protector.validate_request(["read"], JsonRequest("GET", url, {"Authorization": next(bearer)})),
            "claims; no cnf, no certificate",
        ),
        Case(
            "AccessTokenMiddleware, seen certificate, new token",
            lambda: guarded(environ(), start),
            "claims of a token that is this certificate's",
            less=ENVIRON,
            bars=[Bar(AUTHLIB, 1.15, _STOPS)],
        ),
    ]
