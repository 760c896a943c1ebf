"""The parts of a DPoP proof, as a caller wrote them (RFC 9449 section 4.2)."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from joserfc import jws
from joserfc.jwk import JWKRegistry, RSAKey

from ..errors import InvalidToken
from ..shortage import is_shortage
from .keys import MIN_RSA_BITS, SigningKey

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_PROOF = 4096
"""The longest proof that is looked at, in characters: one of an RSA key of 8192 bits has 3,700."""
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # RFC 7518 section 6


class ProofRegistry(jws.JWSRegistry):
    """A JWS registry without joserfc's limit of 512 octets for a header."""

    # The proof's length is bounded as a whole, and the limit leaves no room for an RSA key.

    max_header_length = max_payload_length = max_signature_length = MAX_PROOF


def one_proof(environ: "WSGIEnvironment") -> str:
    """Return the one proof of a request.

    Raises:
        InvalidToken: If there is none, or more than one.
    """
    value: str = environ.get("HTTP_DPOP", "").strip(" \t")
    if not value:
        raise InvalidToken(
            "The request has no DPoP header field: send a proof, and make the server pass it on.",
            reason="missing_dpop_proof",
        )
    # RFC 9110 section 5.3: servers join repeated fields by commas, which a JWT never has.
    if "," in value:
        raise InvalidToken("The request has more than one DPoP proof.", reason="repeated_dpop_proof")
    return value


def public_key(jwk: object) -> SigningKey:
    """Return the key in a proof's header.

    Raises:
        InvalidToken: ``dpop_key_not_allowed``: If it is not a public key that may sign proofs.
    """
    problem = "must be a public key, as an object"
    if isinstance(jwk, dict) and not jwk.keys() & _PRIVATE:
        try:
            key = JWKRegistry.import_key(jwk)
        except Exception as error:  # for what a caller may write joserfc's exceptions are many
            refuse_shortage(error)
            problem = f"is not a key that can be read: {error!r:.200}"
        else:
            small = isinstance(key, RSAKey) and key.public_key.key_size < MIN_RSA_BITS
            if isinstance(key, SigningKey) and not key.is_private and not small:
                return key
            problem = f"must be an EC, OKP or RSA key, RSA of at least {MIN_RSA_BITS} bits"
    raise InvalidToken(f"The proof's jwk {problem}.", reason="dpop_key_not_allowed")


def claims_of(payload: bytes | None) -> Mapping[str, object]:
    """Return the claims of a proof's payload.

    Raises:
        InvalidToken: ``malformed_dpop_proof``: If it is not an object in JSON.
    """
    try:
        # From octets, Python would also read UTF-16 (RFC 8259 section 8.1).
        claims: object = json.loads((payload or b"").decode())
    except (ValueError, RecursionError) as error:
        raise malformed(f"The proof's payload is not JSON: {error}.") from None
    if not isinstance(claims, dict):
        raise malformed("The proof's payload must be an object.")
    return claims


def text_of(claims: Mapping[str, object], name: str) -> str:
    """Return a claim that must be a text.

    Raises:
        InvalidToken: ``malformed_dpop_proof``: If it is not one.
    """
    value = claims.get(name)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise malformed(f"The proof's {name} must be a printable text that is not empty.")
    return value


def malformed(problem: str) -> InvalidToken:
    """Make the refusal of a malformed proof."""
    return InvalidToken(problem, reason="malformed_dpop_proof")


def refuse_shortage(error: Exception) -> None:
    """Raise ``tokens_unavailable`` if the machine failed, and not the proof."""
    if is_shortage(error):
        raise InvalidToken(f"The proof could not be checked: {error!r}.", reason="tokens_unavailable") from error
