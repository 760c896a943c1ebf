"""Authentication by certificate with ``django.contrib.auth``.

No other backend's answer counts.
"""

from collections.abc import Iterator
from functools import lru_cache
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
    """Return the user that a ``ClientCertificateBackend`` finds, or None.

    Then Django's ``user_login_failed`` is sent, at most once a day for each address
    (:mod:`.failed_logins`); every refusal is an event of our own.

    Django's own would take the first user that any backend finds that takes ``**credentials``: OAuth Toolkit's looks at
    the bearer token alone, so that any certificate with a token would log the token's user in. As in Django, a
    backend that precedes ours in ``AUTHENTICATION_BACKENDS`` is asked, and may end it with ``PermissionDenied``.

    Raises:
        RefusedClient: ``resources_unavailable``: If our backend could not find out.
    """
    if request is not None:
        keep_out_of_caches(innermost(request))  # those around a view that asks
    for path, backend in _backends():
        try:
            user = backend.authenticate(request, peer_certificate=peer)
        except PermissionDenied:
            break
        if user is not None and isinstance(backend, ClientCertificateBackend):
            user.backend = path
            return user
    send_login_failed(request, peer)
    return None


def _backends() -> Iterator[tuple[str, Any]]:
    """Return the backends to ask in Django's order, up to our last one.

    Later ones cannot decide.
    """
    found = [(path, load_backend(path)) for path in settings.AUTHENTICATION_BACKENDS]
    while found and not isinstance(found[-1][1], ClientCertificateBackend):
        found.pop()
    # The others have permissions only, or take other credentials.
    return ((path, backend) for path, backend in found if _takes_certificates(backend))


def _takes_certificates(backend: Any) -> bool:
    method: Any = getattr(backend, "authenticate", None)
    function = getattr(method, "__func__", None)
    try:
        if function is None:
            signature(method).bind(None, peer_certificate=None)
        else:
            _signature(function).bind(backend, None, peer_certificate=None)
    except TypeError:
        return False
    return True


_signature = lru_cache(maxsize=64)(signature)
