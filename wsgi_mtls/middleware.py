"""The WSGI middleware: a request in, its certificate, an authenticated client or an OAuth error out (RFC 8705, 2)."""

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from .client_auth import MAX_BODY, authenticate_request
from .errors import BodyTooLarge, MalformedPath, MutualTLSError
from .options import check_max_body, check_source
from .paths import PathGuard, Undecodable
from .responses import VERBOSITIES, Verbosity, error_response
from .sources import CertificateSource, check_methods, drop_untrusted, peer_certificate
from .verifier import AuthenticatedClient, Verifier

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CLIENT = "wsgi_mtls.client"
"""The environ key of the :class:`AuthenticatedClient`."""
ERROR = "wsgi_mtls.error"
"""The environ key of the :class:`MutualTLSError` of a refused request that goes on (``on_failure="defer"``)."""
VERIFIER = "wsgi_mtls.verifier"
"""The environ key of the verifier whose word ``wsgi_mtls.client`` is."""

ErrorResponse = Callable[["WSGIEnvironment", MutualTLSError], "WSGIApplication"]


class PeerMiddleware:
    """Puts the peer certificate into ``environ["wsgi_mtls.peer"]``, on every path, and decides nothing.

    For an application that looks at certificates itself, or whose framework's adapter does. What an untrusted peer sent
    is gone before the application sees it. A certificate that can't be read is left for whoever asks the source again.

    Args:
        app: the application to wrap.
        source: where the certificate stands in the environ; see :mod:`wsgi_mtls.sources`.

    Raises:
        ValueError: the source can't be called with an environ.
    """

    def __init__(self, app: "WSGIApplication", source: CertificateSource) -> None:
        check_source(source)
        self._app = app
        self._source = source

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        with suppress(MutualTLSError):  # a refusal for whoever needs the certificate, nobody else's concern
            peer_certificate(environ, self._source)
        return self._app(environ, start_response)


class ClientAuthMiddleware:
    """Authenticates OAuth clients by certificate on the paths of an authorization server's endpoints.

    The application finds ``environ["wsgi_mtls.client"]``, an :class:`AuthenticatedClient`, the peer certificate in
    ``environ["wsgi_mtls.peer"]``, and its body unread. A client that is registered for another method, or for none, is
    left to the application, which must authenticate it: ``wsgi_mtls.client`` is missing then.

    Args:
        app: the application to wrap.
        verifier: decides.
        source: where the certificate stands in the environ; see :mod:`wsgi_mtls.sources`.
        paths: the endpoints as ``app`` routes them, each with what lies below it, at any mount point; whole segments.
            ``"*"`` guards everything. See :class:`~wsgi_mtls.paths.PathGuard`.
        verbosity: what a refusal tells: ``"minimal"`` the status alone (RFC 6749 section 5.2 wants more),
            ``"normal"`` the OAuth error code, ``"debug"`` also why, which helps attackers too.
        on_failure: ``"respond"`` answers a refusal; ``"defer"`` puts the error in ``environ["wsgi_mtls.error"]`` and
            calls the application, so that it can try other methods. A body that is too large and a malformed path are
            always answered.
        error_response: makes the answer to a refusal instead of ``verbosity``.
        max_body: the longest body that is read, in octets.
        except_paths: what is open although ``paths`` covers it.
        undecodable: ``"pass"`` leaves paths that are not UTF-8 unguarded where they can't be guarded ones.

    Raises:
        ValueError: an option has a value that it can't have, or the source forwards only a name and the verifier allows
            self-signed clients.
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
        except_paths: Collection[str] = (),
        undecodable: Undecodable = "refuse",
    ) -> None:
        if verbosity not in VERBOSITIES:
            raise ValueError(f"verbosity must be one of {', '.join(VERBOSITIES)}.")
        if on_failure not in ("respond", "defer"):
            raise ValueError('on_failure must be "respond" or "defer".')
        if not isinstance(verifier, Verifier):
            raise ValueError(f"verifier must be a Verifier, not {verifier!r}.")
        if error_response is not None and not callable(error_response):
            raise ValueError("error_response must be a callable that takes the environ and the error.")
        check_source(source)
        check_max_body(max_body)
        check_methods(source, verifier.allowed_methods)
        self._app = app
        self._verifier = verifier
        self._source = source
        self._guards = PathGuard(paths, except_paths=except_paths, undecodable=undecodable)
        self._verbosity: Verbosity = verbosity
        self._on_failure = on_failure
        self._error_response = error_response or self._respond
        self._max_body = max_body

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        try:
            guarded = self._guards(environ)
        except MalformedPath as error:
            self._verifier.report_refusal(error, None, None)
            return self._error_response(environ, error)(environ, start_response)
        if guarded and not self._already_authenticated(environ):
            for key in (CLIENT, ERROR, VERIFIER):
                environ.pop(key, None)
            try:
                client = authenticate_request(environ, self._verifier, self._source, max_body=self._max_body)
                if client is not None:
                    environ[CLIENT], environ[VERIFIER] = client, self._verifier
            except MutualTLSError as error:
                if self._on_failure == "respond" or isinstance(error, BodyTooLarge):
                    return self._error_response(environ, error)(environ, start_response)
                environ[ERROR] = error
        else:
            drop_untrusted(environ, self._source)
        return self._app(environ, start_response)

    def _already_authenticated(self, environ: "WSGIEnvironment") -> bool:
        """Only the word of this very verifier counts."""
        return environ.get(VERIFIER) is self._verifier and isinstance(environ.get(CLIENT), AuthenticatedClient)

    def _respond(self, environ: "WSGIEnvironment", error: MutualTLSError) -> "WSGIApplication":
        return error_response(environ, error, self._verbosity)
