"""The claims that every access token must have.

See RFC 9068 section 4 and RFC 7662 section 2.2.
"""

import math
from collections.abc import Collection, Mapping

from ..errors import InvalidToken


def audiences(audience: str | Collection[str]) -> frozenset[str]:
    """Return the names of this API: a token must be for one of them.

    Raises:
        ValueError: If there is none, or one that is empty or not a text.
    """
    names = frozenset([audience] if isinstance(audience, str) else audience)
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError("audience must name this API, as the authorization server does in aud.")
    return names


def check_audience(claims: Mapping[str, object], expected: frozenset[str]) -> None:
    """Check that the token is for this API.

    Raises:
        InvalidToken: ``malformed_token``: If ``aud`` is missing, or neither a text nor a list of texts.
        InvalidToken: ``wrong_audience``: If it is for another one.
    """
    value = claims.get("aud")
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidToken("The claim aud must be a text or a list of texts.", reason="malformed_token")
    if expected.isdisjoint(names):
        raise InvalidToken(
            f"Expected a token for {' or '.join(sorted(expected))}, found one for {names!r}: request one for this API.",
            reason="wrong_audience",
            expected=tuple(sorted(expected)),
            found=tuple(names),
        )


def check_times(claims: Mapping[str, object], now: float, leeway: float) -> None:
    """Check ``exp`` and ``nbf``, as far as they are there.

    Args:
        claims: of the token.
        now: seconds since the epoch.
        leeway: how far the clocks may differ, in seconds.

    Raises:
        InvalidToken: ``malformed_token``: If one of them is not a number.
        InvalidToken: ``token_expired``: If ``exp`` is past.
        InvalidToken: ``token_not_yet_valid``: If ``nbf`` is in the future.
    """
    expires, not_before = numeric_date(claims, "exp"), numeric_date(claims, "nbf")
    if expires is not None and now - leeway >= expires:
        raise InvalidToken(
            "The token has expired; the client must get a new one.",
            reason="token_expired",
            expected=str(now),
            found=_digits(expires),
        )
    if not_before is not None and now + leeway < not_before:
        raise InvalidToken(
            "The token is not valid yet; check the clocks.",
            reason="token_not_yet_valid",
            expected=str(now),
            found=_digits(not_before),
        )


def numeric_date(claims: Mapping[str, object], name: str) -> float | None:
    """Return a NumericDate (RFC 7519 section 2), or None where the claim is missing.

    Raises:
        InvalidToken: ``malformed_token``: If it is not a finite number.
    """
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken(f"The claim {name} must be a number.", reason="malformed_token")
    # Python's JSON reader accepts NaN, which no comparison ever finds expired.
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidToken(f"The claim {name} must be a finite number.", reason="malformed_token")
    return value


def _digits(moment: float) -> str | None:
    """Return a moment as a text; None for an integer with too many digits for Python."""
    return str(moment) if abs(moment) < 1e15 else None


def check_texts(claims: Mapping[str, object], names: Collection[str]) -> None:
    """Check that these claims are texts and not empty.

    Raises:
        InvalidToken: ``malformed_token``: If one is missing, empty or not a text.
    """
    for name in names:
        value = claims.get(name)
        if not isinstance(value, str) or not value:
            raise InvalidToken(f"The claim {name} must be a text that is not empty.", reason="malformed_token")
