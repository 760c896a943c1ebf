"""OAuth clients and access tokens of a Django request: what the guard decides about it."""

from collections.abc import Collection
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from wsgi_mtls.clients import AuthMethod
from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.request.body import read_body
from wsgi_mtls.request.view import RequestView
from wsgi_mtls.rules.token import BoundToken
from wsgi_mtls.verifier import AuthenticatedClient
from wsgi_mtls.x509 import Peer

from .caching import mark_private
from .clients.record import RecordedClient
from .request import innermost, record
from .verification import guard

if TYPE_CHECKING:
    from wsgi_mtls.x509 import PeerCertificate


def view_of(request: HttpRequest) -> RequestView:
    """Return a request as the guard sees it."""
    known = record(request)  # which strips META
    return RequestView(request.META, request.method or "", partial(_read_body, request), known)


def authenticate_client(
    request: HttpRequest, *, allowed_methods: Collection[AuthMethod] | None = None
) -> AuthenticatedClient:
    """Authenticate the OAuth client that a request names (RFC 8705 section 2); its body stays readable.

    Raises:
        MutualTLSError: If the request is refused.
    """
    mark_private(request)
    allowed = guard().needed_verifier().allowed_methods if allowed_methods is None else allowed_methods
    client = guard().authenticate_client(view_of(request), allowed_methods=allowed)
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
        MutualTLSError: If the request is refused.
        ImproperlyConfigured: If ``MTLS["TOKENS"]`` is not set.
    """
    if guard().tokens is None:
        raise ImproperlyConfigured('MTLS["TOKENS"] is not set: what decodes access tokens.')
    mark_private(request)
    return guard().accept_token(view_of(request), required=required, scope=scope, also_verified=also_verified)


def accept_peer(request: HttpRequest, *, optional: bool = False) -> Peer | None:
    """Accept the certificate of a request whose chain was validated, for any holder.

    Raises:
        MutualTLSError: If the request is refused.
    """
    mark_private(request)
    # CSRF protection looks at the site, and the holder is the login middleware's question.
    guard().accept_certificate(view_of(request), optional=optional, authorize=_anyone, allow_cross_site=True)
    return record(request).peer


def report_refusal(request: Any, error: MutualTLSError, client_id: str | None = None) -> None:
    """Report a refusal that was decided here, unless it was reported.

    Args:
        request: the request, or a wrapper of it.
        error: the refusal.
        client_id: the client that the request names, if that is known.
    """
    guard().report_refusal(view_of(innermost(request)), error, client_id)


def _anyone(_: "PeerCertificate") -> bool:
    return True


def _read_body(request: HttpRequest, limit: int) -> bytes:
    # ASGI says where a body without a length ends.
    terminated = isinstance(request, ASGIRequest) or request.META.get("wsgi.input_terminated")
    fields = {"CONTENT_LENGTH": request.META.get("CONTENT_LENGTH"), "wsgi.input_terminated": terminated}
    return read_body(fields, _Body(request), limit)


class _Body:
    """Django's body, read only once the core knows that it is not too long."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._stream: BytesIO | None = None

    def read(self, size: int, /) -> bytes:
        if self._stream is None:
            self._stream = BytesIO(self._request.body)
        return self._stream.read(size)
