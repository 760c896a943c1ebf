"""The peer certificate of a Django request."""

from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest

from wsgi_mtls.certificate import Peer
from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.sources import PEER, peer_certificate

from .conf import mtls_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class RequestWithPeer(HttpRequest):
    """A request that :class:`~django_mtls.middleware.ClientCertificateMiddleware` has seen; for type checkers."""

    @property
    def peer_certificate(self) -> Peer | None:
        """What the client presented, or None.

        Raises:
            MutualTLSError: what the terminator delivered is no certificate, or contradicts itself.
        """
        return request_peer(self)


def request_peer(request: HttpRequest) -> Peer | None:
    """Return what the client presented, or None; the first call strips what an untrusted peer sent.

    Raises:
        MutualTLSError: what the terminator delivered is no certificate, or contradicts itself.
    """
    found = request.__dict__.get("_mtls_peer", request)
    if found is request:
        found = request.__dict__["_mtls_peer"] = _read(request)
    if isinstance(found, MutualTLSError):
        raise found.with_traceback(None)
    return cast("Peer | None", found)


def add_peer(request: HttpRequest) -> None:
    """Give the request its ``peer_certificate``, and strip now what an untrusted peer sent.

    It is a property, so that None is None, and so that a malformed certificate is an error only for who looks at it.
    """
    request.__class__ = _with_peer(type(request))
    request.__dict__.setdefault("_mtls_peer", _read(request))


def _read(request: HttpRequest) -> "Peer | MutualTLSError | None":
    environ: WSGIEnvironment = request.META
    scope: dict[str, Any] = getattr(request, "scope", {})
    if PEER in scope:  # ASGI has no environ to share; no header can make a key of the scope
        environ.setdefault(PEER, scope[PEER])
    try:
        return peer_certificate(environ, mtls_settings().source)
    except MutualTLSError as error:
        return error
    finally:
        request.__dict__.pop("headers", None)  # cached, maybe with what was stripped


def _with_peer(base: type[HttpRequest]) -> type[HttpRequest]:
    if base not in _CLASSES:
        _CLASSES[base] = type(base.__name__, (base,), {"peer_certificate": RequestWithPeer.peer_certificate})
        _CLASSES[_CLASSES[base]] = _CLASSES[base]
    return _CLASSES[base]


_CLASSES: dict[type[HttpRequest], type[HttpRequest]] = {}
"""The class of a request to the same with ``peer_certificate``."""
