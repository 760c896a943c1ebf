"""The WSGI middleware of an API.

Its decision is also here, for applications that look at tokens themselves.
"""

from collections.abc import Collection, Iterable
from functools import partial
from typing import TYPE_CHECKING

from .errors import MutualTLSError
from .events import Observer
from .guard import MAX_CERTIFICATE, Guard
from .options import check_tokens
from .private import keep_private
from .request.bearer import check_challenge
from .request.paths import PathGuard, Undecodable
from .request.preflight import answer_preflight, is_preflight
from .request.wsgi import view_of
from .responses import token_error_answer
from .rules.step_up import StepUp
from .rules.token import BoundToken
from .sources import CertificateSource
from .tokens import AccessTokens
from .wsgi import pass_on

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .tokens.dpop import DPoP

TOKEN = "wsgi_mtls.token"
"""The environ key of the :class:`~wsgi_mtls.rules.token.BoundToken`."""


def accept_token(
    environ: "WSGIEnvironment",
    guard: Guard,
    *,
    required: bool = True,
    scope: str | None = None,
    also_verified: Collection[str] = (),
    dpop: "DPoP | None" = None,
    step_up: StepUp | None = None,
) -> BoundToken:
    """Accept the access token of a request (RFC 8705 section 3).

    It is for an application that looks at tokens itself.

    Args:
        environ: the request; ``wsgi_mtls.peer`` and, once accepted, ``wsgi_mtls.token`` are there afterwards.
        guard: decides; it has ``tokens``.
        required: whether the token must be bound; a bound one is checked either way.
        scope: what the token must cover, separated by spaces.
        also_verified: other confirmation methods that the caller has verified; see
            :func:`~wsgi_mtls.verify_confirmation`. ``jkt`` counts with the scheme ``DPoP`` alone.
        dpop: checks the proof of a token that is bound to a DPoP key (RFC 9449), instead of the guard's own.
        step_up: what the login of the token's user must have been (RFC 9470).

    Raises:
        MutualTLSError: If the request is refused; :func:`~wsgi_mtls.responses.token_error_answer` answers it.
    """
    environ.pop(TOKEN, None)
    token = environ[TOKEN] = guard.accept_token(
        view_of(environ, guard),
        required=required,
        scope=scope,
        also_verified=also_verified,
        dpop=dpop,
        step_up=step_up,
    )
    return token


class AccessTokenMiddleware:
    """A middleware that accepts requests with a certificate-bound access token.

    The token is bound to the certificate of the request. The application finds ``environ["wsgi_mtls.token"]``, a
    :class:`~wsgi_mtls.rules.token.BoundToken`, the peer certificate in ``environ["wsgi_mtls.peer"]``, and its body
    unread. What it answers is private to the token.

    Args:
        app: the application to wrap.
        tokens: turns a token into its claims; see :mod:`wsgi_mtls.tokens`.
        source: where the certificate is in the environ; see :mod:`wsgi_mtls.sources`.
        paths: ``"*"`` for everything, or what is guarded as ``app`` routes it, each with what lies below it, at any
            mount point; whole segments. See :class:`~wsgi_mtls.request.paths.PathGuard`.
        required: whether a token must be bound; a bound one is checked either way.
        realm: what is protected, for the challenge.
        scope: what a token must cover, separated by spaces.
        observers: each is called with every :class:`~wsgi_mtls.events.Event`.
        except_paths: what is open although ``paths`` covers it, each with what lies below it.
        undecodable: ``"pass"`` leaves paths that are not UTF-8 unguarded where they cannot be guarded ones.
        preflight: whether CORS preflights reach the application without credentials. It sees no certificate, and of
            its answer only the status and the headers of CORS remain; see :mod:`wsgi_mtls.request.preflight`.
        dpop: checks the proofs of tokens that are bound to a DPoP key (RFC 9449); None where none are accepted.
        step_up: what the login of a token's user must have been (RFC 9470).
        max_certificate: the longest certificate that is accepted, in octets of DER; at most 65536.

    Raises:
        ValueError: If an option has a value that it cannot have.
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
        except_paths: Collection[str] = (),
        undecodable: Undecodable = "refuse",
        preflight: bool = False,
        dpop: "DPoP | None" = None,
        step_up: StepUp | None = None,
        max_certificate: int = MAX_CERTIFICATE,
    ) -> None:
        check_challenge(realm, scope)
        check_tokens(tokens)
        self._app = app
        self._guard = Guard(source, tokens=tokens, observers=observers, dpop=dpop, max_certificate=max_certificate)
        self._is_guarded = PathGuard(paths, except_paths=except_paths, undecodable=undecodable)
        self._preflight = preflight
        self._accept = partial(self._guard.accept_token, required=required, scope=scope, step_up=step_up)
        self._refuse = partial(token_error_answer, realm=realm, scope=scope)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        try:
            guarded = self._is_guarded(environ)
        except MutualTLSError as error:
            self._guard.report_refusal(view_of(environ, self._guard), error, kind="token")
            return self._refuse(error)(environ, start_response)
        if not guarded:
            return pass_on(self._app, self._guard, environ, start_response)
        if self._preflight and is_preflight(environ):
            return answer_preflight(self._app, environ, self._guard.source)(environ, start_response)
        environ.pop(TOKEN, None)
        try:
            environ[TOKEN] = self._accept(view_of(environ, self._guard))
        except MutualTLSError as error:
            return self._refuse(error)(environ, start_response)
        return self._app(environ, keep_private(start_response, environ))
