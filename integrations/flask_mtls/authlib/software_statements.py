"""Software statements: metadata that another party has signed.

They are those of RFC 7591 section 2.3.
"""

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from authlib.oauth2.rfc7591 import InvalidSoftwareStatementError, UnapprovedSoftwareStatementError
from joserfc import jws

from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.tokens.claims import check_audience, check_times
from wsgi_mtls.tokens.keys import SigningKey, read_keys

MAX_STATEMENT: Final = 32768
"""The longest statement that is read, in characters."""
_ASYMMETRIC: Final = frozenset({
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA",
})  # fmt: skip
_LEEWAY: Final = 60


class SoftwareStatements:
    """The statements of one issuer, verified against its keys.

    Args:
        jwks: the issuer's public keys, a JWK set.
        issuer: the issuer, as in ``iss``.
        audience: this server, as in ``aud``; a statement without ``aud`` is for every server.
        required: whether each registration must bring one.
        algorithms: the signature algorithms that are accepted; asymmetric ones.
        clock: returns seconds since the epoch.

    Raises:
        ValueError: If one of them cannot be used.
    """

    def __init__(
        self,
        jwks: Mapping[str, object],
        *,
        issuer: str,
        audience: str,
        required: bool = False,
        algorithms: Collection[str] = ("PS256", "ES256"),
        clock: Callable[[], float] = time.time,
    ) -> None:
        if isinstance(algorithms, str) or not algorithms or not _ASYMMETRIC.issuperset(algorithms):
            raise ValueError(f"algorithms must be a list of asymmetric ones: {', '.join(sorted(_ASYMMETRIC))}.")
        if not issuer or not audience:
            raise ValueError("issuer must be the text that is in iss, and audience this server's.")
        self.required: Final = required
        self._keys: Sequence[SigningKey] = read_keys(jwks)
        self._issuer = issuer
        self._audience = frozenset({audience})
        self._algorithms = frozenset(algorithms)
        self._registry = _Registry(algorithms=list(algorithms), strict_check_header=False)
        self._clock = clock

    def claims(self, statement: object) -> dict[str, Any]:
        """Return the claims of a statement.

        Raises:
            InvalidSoftwareStatementError: If it is not a JWT that is valid now and that a key of the issuer verifies.
            UnapprovedSoftwareStatementError: If it is valid, and of another issuer.
        """
        if not isinstance(statement, str) or not statement.isascii() or len(statement) > MAX_STATEMENT:
            raise InvalidSoftwareStatementError(f"Expected a JWT of at most {MAX_STATEMENT} characters.")
        claims = self._verified(statement)
        if claims.get("iss") != self._issuer:
            raise UnapprovedSoftwareStatementError("Statements of this iss are not accepted here.")
        try:
            if "aud" in claims:
                check_audience(claims, self._audience)
            check_times(claims, self._clock(), _LEEWAY)
        except InvalidToken:
            raise InvalidSoftwareStatementError("The statement has expired, or is not for this server.") from None
        return claims

    def _verified(self, statement: str) -> dict[str, Any]:
        try:
            signed = jws.extract_compact(statement.encode(), registry=self._registry)
            header = signed.headers()
            right = header["alg"] in self._algorithms and not {"crit", "b64"} & header.keys()
            claims = json.loads(signed.payload or b"") if right and self._is_signed(signed) else None
        except Exception:  # the octets are the caller's, and joserfc's exceptions for them are many
            claims = None
        if not isinstance(claims, dict):
            raise InvalidSoftwareStatementError("Expected a JWT that a key of the configured issuer verifies.")
        return claims

    def _is_signed(self, signed: jws.CompactSignature) -> bool:
        for key in self._keys:
            try:
                if jws.validate_compact(signed, key, registry=self._registry):
                    return True
            except Exception:  # noqa: S112  # a key of another kind, which verifies nothing
                continue
        return False


class _Registry(jws.JWSRegistry):
    """A registry of JWS that bounds a statement's length as a whole.

    joserfc's own limits leave no room for the metadata.
    """

    max_header_length = max_payload_length = max_signature_length = MAX_STATEMENT
