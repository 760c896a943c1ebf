"""The peer certificate of a Django request."""

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import BadRequest
from django.http import HttpRequest

from wsgi_mtls.certificate import Peer
from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.sources import PEER, GuardedSource, drop_untrusted, peer_certificate
from wsgi_mtls.sources.keys import environ_key

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

    @property
    def _cache_update_cache(self) -> bool:
        """Whether Django's caches may keep the page, as they ask: never one that was made for a certificate."""
        try:
            return bool(self.__dict__["_cache_update_cache"]) and not is_private(self)
        except KeyError:
            raise AttributeError("_cache_update_cache") from None

    @_cache_update_cache.setter
    def _cache_update_cache(self, wanted: bool) -> None:
        self.__dict__["_cache_update_cache"] = wanted


def is_private(request: HttpRequest) -> bool:
    """Tell whether somebody has looked at the request's certificate, or :func:`mark_private` was called."""
    return request.__dict__.get("_mtls_peer") is not None or "_mtls_private" in request.__dict__


def mark_private(request: HttpRequest) -> None:
    """Keep the answer out of caches: it is for the token that came, or for a session that was logged out."""
    request.__dict__["_mtls_private"] = True
    request.__class__ = _with_peer(type(request))  # Django's caches ask, also where our middleware is missing


def request_peer(request: HttpRequest) -> Peer | None:
    """Return what the client presented, or None; the first call strips what an untrusted peer sent.

    Raises:
        MutualTLSError: what the terminator delivered is no certificate, or contradicts itself.
    """
    found = request.__dict__.get("_mtls_peer", request)
    if found is request:
        request.__class__ = _with_peer(type(request))  # as mark_private does
        found = request.__dict__["_mtls_peer"] = _read(request)
    if isinstance(found, MutualTLSError):
        raise found.with_traceback(None)
    return cast("Peer | None", found)


def add_peer(request: HttpRequest) -> None:
    """Give the request its ``peer_certificate``, and strip now what an untrusted peer sent.

    It is a property, read when it is looked at: a malformed certificate is an error only there, and None is None.
    """
    request.__class__ = _with_peer(type(request))
    _strip(request)


def _strip(request: HttpRequest) -> None:
    if request.__dict__.get("_mtls_stripped"):
        return
    request.__dict__["_mtls_stripped"] = True
    source = mtls_settings().source
    if isinstance(source, GuardedSource):
        for key in _with_underscores(request) & source.keys:
            request.META.pop(key, None)
    drop_untrusted(request.META, source)
    request.__dict__.pop("headers", None)  # cached, maybe with what was stripped


def _with_underscores(request: HttpRequest) -> set[str]:
    """Return the keys that an ASGI request's headers with underscores have become; Django 5.2.0 lets them through."""
    names = (name for name, _ in getattr(request, "scope", {}).get("headers", ()))
    return {environ_key(name.decode("latin-1")) for name in names if b"_" in name}


def _read(request: HttpRequest) -> "Peer | MutualTLSError | None":
    environ: WSGIEnvironment = request.META
    scope: dict[str, Any] = getattr(request, "scope", {})
    if PEER in scope:  # ASGI has no environ to share; no header can make a key of the scope
        environ.setdefault(PEER, scope[PEER])
    _strip(request)
    try:
        return peer_certificate(environ, mtls_settings().source)
    except MutualTLSError as error:
        return _as_bad_request(error)


def _as_bad_request(error: MutualTLSError) -> MutualTLSError:
    """Make Django answer 400 where middleware looks at the certificate: only a view's errors come to ours."""
    kind = type(error)
    if kind not in _ERRORS:
        _ERRORS[kind] = type(kind.__name__, (kind, BadRequest), {"__module__": kind.__module__})
    error.__class__ = _ERRORS[kind]
    return error


def _with_peer(base: type[HttpRequest]) -> type[HttpRequest]:
    if base not in _CLASSES:
        added = {name: RequestWithPeer.__dict__[name] for name in ("peer_certificate", "_cache_update_cache")}
        _CLASSES[base] = type(base.__name__, (base,), added)
        _CLASSES[_CLASSES[base]] = _CLASSES[base]
    return _CLASSES[base]


_ERRORS: dict[type[MutualTLSError], type[MutualTLSError]] = {}
"""The class of an error to the same that Django knows."""
_CLASSES: dict[type[HttpRequest], type[HttpRequest]] = {}
"""The class of a request to the same with ``peer_certificate``."""
