"""Authentication by certificate with ``django.contrib.auth``, where no other backend's answer counts."""

from collections.abc import Iterator
from inspect import signature
from typing import Any

from django.conf import settings
from django.contrib.auth import load_backend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from wsgi_mtls.x509 import Peer

from ..backends import ClientCertificateBackend
from ..caching import keep_out_of_caches
from ..request import innermost
from .failed_logins import send_login_failed


def authenticate_certificate(request: HttpRequest | None, peer: Peer) -> Any:
    """Return the user whom a ``ClientCertificateBackend`` finds, or None.

    Then Django's ``user_login_failed`` is sent, at most once a day for each address
    (:mod:`.failed_logins`); every refusal is an event of our own.

    Django's own would take the first user that any backend finds that takes ``**credentials``: OAuth Toolkit's looks at
    the bearer token alone, so that any certificate beside a token would log the token's user in. As in Django, a
    backend that precedes ours in ``AUTHENTICATION_BACKENDS`` is asked, and may end it with ``PermissionDenied``.
    """
    if request is not None:
        keep_out_of_caches(innermost(request))  # those around a view that asks
    for path, backend in _backends(request, peer):
        try:
            user = backend.authenticate(request, peer_certificate=peer)
        except PermissionDenied:
            break
        if user is not None and isinstance(backend, ClientCertificateBackend):
            user.backend = path
            return user
    send_login_failed(request, peer)
    return None


def _backends(request: HttpRequest | None, peer: Peer) -> Iterator[tuple[str, Any]]:
    """Find the backends to ask, as Django does: up to the last of ours. Later ones cannot decide."""
    found = [(path, load_backend(path)) for path in settings.AUTHENTICATION_BACKENDS]
    while found and not isinstance(found[-1][1], ClientCertificateBackend):
        found.pop()
    for path, backend in found:
        try:
            signature(backend.authenticate).bind(request, peer_certificate=peer)
        except (AttributeError, TypeError):
            continue  # it has permissions only, or takes other credentials
        yield path, backend
