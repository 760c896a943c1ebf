"""OAuth clients and access tokens of a Django request: its environ for the core, and what the core decides."""

from collections.abc import Collection
from io import BytesIO
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from wsgi_mtls.access_token import BoundToken, accept_token
from wsgi_mtls.client_auth import require_client
from wsgi_mtls.clients import AuthMethod
from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.sources import PEER, CertificateSource
from wsgi_mtls.verifier import AuthenticatedClient
from wsgi_mtls.x509 import Peer

from .conf import mtls_settings
from .peer import mark_private, request_peer
from .record import RecordedClient
from .signals import send
from .verification import verifier

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def authenticate_client(
    request: HttpRequest, *, allowed_methods: Collection[AuthMethod] | None = None
) -> AuthenticatedClient:
    """Authenticate the OAuth client that a request names (RFC 8705 section 2); its body stays readable.

    Raises:
        MutualTLSError: the request is refused.
    """
    settings = mtls_settings()
    client = require_client(
        form_environ(request),
        verifier(),
        request_source(request),
        allowed_methods=settings.allowed_methods if allowed_methods is None else allowed_methods,
        max_body=settings.max_body,
    )
    note_seen(client)
    return client


def note_seen(client: AuthenticatedClient) -> None:
    """Keep with the client's row which certificate came last."""
    if isinstance(client.registration, RecordedClient) and client.registration.record is not None:
        client.registration.record.seen(client.certificate)


def accept_bound_token(
    request: HttpRequest, *, scope: str | None = None, required: bool = True, also_verified: Collection[str] = ()
) -> BoundToken:
    """Accept the access token of a request (RFC 8705 section 3).

    Raises:
        MutualTLSError: the request is refused.
        ImproperlyConfigured: ``MTLS["TOKENS"]`` is not set.
    """
    tokens = mtls_settings().tokens
    if tokens is None:
        raise ImproperlyConfigured('MTLS["TOKENS"] is not set: what decodes access tokens.')
    token = accept_token(
        _environ(request),
        tokens,
        request_source(request),
        required=required,
        scope=scope,
        also_verified=also_verified,
        observers=[send],
    )
    mark_private(request)
    return token


def accept_peer(request: HttpRequest, *, optional: bool = False) -> Peer | None:
    """Accept the certificate of a request whose chain was validated, whoever its holder is.

    Raises:
        MutualTLSError: the request is refused.
    """
    try:
        peer = request_peer(request)
    except MutualTLSError as error:
        verifier().report_refusal(error, None, None)
        raise
    return None if peer is None and optional else verifier().check_certificate(peer)


def form_environ(request: HttpRequest) -> "WSGIEnvironment":
    """Return the environ of a request whose form the core reads; its own body stays readable."""
    environ = _environ(request)
    environ["wsgi.input"] = _Body(request)
    if isinstance(request, ASGIRequest):
        environ["wsgi.input_terminated"] = True  # ASGI says where a body without a length ends
    return environ


def request_source(request: HttpRequest) -> CertificateSource:
    """Return where the core finds this request's certificate."""

    def source(_: "WSGIEnvironment") -> Peer | None:
        return request_peer(request)

    return source


def _environ(request: HttpRequest) -> "WSGIEnvironment":
    environ = {**request.META, "REQUEST_METHOD": request.method}
    environ.pop(PEER, None)  # the source knows, and fails where the certificate is malformed
    return environ


class _Body:
    """Django's body, read only once the core knows that it is a form and not too long."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._stream: BytesIO | None = None

    def read(self, size: int) -> bytes:
        if self._stream is None:
            self._stream = BytesIO(self._request.body)
        return self._stream.read(size)
