"""Access tokens that are JWTs (RFC 9068)."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import InvalidToken
from ..https import TIMEOUT
from .claims import audiences, check_texts, check_times, numeric_date
from .issuers import PROFILES, IssuerProfile
from .shape import Shape
from .signatures import ALGORITHMS, Signatures, signing_keys
from .tokens import MAX_TOKEN

MAX_LEEWAY = 300
"""The most that the clocks may differ, in seconds."""


class JWTAccessTokens:
    """Decodes JWT access tokens and checks them as RFC 9068 section 4 requires.

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
        issuer_profile: the issuer's product. Its deviations from RFC 9068 are accepted, and its own mark of access
            tokens is required; see :data:`~wsgi_mtls.tokens.issuers.PROFILES`. A switch below overrides its own.
        typ: what the header's ``typ`` may be; None in it is a header without one.
        subject_optional: whether ``sub`` may be missing, as for client credentials.
        jti_optional: whether ``jti`` may be missing.
        scope_claims: where the scope is, the first that is there: a text, or a list of texts.
        client_id_claims: where the client is, the first that is there; empty where no claim names it.
        audience_claim: the claim that must name this API.

    Raises:
        ValueError: If an argument has a value that it can't have, or not one of ``jwks`` and ``jwks_uri`` is given.
        OSError: If ``ca`` can't be read.
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
        if not 0 <= leeway <= MAX_LEEWAY:
            raise ValueError(f"leeway must be 0 to {MAX_LEEWAY} seconds.")
        self._issuer = issuer
        self._audiences = audiences(audience)
        keys = signing_keys(jwks, jwks_uri, ca=ca, timeout=timeout, proxy=proxy, clock=clock)
        self._signatures = Signatures(keys, algorithms, MAX_TOKEN)
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
            InvalidToken: If it is not valid, with the reason.
            InvalidToken: ``tokens_unavailable``: If the issuer's keys are unavailable.
        """
        signed = self._signatures.parse(token)
        kind = signed.headers().get("typ")
        self._shape.check_type(kind)
        claims = self._signatures.verify(signed)
        self._shape.check_purpose(kind, claims)
        return self._checked(claims)

    def fetch_keys(self) -> None:
        """Fetch the issuer's keys now, so that the first request need not wait.

        Does nothing if the keys were given. In a server that forks, call it in each worker, or before the fork:
        connections are not shared.

        Raises:
            InvalidToken: ``tokens_unavailable``: If they cannot be fetched. The first request tries again.
        """
        self._signatures.fetch_keys()

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


def _shape(profile: str | None, **switches: Any) -> Shape:
    """Return the expected shape of tokens.

    It is RFC 9068's, changed by the issuer's profile and the given switches.
    """
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
