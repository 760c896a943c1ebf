"""What the project's settings and URLs name; for system checks."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.urls import URLResolver, get_resolver
from django.utils.module_loading import import_string


def routed_views() -> Iterator[Any]:
    """Find the class of every view that a URL leads to, Django's or REST framework's."""
    return (view for view, _ in routed_views_with_options())


def routed_views_with_options() -> Iterator[tuple[Any, dict[str, Any]]]:
    """Find them with what was given to ``as_view()``, which comes before the class's own attributes."""
    if getattr(settings, "ROOT_URLCONF", None):
        yield from _views(get_resolver().url_patterns)


def has_middleware(kind: type) -> bool:
    """Tell whether ``MIDDLEWARE`` has one of this class."""
    return _has(settings.MIDDLEWARE, kind)


def has_backend(kind: type) -> bool:
    """Tell whether ``AUTHENTICATION_BACKENDS`` has one of this class."""
    return _has(settings.AUTHENTICATION_BACKENDS, kind)


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


def _has(paths: Iterable[str], kind: type) -> bool:
    return any(_is_a(path, kind) for path in paths)


def _is_a(path: str, kind: type) -> bool:
    try:
        imported = import_string(path)
    except ImportError:
        return False  # Django itself reports it
    return isinstance(imported, type) and issubclass(imported, kind)
