"""Marks that our decorators leave on the functions that they wrap.

``flask mtls check`` reads them.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

MARK = "__mtls__"
"""The attribute of a decorated function that names our decorators on it."""

_wrapped: WeakKeyDictionary[Callable[..., Any], tuple[str, ...]] = WeakKeyDictionary()


def mark(guarded: Callable[..., Any], view: Callable[..., Any], name: str) -> None:
    """Note that a decorator made ``guarded`` of ``view`` and what that wraps."""
    setattr(guarded, MARK, (name, *getattr(view, MARK, ())))
    # Kept apart from the function: functools.wraps would copy an attribute to whatever wraps it elsewhere.
    for function in _chain(view):
        with suppress(TypeError):  # of an object that has no weak references
            _wrapped[function] = tuple(dict.fromkeys((*wrapped_by(function), name)))


def wrapped_by(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of our decorators that were applied to a function."""
    try:
        return _wrapped.get(function, ())
    except TypeError:
        return ()


def guarded_inside(function: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Yield the functions that ``function`` calls only through one of our decorators."""
    pending, seen = [function], set()
    while pending:
        outer = pending.pop()
        if id(outer) in seen:
            continue
        seen.add(id(outer))
        inner = getattr(outer, "__wrapped__", None)
        if hasattr(outer, MARK) and inner is not None:
            yield from _chain(inner)
            continue
        # A decorator without functools.wraps has what it calls in its closure alone.
        pending += [cell for cell in (inner, *_closure(outer)) if isinstance(cell, FunctionType)]


def _chain(function: Any) -> Iterator[Callable[..., Any]]:
    """Yield a function, and what it wraps, as functools.wraps notes it."""
    seen: set[int] = set()
    while callable(function) and id(function) not in seen:
        yield function
        seen.add(id(function))
        function = getattr(function, "__wrapped__", None)


def _closure(function: Any) -> Iterator[object]:
    for cell in getattr(function, "__closure__", None) or ():
        with suppress(ValueError):  # of a name that has no value yet
            yield cell.cell_contents
