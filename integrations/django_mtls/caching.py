"""No page that was made for a certificate is shown to anybody else: by Django's caches, or by others on the way."""

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from wsgi_mtls.sources import EnvironSource, GuardedSource

from .conf import mtls_settings
from .peer import is_private
from .sessions import thumbprint

if TYPE_CHECKING:
    from wsgi_mtls.certificate import Peer

CLIENT_CERT = "Client-Cert"
"""What such pages vary on (RFC 9440 section 2.4): no client can send it, since it is set or dropped here."""


def keep_private(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Forbid shared caches to keep what was answered to a certificate, or to a session that one was missing for.

    Of a view that has returned something else, Django tells what is wrong.
    """
    if (
        isinstance(response, HttpResponseBase)
        and is_private(request)
        and "no-store" not in response.get("Cache-Control", "")
    ):
        patch_cache_control(response, private=True)
    return response


def tell_apart(request: HttpRequest, peer: "Peer | None") -> None:
    """Let Django's caches tell this request from those with another certificate, or none."""
    key, source = "HTTP_CLIENT_CERT", mtls_settings().source
    if isinstance(source, GuardedSource) and key in source.keys:
        return  # the terminator's own
    request.META.pop(key, None)
    if peer is not None:
        request.META[key] = thumbprint(peer) or "-"
    request.__dict__.pop("headers", None)  # cached, maybe with what was there before


def drop_client_cert(request: HttpRequest) -> None:
    """Take away what a client sent as ``Client-Cert``, where nobody has looked at the certificate.

    A function of the project's own may yet read it: what it reads stays.
    """
    if isinstance(mtls_settings().source, GuardedSource | EnvironSource):
        tell_apart(request, None)


def vary(request: HttpRequest, response: HttpResponseBase) -> None:
    """Have the site's cache tell apart the page that it is about to keep; it was made for no certificate."""
    if getattr(request, "_cache_update_cache", False):
        patch_vary_headers(response, [CLIENT_CERT])
