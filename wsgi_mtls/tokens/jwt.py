"""Access tokens that are JWTs (RFC 9068)."""

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from joserfc import jws

from ..errors import InvalidToken
from ..https import TIMEOUT, ConfiguredEndpoint
from ..shortage import is_shortage
from .claims import audiences, check_texts, check_times, numeric_date
from .issuers import PROFILES, IssuerProfile
from .keys import FetchedKeys, GivenKeys, SigningKey, SigningKeys
from .shape import Shape
from .tokens import MAX_TOKEN

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Allowed by default: RFC 9068 section 2.1 demands RS256, FAPI 2.0 the others."""
_ASYMMETRIC = frozenset({
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
})  # fmt: skip
MAX_LEEWAY = 300
"""The most that the clocks may differ, in seconds."""


class JWTAccessTokens:
    """Decodes JWT access tokens and checks them as RFC 9068 section 4 says.

    Args:
        issuer: of the tokens, exactly as in ``iss``.
        audience: the names of this API, of which ``aud`` must hold one.
        jwks: the issuer's keys, as a JWK set.
        jwks_uri: or where they are fetched, and fetched again when they change.
        algorithms: those that a signature may have, as ``alg`` spells them; asymmetric ones. ``Ed25519`` is not the
            deprecated ``EdDSA`` (RFC 9864): name the one that the issuer writes.
        leeway: how far the clocks may differ, in seconds.
        ca: PEM file of the CAs that ``jwks_uri`` is validated against; None is the system's.
        timeout: how long a request to ``jwks_uri`` may take as a whole, in seconds.
        proxy: the URL of an HTTP proxy to ``jwks_uri``, or ``"environment"`` for ``HTTPS_PROXY`` and ``NO_PROXY``.
        clock: returns seconds since the epoch; for tests.
        issuer_profile: the issuer's product, whose deviations from RFC 9068 are accepted, and whose own mark of access
            tokens is required; see :data:`~wsgi_mtls.tokens.issuers.PROFILES`. A switch below goes before its own.
        typ: what the header's ``typ`` may be; None in it is a header without one.
        subject_optional: whether ``sub`` may be missing, as for client credentials.
        jti_optional: whether ``jti`` may be missing.
        scope_claims: where the scope is, the first that is there: a text, or a list of texts.
        client_id_claims: where the client is, the first that is there; empty where no claim names it.
        audience_claim: the claim that must name this API.

    Raises:
        ValueError: an argument has a value that it can't have, or not one of ``jwks`` and ``jwks_uri`` is given.
        OSError: ``ca`` can't be read.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str | Collection[str],
        jwks: Mapping[str, object] | None = None,
        jwks_uri: str | None = None,
        algorithms: Collection[str] = ALGORITHMS,
        leeway: float = 10,
        ca: Path | str | None = None,
        timeout: float = TIMEOUT,
        proxy: str | None = None,
        clock: Callable[[], float] = time.time,
        issuer_profile: IssuerProfile | None = None,
        typ: Collection[str | None] | None = None,
        subject_optional: bool | None = None,
        jti_optional: bool | None = None,
        scope_claims: Collection[str] | None = None,
        client_id_claims: Collection[str] | None = None,
        audience_claim: str | None = None,
    ) -> None:
        if not issuer:
            raise ValueError("issuer must be the text of the claim iss.")
        unknown = set(algorithms) - (_ASYMMETRIC & jws.JWSRegistry.algorithms.keys())
        if isinstance(algorithms, str) or not algorithms or unknown:
            raise ValueError(f"algorithms must be a list of asymmetric ones: {', '.join(sorted(_ASYMMETRIC))}.")
        if not 0 <= leeway <= MAX_LEEWAY:
            raise ValueError(f"leeway must be 0 to {MAX_LEEWAY} seconds.")
        self._issuer = issuer
        self._audiences = audiences(audience)
        self._keys = _keys(jwks, jwks_uri, ca, timeout, proxy, clock)
        # RFC 7515 section 4: header members that nobody knows are ignored.
        self._registry = _Registry(algorithms=list(algorithms), strict_check_header=False)
        self._algorithms = frozenset(algorithms)
        self._leeway = leeway
        self._shape = _shape(
            issuer_profile,
            typ=_given("typ", typ, {str, type(None)}),
            subject_optional=subject_optional,
            jti_optional=jti_optional,
            scope_claims=_given("scope_claims", scope_claims),
            client_id_claims=() if client_id_claims == () else _given("client_id_claims", client_id_claims),
            audience_claim=audience_claim,
        )
        self._clock = clock

    def decode(self, token: str, /) -> dict[str, object]:
        """Return the claims of a valid access token.

        Raises:
            InvalidToken: it is not valid; its reason tells why.
            InvalidToken: ``tokens_unavailable``: If the issuer's keys are unavailable.
        """
        signed = self._parse(token)
        self._verify_signature(signed)
        claims = _read_claims(signed.payload)
        self._shape.check_purpose(signed.headers().get("typ"), claims)
        return self._checked(claims)

    def fetch_keys(self) -> None:
        """Fetch the issuer's keys now, so that the first request need not wait; nothing if they were given.

        In a server that forks, call it in each worker, or before the fork: connections are not shared.

        Raises:
            InvalidToken: ``tokens_unavailable``: If they cannot be fetched. The first request tries again.
        """
        if isinstance(self._keys, FetchedKeys):
            self._keys.fetch()

    def _parse(self, token: str) -> jws.CompactSignature:
        """Read header and payload, before anything in them is believed."""
        if len(token) > MAX_TOKEN:
            raise InvalidToken(f"The token is longer than {MAX_TOKEN} characters.", reason="malformed_token")
        try:
            signed = jws.extract_compact(token.encode("ascii"), registry=self._registry)
            header: object = signed.headers()
        except Exception as error:  # the octets are the caller's, and joserfc's exceptions for them are many
            _refuse_shortage(error)
            raise InvalidToken(f"The token is not a JWT: {error}.", reason="malformed_token") from None
        if not isinstance(header, dict) or "crit" in header or "b64" in header:
            raise InvalidToken(
                "The token's header is not an object, or has extensions that JWTs can't have.", reason="malformed_token"
            )
        self._shape.check_type(header.get("typ"))
        if not isinstance(header["alg"], str) or not isinstance(header.get("kid", ""), str):
            raise InvalidToken("The token's alg and kid must be texts.", reason="malformed_token")
        if header["alg"] not in self._algorithms:
            raise InvalidToken(
                f"The token's alg {header['alg']!r:.80} is none of the allowed algorithms.",
                reason="token_signature_invalid",
                expected=tuple(sorted(self._algorithms)),
                found=header["alg"],
            )
        return signed

    def _verify_signature(self, signed: jws.CompactSignature) -> None:
        kid = signed.headers().get("kid")
        keys = self._keys.find(kid)
        if self._is_signed_by_one(signed, keys):
            return
        if self._is_signed_by_one(signed, self._keys.find_new(kid, keys)):
            return
        raise InvalidToken("No key of the issuer verifies the token's signature.", reason="token_signature_invalid")

    def _is_signed_by_one(self, signed: jws.CompactSignature, keys: Sequence[SigningKey]) -> bool:
        for key in keys:
            try:
                if jws.validate_compact(signed, key, registry=self._registry):
                    return True
            except Exception as error:  # for a key of another kind joserfc's exceptions are many; it verifies nothing
                _refuse_shortage(error)
        return False

    def _checked(self, claims: Mapping[str, object]) -> dict[str, object]:
        check_texts(claims, ("iss",))
        if claims["iss"] != self._issuer:
            raise InvalidToken(
                f"Expected a token from {self._issuer!r}, found one from {claims['iss']!r}: check the issuer.",
                reason="wrong_issuer",
                expected=self._issuer,
                found=str(claims["iss"]),
            )
        found = self._shape.read(claims, self._audiences)
        if numeric_date(claims, "exp") is None or numeric_date(claims, "iat") is None:
            raise InvalidToken("The claims exp and iat are required (RFC 9068 section 2.2).", reason="malformed_token")
        check_times(claims, self._clock(), self._leeway)
        return found


def _refuse_shortage(error: Exception) -> None:
    """Raise ``tokens_unavailable`` if the machine failed, and not the token."""
    if is_shortage(error):
        raise InvalidToken(f"The token could not be checked: {error!r}.", reason="tokens_unavailable") from error


class _Registry(jws.JWSRegistry):
    """The token's length is bounded as a whole; joserfc's 512 octets for a header leave no room for ``x5c``."""

    max_header_length = max_payload_length = max_signature_length = MAX_TOKEN


def _keys(
    jwks: Mapping[str, object] | None,
    jwks_uri: str | None,
    ca: Path | str | None,
    timeout: float,
    proxy: str | None,
    clock: Callable[[], float],
) -> SigningKeys:
    if (jwks is None) == (jwks_uri is None):
        raise ValueError("Give either jwks or jwks_uri.")
    if jwks_uri is None:
        return GivenKeys(jwks)
    return FetchedKeys(ConfiguredEndpoint(jwks_uri, ca=ca, timeout=timeout, proxy=proxy), clock)


def _shape(profile: str | None, **switches: Any) -> Shape:
    """Return what the tokens look like: as RFC 9068 says, as the issuer's profile does, and by the switches given."""
    if profile is not None and profile not in PROFILES:
        raise ValueError(f"issuer_profile must be one of {', '.join(PROFILES)}, not {profile!r}.")
    found = PROFILES[profile] if profile else Shape()
    return replace(found, **{name: value for name, value in switches.items() if value is not None})


def _given(name: str, values: Collection[Any] | None, kinds: Collection[type] = (str,)) -> tuple[Any, ...] | None:
    if values is None:
        return None
    if isinstance(values, str) or not values or not all(type(value) in kinds for value in values):
        raise ValueError(f"{name} must be a list of names, not {values!r}.")
    return tuple(value.lower() if name == "typ" and value else value for value in values)


def _read_claims(payload: bytes | None) -> dict[str, object]:
    try:
        claims: object = json.loads(payload or b"")
    except (ValueError, RecursionError) as error:
        raise InvalidToken(f"The token's payload is not JSON: {error}.", reason="malformed_token") from None
    if not isinstance(claims, dict):
        raise InvalidToken("The token's payload must be an object.", reason="malformed_token")
    return claims
