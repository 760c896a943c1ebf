"""Signed answers of an introspection endpoint (RFC 9701)."""

from collections.abc import Callable

from ..errors import InvalidToken
from ..https.exchange import MAX_ANSWER, Answer
from .claims import numeric_date
from .signatures import Signatures

MEDIA_TYPE = "application/token-introspection+jwt"
_TYPES = frozenset({MEDIA_TYPE, MEDIA_TYPE.removeprefix("application/")})
MAX_SIGNED = MAX_ANSWER
"""The longest signed answer, in characters."""

ReadAnswer = Callable[[Answer], object]
"""Returns the introspection response in an answer, or raises an error if there is none."""


def read_plain(answer: Answer) -> object:
    """Return the introspection response in an answer that was asked for as JSON.

    Raises:
        FetchFailed: If it is not JSON.
        InvalidToken: ``tokens_unavailable``: If it is a JWT that was not asked for.
    """
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in (MEDIA_TYPE, "application/jwt") or answer.body.startswith(b"eyJ"):
        raise _unusable(
            "The introspection endpoint answered with a JWT, and was asked for JSON: give issuer and jwks_uri to read "
            "signed answers (RFC 9701), or have the server answer this client in JSON."
        )
    return answer.json()


def signed_reader(issuer: str, names: frozenset[str], signatures: Signatures) -> ReadAnswer:
    """Return a function that reads signed answers.

    Args:
        issuer: of the answers, exactly as in ``iss``.
        names: of this API, of which ``aud`` must hold one.
        signatures: verifies them.
    """

    def read(answer: Answer) -> object:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != MEDIA_TYPE:
            raise _unusable(f"Expected a signed answer as {MEDIA_TYPE}, found {kind!r:.80}: have the server sign them.")
        if answer.body.count(b".") == 4:
            raise _unusable("The answer is encrypted: have the server sign answers to this client, and not encrypt.")
        try:
            signed = signatures.parse(answer.body.decode("latin-1").strip())
            typ = signed.headers().get("typ")
            if not isinstance(typ, str) or typ.lower() not in _TYPES:
                raise _unusable(f"Expected typ token-introspection+jwt in the answer, found {typ!r:.80}.")
            claims = signatures.verify(signed)
            _check(claims, issuer, names)
        except InvalidToken as error:
            # A fault of the answer is not a fault of the token.
            raise _unusable(f"The signed answer cannot be used: {error}") from error
        return claims.get("token_introspection")

    return read


def _check(claims: dict[str, object], issuer: str, names: frozenset[str]) -> None:
    """Check that the issuer made the answer for this API (RFC 9701 section 5)."""
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != issuer:
        raise _unusable(f"Expected iss {issuer!r}, found {claims.get('iss')!r:.200}: check issuer.")
    if not any(isinstance(name, str) and name in names for name in listed):
        raise _unusable(f"The answer is for {audience!r:.200}, and not for this API.")
    if numeric_date(claims, "iat") is None:
        raise _unusable("The answer has no iat.")


def _unusable(problem: str) -> InvalidToken:
    return InvalidToken(problem, reason="tokens_unavailable")
