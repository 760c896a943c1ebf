"""One request to an API: whose access token is this, and may it be used here (RFC 8705 section 3, RFC 6750)."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from .bearer import bearer_token, challenge, check_challenge
from .binding import verify_confirmation
from .errors import InsufficientScope, InvalidToken, MalformedToken, MutualTLSError, TokensUnavailable
from .events import Event, EventName, Observer, origin, report
from .options import check_source
from .paths import PathMatcher
from .sources import CertificateSource, check_delivers_certificate, drop_untrusted, peer_certificate
from .tokens import AccessTokens
from .x509 import ClientCertificate, Peer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TOKEN = "wsgi_mtls.token"
"""The environ key of the :class:`BoundToken`."""

logger = logging.getLogger("wsgi_mtls")


@dataclass(frozen=True, slots=True)
class BoundToken:
    """An access token that was accepted for a request.

    Attributes:
        claims: of the JWT, or the introspection response.
        scopes: what it covers.
        client_id: to whom it was issued, if the claims say so.
        certificate: that it is bound to and that came with the request; None for a token that is not bound.
    """

    claims: Mapping[str, object] = field(hash=False)
    scopes: frozenset[str]
    client_id: str | None
    certificate: ClientCertificate | None


def accept_token(
    environ: "WSGIEnvironment",
    tokens: AccessTokens,
    source: CertificateSource,
    *,
    required: bool = True,
    scope: str | None = None,
    also_verified: Collection[str] = (),
    observers: Iterable[Observer] = (),
    accepted: BoundToken | None = None,
) -> BoundToken:
    """Accept the access token of a request or refuse it, and report the decision.

    Args:
        environ: the request; ``wsgi_mtls.peer`` and, once accepted, ``wsgi_mtls.token`` are there afterwards.
        tokens: turns the token into its claims.
        source: where the certificate stands in the environ.
        required: whether a token must be bound; a bound one is checked either way.
        scope: what the token must cover, separated by spaces.
        also_verified: other confirmation methods that the caller has verified; see
            :func:`~wsgi_mtls.binding.verify_confirmation`.
        observers: each is called with the :class:`~wsgi_mtls.events.Event`.
        accepted: what this returned before for this request: it is checked anew, but not decoded nor reported twice.

    Raises:
        MutualTLSError: the request is refused; :func:`~wsgi_mtls.bearer.challenge` goes with the answer.
    """
    environ.pop(TOKEN, None)
    peer, client_id = None, None
    try:
        try:
            peer = peer_certificate(environ, source)
        except MutualTLSError:
            bearer_token(environ)  # who sent none is told that alone, whatever the certificate (RFC 6750 section 3.1)
            raise
        claims = _decode(tokens, bearer_token(environ)) if accepted is None else accepted.claims
        client_id = _optional_text(claims, "client_id")
        certificate = verify_confirmation(claims, peer, required=required, also_verified=also_verified)
        scopes = _scope_tokens(_optional_text(claims, "scope"))
        _check_scope(scopes, scope)
    except MutualTLSError as error:
        report(_event("token_rejected", client_id, peer, error), observers)
        raise
    if accepted is None:
        report(_event("token_accepted", client_id, peer), observers)
    token = environ[TOKEN] = BoundToken(claims, scopes, client_id, certificate)
    return token


class AccessTokenMiddleware:
    """Lets requests to an API through that carry an access token, bound to the certificate that they came with.

    The application finds ``environ["wsgi_mtls.token"]``, a :class:`BoundToken`, the peer certificate in
    ``environ["wsgi_mtls.peer"]``, and its body unread.

    Args:
        app: the application to wrap.
        tokens: turns a token into its claims; see :mod:`wsgi_mtls.tokens`.
        source: where the certificate stands in the environ; see :mod:`wsgi_mtls.sources`.
        paths: what is guarded as ``app`` routes it, each with what lies below it, at any mount point; whole segments.
        required: whether a token must be bound; a bound one is checked either way.
        realm: what is protected, for the challenge.
        scope: what a token must cover, separated by spaces.
        observers: each is called with every :class:`~wsgi_mtls.events.Event`.

    Raises:
        ValueError: an option has a value that it can't have.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        tokens: AccessTokens,
        *,
        source: CertificateSource,
        paths: Collection[str],
        required: bool = True,
        realm: str | None = None,
        scope: str | None = None,
        observers: Iterable[Observer] = (),
    ) -> None:
        check_challenge(realm, scope)
        check_source(source)
        check_delivers_certificate(source)
        if isinstance(tokens, type) or not callable(getattr(tokens, "decode", None)):
            raise ValueError(f"tokens must be an object with decode(token), as JWTAccessTokens(…), not {tokens!r}.")
        self._app = app
        self._tokens = tokens
        self._source = source
        self._guards = PathMatcher(paths)
        self._required = required
        self._realm = realm
        self._scope = scope
        self._observers = tuple(observers)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        if self._guards(environ):
            try:
                accept_token(
                    environ,
                    self._tokens,
                    self._source,
                    required=self._required,
                    scope=self._scope,
                    observers=self._observers,
                )
            except MutualTLSError as error:
                return token_error_response(error, realm=self._realm, scope=self._scope)(environ, start_response)
        else:
            drop_untrusted(environ, self._source)
        return self._app(environ, start_response)


def token_error_response(error: MutualTLSError, *, realm: str | None = None, scope: str | None = None) -> Response:
    """Make the answer to a refused access token: the challenge is all that the caller gets (RFC 6750 section 3).

    Args:
        error: the refusal.
        realm: as :func:`~wsgi_mtls.bearer.challenge`.
        scope: as there.
    """
    response = Response(status=error.status, headers={"Cache-Control": "no-store"})
    del response.headers["Content-Type"]
    if not isinstance(error, TokensUnavailable):
        response.headers["WWW-Authenticate"] = challenge(error, realm=realm, scope=scope)
    return response


def _decode(tokens: AccessTokens, token: str) -> Mapping[str, object]:
    try:
        claims: object = tokens.decode(token)
    except MutualTLSError:
        raise
    except Exception as error:  # whatever a user's decoder raises for a token that it can't read
        logger.exception("%s failed", type(tokens).__name__)
        raise InvalidToken(f"{type(tokens).__name__} failed: {error!r}; it should raise InvalidToken.") from error
    if not isinstance(claims, Mapping):
        raise InvalidToken(f"{type(tokens).__name__} returned {type(claims).__name__} instead of claims.")
    return claims


def _optional_text(claims: Mapping[str, object], name: str) -> str | None:
    value = claims.get(name)
    if not isinstance(value, str | None):
        raise MalformedToken(f"The claim {name} must be a text.")
    return value


def _scope_tokens(scope: str | None) -> frozenset[str]:
    """RFC 6749 section 3.3: separated by the space alone, not by what else Unicode calls white space."""
    return frozenset((scope or "").split(" ")) - {""}


def _check_scope(scopes: frozenset[str], scope: str | None) -> None:
    missing = _scope_tokens(scope) - scopes
    if missing:
        raise InsufficientScope(f"The token does not cover {' '.join(sorted(missing))}.")


def _event(name: EventName, client_id: str | None, peer: Peer | None, error: MutualTLSError | None = None) -> Event:
    return Event(
        name,
        client_id,
        reason=error.reason if error else None,
        detail=error.message if error else None,
        **origin(peer),
    )
