"""The WSGI middlewares of certificates and clients.

They follow PEP 3333; the answer is the application's or a refusal.
"""

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Literal

from .errors import MutualTLSError
from .events import Observer
from .guard import MAX_BODY, MAX_CERTIFICATE, Guard
from .private import keep_private
from .request.paths import PathGuard, Undecodable
from .request.preflight import answer_preflight, is_preflight
from .request.wsgi import RECORD, record_of, view_of
from .responses import Verbosity, check_verbosity, error_answer
from .sources import CertificateSource
from .verifier import Verifier

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


CLIENT = "wsgi_mtls.client"
"""The environ key of the :class:`~wsgi_mtls.AuthenticatedClient`."""
ERROR = "wsgi_mtls.error"
"""The environ key of the :class:`MutualTLSError` of a refused request that goes on (``on_failure="defer"``)."""

ErrorResponse = Callable[["WSGIEnvironment", MutualTLSError], "WSGIApplication"]


class PeerMiddleware:
    """A middleware that puts the peer certificate into the environ.

    It is in ``environ["wsgi_mtls.peer"]`` on every path, and nothing is decided. For an application that looks at
    certificates itself, or has an adapter to its framework. The application never sees what an untrusted peer sent. An
    unreadable certificate is an error only for a decision about it. The answer to a request that came with a
    certificate is private to it.

    Args:
        app: the application to wrap.
        source: where the certificate is in the environ; see :mod:`wsgi_mtls.sources`. Or the guard that has it.

    Raises:
        ValueError: If the source cannot be called with an environ.
    """

    def __init__(self, app: "WSGIApplication", source: CertificateSource | Guard) -> None:
        self._app = app
        self._guard = source if isinstance(source, Guard) else Guard(source)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        record = self._guard.look(view_of(environ, self._guard))
        record.private = record.private or record.peer is not None or record.refusal is not None
        return self._app(environ, keep_private(start_response, environ))


def pass_on(
    app: "WSGIApplication", guard: Guard, environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """Have the application serve a request that is not guarded.

    What an untrusted peer sent is removed.
    """
    # Where the source was asked, that is done, and a layer further in may know less of the peer's address.
    if RECORD not in environ or not record_of(environ, guard).asked:
        guard.drop_untrusted(environ)
    return app(environ, keep_private(start_response, environ))  # the application may look by itself


class ClientAuthMiddleware:
    """A middleware that authenticates OAuth clients by certificate.

    It guards the paths of an authorization server's endpoints. The application finds ``environ["wsgi_mtls.client"]``,
    an :class:`~wsgi_mtls.AuthenticatedClient`, the peer certificate in ``environ["wsgi_mtls.peer"]``, and its body
    unread. A client that is registered for another method, or for none, is left to the application, which must
    authenticate it: ``wsgi_mtls.client`` is missing then. What is answered on these paths is not stored by any cache
    (RFC 6749 section 5.1).

    Args:
        app: the application to wrap.
        verifier: decides.
        source: where the certificate is in the environ; see :mod:`wsgi_mtls.sources`.
        paths: the endpoints as ``app`` routes them, each with what lies below it, at any mount point; whole segments.
            ``"*"`` guards everything. See :class:`~wsgi_mtls.request.paths.PathGuard`.
        verbosity: how much a refusal shows: ``"minimal"`` the status alone (RFC 6749 section 5.2 wants more),
            ``"normal"`` the OAuth error code, ``"debug"`` also the reason, which also helps attackers.
        on_failure: ``"respond"`` answers a refusal; ``"defer"`` puts the error in ``environ["wsgi_mtls.error"]`` and
            calls the application, so that it can try other methods. A body that is too large and a malformed path are
            always answered.
        error_response: makes the answer to a refusal instead of ``verbosity``.
        max_body: the longest body that is read, in octets.
        max_certificate: the longest certificate that is accepted, in octets of DER; at most 65536.
        observers: each is called with every :class:`~wsgi_mtls.events.Event`, after the verifier's own.
        except_paths: what is open although ``paths`` covers it, each with what lies below it.
        undecodable: ``"pass"`` leaves paths that are not UTF-8 unguarded where they cannot be guarded ones.
        preflight: whether CORS preflights reach the application without credentials. It sees no certificate, and of
            its answer only the status and the headers of CORS remain; see :mod:`wsgi_mtls.request.preflight`.

    Raises:
        ValueError: If an option has a value that it cannot have, or if the source forwards only a name and the verifier
            allows self-signed clients.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        verifier: Verifier,
        *,
        source: CertificateSource,
        paths: Collection[str],
        verbosity: Verbosity = "normal",
        on_failure: Literal["respond", "defer"] = "respond",
        error_response: ErrorResponse | None = None,
        max_body: int = MAX_BODY,
        max_certificate: int = MAX_CERTIFICATE,
        observers: Iterable[Observer] = (),
        except_paths: Collection[str] = (),
        undecodable: Undecodable = "refuse",
        preflight: bool = False,
    ) -> None:
        check_verbosity(verbosity)
        if on_failure not in ("respond", "defer"):
            raise ValueError('on_failure must be "respond" or "defer".')
        if not isinstance(verifier, Verifier):
            raise ValueError(f"verifier must be a Verifier, not {verifier!r}.")
        if error_response is not None and not callable(error_response):
            raise ValueError("error_response must be a callable that takes the environ and the error.")
        self._app = app
        self._guard = Guard(
            source, verifier=verifier, observers=observers, max_body=max_body, max_certificate=max_certificate
        )
        self._is_guarded = PathGuard(paths, except_paths=except_paths, undecodable=undecodable)
        self._preflight = preflight
        self._verbosity: Verbosity = verbosity
        self._on_failure = on_failure
        self._error_response = error_response or self._respond

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        try:
            guarded = self._is_guarded(environ)
        except MutualTLSError as error:
            self._guard.report_refusal(view_of(environ, self._guard), error)
            return self._error_response(environ, error)(environ, start_response)
        if not guarded:
            return pass_on(self._app, self._guard, environ, start_response)
        if self._preflight and is_preflight(environ):
            return answer_preflight(self._app, environ, self._guard.source)(environ, start_response)
        start_response = keep_private(start_response, environ, store=False)
        environ.pop(CLIENT, None)
        environ.pop(ERROR, None)
        try:
            client = self._guard.authenticate_or_leave(view_of(environ, self._guard))
            if client is not None:
                environ[CLIENT] = client
        except MutualTLSError as error:
            if self._on_failure == "respond" or error.reason == "body_too_large":
                return self._error_response(environ, error)(environ, start_response)
            environ[ERROR] = error
        return self._app(environ, start_response)

    def _respond(self, environ: "WSGIEnvironment", error: MutualTLSError) -> "WSGIApplication":
        return error_answer(environ, error, self._verbosity)
