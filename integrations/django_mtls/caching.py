"""Answers that caches must not show to others.

The caches are Django's own, and shared ones on the way to the client.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponseBase
from django.utils.cache import has_vary_header, patch_vary_headers
from django.utils.functional import SimpleLazyObject
from werkzeug.http import parse_dict_header

from wsgi_mtls.private import FOR_SHARED_CACHES, private_cache_control

from .request import CLIENT_CERT, innermost, record

Answer = TypeVar("Answer")
_CACHED = "_cache_update_cache"
"""The attribute by which Django's cache middleware knows, after the view, that it has to keep the page."""


def mark_private(request: Any) -> None:
    """Make the answer to a request private.

    It depends on the certificate, the token or an ended session.
    """
    record(request).private = True
    keep_out_of_caches(innermost(request))


def keep_out_of_caches(request: Any) -> None:
    """Keep the page out of Django's caches that this request has passed."""
    vars(request).pop(_CACHED, None)


def watch_peer(request: Any) -> None:
    """Note when a view reads ``request.peer_certificate``.

    The caches around that view then do not keep its page. Middleware may have looked before; its look makes no page
    private, so the view gets an attribute of its own.
    """
    peer = record(request).peer
    if peer is not None:
        request.peer_certificate = SimpleLazyObject(partial(_look_at, request, peer))


def _look_at(request: Any, peer: Answer) -> Answer:
    keep_out_of_caches(request)
    return peer


def keep_private(request: Any, response: Answer) -> Answer:
    """Make an answer private if the record requires it.

    What is not a response is left to Django, which reports it.
    """
    if isinstance(response, HttpResponseBase) and record(request).private:
        given = response.get("Cache-Control", "")
        response["Cache-Control"] = private_cache_control(given) if given not in ("", "private") else "private"
        for name in list(response.headers):
            if FOR_SHARED_CACHES.fullmatch(name):
                del response[name]
    return response


def keep_apart(request: Any, response: Answer) -> Answer:
    """Make an answer private, or cacheable only for requests without a certificate."""
    if isinstance(response, HttpResponseBase) and getattr(request, _CACHED, False) and not record(request).private:
        patch_vary_headers(response, [CLIENT_CERT])
    return keep_private(request, response)


def check_not_cached_inside(request: Any, response: Any, headers: Iterable[str]) -> None:
    """Refuse to answer with a page that a cache inside of a guard has kept.

    The page may also be one that the cache has kept for another client. A guard calls :func:`keep_out_of_caches` before
    the view, so that the mark of Django's cache middleware, if there is one now, is that of a cache inside. A page that
    is kept only further out has no ``Expires`` yet.

    Args:
        request: the request, or the wrapper of it that the cache has seen.
        response: what the view has returned.
        headers: the headers on which such a page must vary.

    Raises:
        ImproperlyConfigured: If the cache keeps one page for every certificate or token.
    """
    if _CACHED not in vars(request) or not _is_kept(request, response):
        return
    missing = [name for name in headers if not has_vary_header(response, name)]
    if missing:
        listed = ", ".join(f'"{name}"' for name in headers)
        raise ImproperlyConfigured(
            f"cache_page around {request.path} keeps one page for all certificates, inside of what guards the view "
            "(a decorator, login_required, middleware, REST framework). Put the guard inside of cache_page, next to "
            f"the view; or put @vary_on_headers({listed}) below cache_page; or, where the page is the same for all "
            "users, put @certificate_login_exempt on the view."
        )


def _is_kept(request: Any, response: Any) -> bool:
    """Return whether Django's cache middleware has kept or returned the answer.

    Both set ``Expires``.
    """
    if request.method not in ("GET", "HEAD") or not isinstance(response, HttpResponseBase):
        return False
    if response.status_code not in (200, 304) or "Expires" not in response:
        return False
    directives = parse_dict_header(response.get("Cache-Control", "").lower())
    return not directives.keys() & {"private", "no-cache", "no-store"}
