"""The binding of a token to the key of its request's DPoP proof.

See RFC 9449 sections 6 and 7.
"""

import hmac
from collections.abc import Mapping

from ..binding import CANONICAL
from ..errors import InvalidToken

DPOP_KEY = "jkt"
"""The member of ``cnf`` that holds the key's thumbprint (RFC 9449 section 6.1)."""


def check_scheme(claims: Mapping[str, object], scheme: str) -> None:
    """Check that a token came with the scheme that its binding demands.

    Args:
        claims: of the token, verified.
        scheme: ``Bearer`` or ``DPoP``, from ``Authorization``.

    Raises:
        InvalidToken: ``dpop_downgrade``: If it is bound to a DPoP key, and came as ``Bearer``.
        InvalidToken: ``token_not_bound``: If it came as ``DPoP``, and is bound to no such key.
    """
    cnf = claims.get("cnf")
    is_bound = isinstance(cnf, Mapping) and DPOP_KEY in cnf
    if is_bound and scheme != "DPoP":
        raise InvalidToken(
            "The token is bound to a DPoP key: send it as Authorization: DPoP, with a proof.", reason="dpop_downgrade"
        )
    if not is_bound and scheme == "DPoP":
        raise InvalidToken(
            "The token has no cnf.jkt and came as DPoP: send it as Bearer, or have it bound to the key.",
            reason="token_not_bound",
        )


def check_key(claims: Mapping[str, object], jkt: str) -> None:
    """Check that a token is bound to this key.

    Args:
        claims: of a token that has passed :func:`check_scheme` as ``DPoP``.
        jkt: the thumbprint of the key that signed the request's proof (RFC 7638).

    Raises:
        InvalidToken: ``malformed_confirmation``: If ``jkt`` in ``cnf`` is not a thumbprint.
        InvalidToken: ``dpop_key_mismatch``: If it is that of another key.
    """
    cnf = claims.get("cnf")
    named = cnf.get(DPOP_KEY) if isinstance(cnf, Mapping) else None
    if not isinstance(named, str) or not CANONICAL.fullmatch(named):
        raise InvalidToken(
            "jkt must be 43 characters of base64url: the key's thumbprint (RFC 7638).", reason="malformed_confirmation"
        )
    if not hmac.compare_digest(named, jkt):
        raise InvalidToken(
            f"The token is bound to {named}, the proof is signed by {jkt}.",
            reason="dpop_key_mismatch",
            expected=named,
            found=jkt,
        )
