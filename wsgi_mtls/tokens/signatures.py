"""JWTs that an issuer has signed (RFC 7515, RFC 8725).

Their header, signature and payload are read.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from joserfc import jws

from ..errors import InvalidToken
from ..https import ConfiguredEndpoint
from ..shortage import is_shortage
from .keys import FetchedKeys, GivenKeys, SigningKey, SigningKeys

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Allowed by default: RFC 9068 section 2.1 demands RS256, FAPI 2.0 the others."""
_ASYMMETRIC = frozenset({
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
})  # fmt: skip


class Signatures:
    """Reads JWTs that one of an issuer's keys has signed.

    Args:
        keys: the issuer's.
        algorithms: those that a signature may have, as ``alg`` spells them; asymmetric ones.
        max_length: the longest JWT, in characters.

    Raises:
        ValueError: If an algorithm is not asymmetric, or there is none.
    """

    def __init__(self, keys: SigningKeys, algorithms: Collection[str], max_length: int) -> None:
        unknown = set(algorithms) - (_ASYMMETRIC & jws.JWSRegistry.algorithms.keys())
        if isinstance(algorithms, str) or not algorithms or unknown:
            raise ValueError(f"algorithms must be a list of asymmetric ones: {', '.join(sorted(_ASYMMETRIC))}.")
        self._keys = keys
        self._algorithms = frozenset(algorithms)
        self._max = max_length
        # RFC 7515 section 4: unknown header members are ignored.
        self._registry = jws.JWSRegistry(algorithms=list(algorithms), strict_check_header=False)
        # The length is bounded as a whole; joserfc's 512 octets for a header leave no room for x5c.
        self._registry.max_header_length = max_length
        self._registry.max_payload_length = self._registry.max_signature_length = max_length

    def parse(self, token: str) -> jws.CompactSignature:
        """Read header and payload, before anything in them is believed.

        Raises:
            InvalidToken: ``malformed_token``: If it is not a JWT in the compact serialization.
        """
        if len(token) > self._max:
            raise InvalidToken(f"The token is longer than {self._max} characters.", reason="malformed_token")
        if "=" in token:  # RFC 7515 section 2: base64url without padding, which some releases of joserfc accept
            raise InvalidToken("The token has padding, which a JWT must not have.", reason="malformed_token")
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
        return signed

    def verify(self, signed: jws.CompactSignature) -> dict[str, object]:
        """Return the claims of a parsed JWT if one of the keys verifies its signature.

        Raises:
            InvalidToken: If none does, or the payload is not an object.
            InvalidToken: ``tokens_unavailable``: If the issuer's keys are unavailable.
        """
        header = signed.headers()
        algorithm, kid = header["alg"], header.get("kid")
        if not isinstance(algorithm, str) or not isinstance(kid, str | None) or ("kid" in header and kid is None):
            raise InvalidToken("The token's alg and kid must be texts.", reason="malformed_token")
        if algorithm not in self._algorithms:
            raise InvalidToken(
                f"The token's alg {algorithm!r:.80} is none of the allowed algorithms.",
                reason="token_signature_invalid",
                expected=tuple(sorted(self._algorithms)),
                found=algorithm,
            )
        keys = self._keys.find(kid)
        if not self._is_signed_by_one(signed, keys) and not self._is_signed_by_one(
            signed, self._keys.find_new(kid, keys)
        ):
            raise InvalidToken("No key of the issuer verifies the token's signature.", reason="token_signature_invalid")
        return _read_claims(signed.payload)

    def fetch_keys(self) -> None:
        """Fetch the issuer's keys now, unless they were given.

        Raises:
            InvalidToken: ``tokens_unavailable``: If they cannot be fetched.
        """
        if isinstance(self._keys, FetchedKeys):
            self._keys.fetch()

    def _is_signed_by_one(self, signed: jws.CompactSignature, keys: Sequence[SigningKey]) -> bool:
        for key in keys:
            try:
                if jws.validate_compact(signed, key, registry=self._registry):
                    return True
            except Exception as error:  # for a key of another kind joserfc's exceptions are many; it verifies nothing
                _refuse_shortage(error)
        return False


def signing_keys(
    jwks: Mapping[str, object] | None,
    jwks_uri: str | None,
    *,
    ca: Path | str | None,
    timeout: float,
    proxy: str | None,
    clock: Callable[[], float],
) -> SigningKeys:
    """Return an issuer's keys: those given, or those fetched from its ``jwks_uri``.

    Raises:
        ValueError: If not exactly one of both is given, or it holds no key.
    """
    if (jwks is None) == (jwks_uri is None):
        raise ValueError("Give either jwks or jwks_uri.")
    if jwks_uri is None:
        return GivenKeys(jwks)
    return FetchedKeys(ConfiguredEndpoint(jwks_uri, ca=ca, timeout=timeout, proxy=proxy), clock)


def _refuse_shortage(error: Exception) -> None:
    """Raise ``tokens_unavailable`` if the machine failed, and not the token."""
    if is_shortage(error):
        raise InvalidToken(f"The token could not be checked: {error!r}.", reason="tokens_unavailable") from error


def _read_claims(payload: bytes | None) -> dict[str, object]:
    try:
        # From octets, Python would also read UTF-16 (RFC 8259 section 8.1).
        claims: object = json.loads((payload or b"").decode())
    except (ValueError, RecursionError) as error:
        raise InvalidToken(f"The token's payload is not JSON: {error}.", reason="malformed_token") from None
    if not isinstance(claims, dict):
        raise InvalidToken("The token's payload must be an object.", reason="malformed_token")
    return claims
