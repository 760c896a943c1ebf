"""The record of a Django request, ``request.mtls``.

The first of our parts that the request reaches makes it, once.
"""

import hashlib
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from wsgi_mtls.record import Record
from wsgi_mtls.request.view import RequestView
from wsgi_mtls.sources import PEER, GuardedSource
from wsgi_mtls.sources.keys import environ_key
from wsgi_mtls.x509 import Peer, PeerCertificate, PeerSubject

from .verification import guard

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CLIENT_CERT = "Client-Cert"
"""The header (RFC 9440 section 2) on which pages vary that Django's caches keep for one certificate each."""
_CLIENT_CERT_KEY = "HTTP_CLIENT_CERT"


class RequestWithPeer(HttpRequest):
    """A request with its record; for type checkers.

    Attributes:
        mtls: what is known about the request.
        peer_certificate: what the client presented; None without a certificate, or where ``mtls.refusal`` has the
            reason why it cannot be used.
    """

    mtls: Record
    peer_certificate: Peer | None


def record(request: Any) -> Record:
    """Return the record of a request.

    The first call makes it, and strips what an untrusted peer sent.

    Args:
        request: Django's request, or a wrapper of it, as REST framework's.
    """
    found = getattr(request, "mtls", None)
    if isinstance(found, Record):
        return found
    return _make(request if isinstance(request, HttpRequest) else innermost(request))


def innermost(request: Any) -> HttpRequest:
    """Return the request of Django's that a wrapper, as REST framework's, holds."""
    while not isinstance(request, HttpRequest):
        request = request._request
    return request


def thumbprint(peer: object) -> str | None:
    """Return the thumbprint of a peer certificate.

    The result is None without one, and for a mere name.
    """
    return peer.certificate.thumbprint if isinstance(peer, PeerCertificate) else None


def _make(request: Any) -> Record:
    made = _look(request)
    if made.refusal is not None:
        made.refusal = made.refusal.with_traceback(None)  # whose frames would keep the request, and can't be pickled
    # Whatever the view does with it: its answer may depend on what the client presented.
    made.private = made.peer is not None or made.refusal is not None
    request.mtls, request.peer_certificate = made, made.peer
    _tell_apart(request.META, made.peer)
    vars(request).pop("headers", None)  # which Django has cached, maybe with what is gone now
    return made


def _look(request: Any) -> Record:
    """Have the guard check a copy of the environ; apply its removals to ``META``.

    The core's notes about its own work stay in the copy: not all of them can be pickled with the request.
    """
    meta, source = request.META, guard().source
    scope: dict[str, Any] | None = getattr(request, "scope", None)
    if scope is not None:
        if PEER in scope:  # ASGI has no environ to share; no header can make a key of the scope
            meta.setdefault(PEER, scope[PEER])
        if isinstance(source, GuardedSource):
            for key in _with_underscores(scope) & source.keys:
                meta.pop(key, None)
    environ: WSGIEnvironment = {**meta}
    made = guard().look(RequestView(environ, request.method or "", no_body, Record()))
    if made.refusal is None:
        meta[PEER] = made.peer
    for key in meta.keys() - environ.keys():
        del meta[key]
    return made


def fields(request: HttpRequest) -> "WSGIEnvironment":
    """Return the fields of PEP 3333, with the path's octets as latin-1."""
    path = request.META.get("PATH_INFO", "")
    return request.META if path.isascii() else {**request.META, "PATH_INFO": as_octets(path)}


def as_octets(path: str) -> str:
    """Return a path with its octets as latin-1 (PEP 3333).

    Django has decoded them as UTF-8.
    """
    return path.encode("utf-8", "surrogateescape").decode("latin-1")


def no_body(_: int) -> bytes:
    """Read no body: nothing needs it."""
    return b""


def _with_underscores(scope: dict[str, Any]) -> set[str]:
    """Return the ``META`` keys of an ASGI request's headers with underscores.

    Django 5.2.0 accepts such headers.
    """
    names = (name for name, _ in scope.get("headers", ()))
    return {environ_key(name.decode("latin-1")) for name in names if b"_" in name}


def _tell_apart(meta: dict[str, Any], peer: Peer | None) -> None:
    """Set the header that Django's caches can vary on, in place of any that came."""
    meta.pop(_CLIENT_CERT_KEY, None)
    if isinstance(peer, PeerSubject):
        meta[_CLIENT_CERT_KEY] = hashlib.sha256(repr((peer.kind, peer.values, peer.thumbprint)).encode()).hexdigest()
    elif peer is not None:
        meta[_CLIENT_CERT_KEY] = peer.certificate.thumbprint
