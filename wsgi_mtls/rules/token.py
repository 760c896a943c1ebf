"""One access token: may this request use it here (RFC 8705 section 3)?"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..binding import verify_confirmation
from ..errors import InvalidToken, MutualTLSError
from ..shortage import is_shortage
from ..tokens import AccessTokens
from ..x509 import ClientCertificate, Peer

logger = logging.getLogger("wsgi_mtls")


@dataclass(frozen=True, slots=True)
class BoundToken:
    """An access token that was accepted for a request.

    Attributes:
        claims: of the JWT, or the introspection response.
        scopes: what the token covers.
        client_id: the client that the token was issued to, if the claims name it.
        certificate: that the token is bound to and that came with the request; None for a token that is not bound to
            one.
        jkt: the thumbprint of the DPoP key that the token is bound to and that signed the request's proof (RFC 9449);
            None for a token that is not bound to one.
    """

    claims: Mapping[str, object] = field(hash=False)
    scopes: frozenset[str]
    client_id: str | None
    certificate: ClientCertificate | None
    jkt: str | None = None


def decode(tokens: AccessTokens, token: str) -> Mapping[str, object]:
    """Return the claims of a token.

    Args:
        tokens: the application's decoder.
        token: as the request carries it.

    Raises:
        MutualTLSError: If the decoder refuses the token, or fails, or returns something else than claims.
    """
    try:
        claims: object = tokens.decode(token)
    except MutualTLSError as error:
        error.reported = False  # a decoder may keep one instance, and raise it for every token
        raise
    except Exception as error:  # whatever a user's decoder raises for a token that it cannot read
        logger.exception("%s failed", type(tokens).__name__)
        if is_shortage(error):
            raise InvalidToken(
                f"{type(tokens).__name__} could not check the token: {error!r}.", reason="tokens_unavailable"
            ) from error
        raise InvalidToken(f"{type(tokens).__name__} failed: {error!r}; it should raise InvalidToken.") from error
    if not isinstance(claims, Mapping):
        raise InvalidToken(f"Expected claims from {type(tokens).__name__}, found {type(claims).__name__}.")
    return claims


def client_of(claims: Mapping[str, object]) -> str | None:
    """Return the client that a token was issued to, if its claims name one.

    Raises:
        InvalidToken: ``malformed_token``: If ``client_id`` is not a text.
    """
    return _optional_text(claims, "client_id")


def check_token(
    claims: Mapping[str, object],
    peer: Peer | None,
    *,
    required: bool,
    scope: str | None,
    also_verified: Collection[str],
    jkt: str | None = None,
) -> BoundToken:
    """Return the token if the request that came with ``peer`` may use it.

    Args:
        claims: of the token, verified.
        peer: the certificate of the request.
        required: whether the token must be bound; a bound one is checked either way.
        scope: what the token must cover, separated by spaces.
        also_verified: other confirmation methods that the caller has verified; see
            :func:`~wsgi_mtls.binding.verify_confirmation`.
        jkt: the thumbprint of the key that signed the request's DPoP proof, and that the token is bound to.

    Raises:
        MutualTLSError: If the token is not this client's, or covers too little.
    """
    certificate = verify_confirmation(claims, peer, required=required, also_verified=also_verified)
    scopes = scope_tokens(_optional_text(claims, "scope"))
    missing = scope_tokens(scope) - scopes
    if missing:
        raise InvalidToken(
            f"The token does not cover {' '.join(sorted(missing))}: request it with this scope.",
            reason="insufficient_scope",
            expected=tuple(sorted(scope_tokens(scope))),
            found=tuple(sorted(scopes)),
        )
    return BoundToken(claims, scopes, client_of(claims), certificate, jkt)


def scope_tokens(scope: str | None) -> frozenset[str]:
    """Return the parts of a scope (RFC 6749 section 3.3)."""
    # Only the space separates them, not what else Unicode calls white space.
    return frozenset((scope or "").split(" ")) - {""}


def _optional_text(claims: Mapping[str, object], name: str) -> str | None:
    value = claims.get(name)
    if not isinstance(value, str | None):
        raise InvalidToken(
            f"Expected a text as the claim {name}, found {type(value).__name__}.", reason="malformed_token"
        )
    return value
