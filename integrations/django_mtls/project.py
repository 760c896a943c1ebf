"""The names in the project's settings and URLs, for system checks."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.urls import URLResolver, get_resolver
from django.utils.module_loading import import_string


def routed_views() -> Iterator[Any]:
    """Find the class of every view that a URL leads to, Django's or REST framework's."""
    return (view for view, _ in routed_views_with_options())


def routed_views_with_options() -> Iterator[tuple[Any, dict[str, Any]]]:
    """Find the views with what was given to ``as_view()``.

    That comes before the class's own attributes.
    """
    if getattr(settings, "ROOT_URLCONF", None):
        yield from _views(get_resolver().url_patterns)


def middleware_position(kind: type) -> int | None:
    """Return where ``MIDDLEWARE`` has the first of this class, or None."""
    return _position(settings.MIDDLEWARE, kind)


def all_are_of(paths: Iterable[str], kind: type) -> bool:
    """Return whether all of these dotted paths are of one class or its subclasses."""
    return all(_is_a(path, kind) for path in paths)


def has_backend(kind: type) -> bool:
    """Return whether ``AUTHENTICATION_BACKENDS`` has one of this class."""
    return _position(settings.AUTHENTICATION_BACKENDS, kind) is not None


def _views(patterns: Iterable[Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns)
            continue
        callback = pattern.callback
        found = getattr(callback, "view_class", None) or getattr(callback, "cls", None)
        options = getattr(callback, "view_initkwargs", None) or getattr(callback, "initkwargs", None)
        if isinstance(found, type):
            yield found, options if isinstance(options, dict) else {}


def _position(paths: Iterable[str], kind: type) -> int | None:
    return next((position for position, path in enumerate(paths) if _is_a(path, kind)), None)


def _is_a(path: str, kind: type) -> bool:
    try:
        imported = import_string(path)
    except ImportError:
        return False  # Django itself reports it, at the latest when it is used
    return isinstance(imported, type) and issubclass(imported, kind)
