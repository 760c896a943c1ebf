"""The guard's decisions about clients and access tokens of a Django request."""

from collections.abc import Collection
from functools import partial
from io import BytesIO
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from wsgi_mtls.clients import AUTH_METHODS, AuthMethod
from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.guard_certificates import Authorize
from wsgi_mtls.request.view import RequestView
from wsgi_mtls.request.wsgi import read_body
from wsgi_mtls.rules.step_up import StepUp
from wsgi_mtls.rules.token import BoundToken
from wsgi_mtls.verifier import AuthenticatedClient

from .chunked import TRANSFER_ENCODING, check_is_read
from .request import fields, innermost, record
from .verification import guard


def view_of(request: HttpRequest) -> RequestView:
    """Return a request as the guard sees it."""
    known = record(request)  # which strips META
    return RequestView(fields(request), request.method or "", partial(_read_body, request), known)


def authenticate_client(
    request: HttpRequest, *, allowed_methods: Collection[AuthMethod] = AUTH_METHODS
) -> AuthenticatedClient:
    """Authenticate the OAuth client of a request (RFC 8705 section 2).

    The request's body stays readable.

    Raises:
        MutualTLSError: If the request is refused.
    """
    return guard().authenticate_client(view_of(request), allowed_methods=allowed_methods)


def accept_bound_token(
    request: HttpRequest,
    *,
    scope: str | None = None,
    required: bool = True,
    also_verified: Collection[str] = (),
    step_up: StepUp | None = None,
) -> BoundToken:
    """Accept the access token of a request (RFC 8705 section 3).

    Raises:
        MutualTLSError: If the request is refused.
        ImproperlyConfigured: If ``MTLS["TOKENS"]`` is not set.
    """
    if guard().tokens is None:
        raise ImproperlyConfigured('MTLS["TOKENS"] is not set: what decodes access tokens.')
    return guard().accept_token(
        view_of(request), required=required, scope=scope, also_verified=also_verified, step_up=step_up
    )


def accept_certificate(
    request: HttpRequest, *, optional: bool = False, authorize: Authorize | None = None, allow_cross_site: bool = False
) -> AuthenticatedClient | None:
    """Accept the certificate of a request, without OAuth.

    Returns:
        The registered client to which the certificate belongs; None where none was sought, or without a certificate.

    Raises:
        MutualTLSError: If the request is refused.
    """
    # Django's CSRF protection, where it has accepted the request, knows more: tokens, and CSRF_TRUSTED_ORIGINS.
    allow_cross_site = allow_cross_site or getattr(request, "csrf_processing_done", False)
    accepted = guard().accept_certificate(
        view_of(request), optional=optional, authorize=authorize, allow_cross_site=allow_cross_site
    )
    return accepted if isinstance(accepted, AuthenticatedClient) else None


def report_refusal(request: Any, error: MutualTLSError, client_id: str | None = None) -> None:
    """Report a refusal that was decided here, unless it was reported.

    Args:
        request: the request, or a wrapper of it.
        error: the refusal.
        client_id: the client that the request names, if that is known.
    """
    guard().report_refusal(view_of(innermost(request)), error, client_id)


def _read_body(request: HttpRequest, limit: int) -> bytes:
    is_asgi = isinstance(request, ASGIRequest)  # which knows where a body without a length ends
    encoding = request.META.get(TRANSFER_ENCODING)
    if encoding and not is_asgi:
        check_is_read(request)
    fields = {
        "CONTENT_LENGTH": request.META.get("CONTENT_LENGTH"),
        TRANSFER_ENCODING: encoding,
        "wsgi.input_terminated": is_asgi,
    }
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
