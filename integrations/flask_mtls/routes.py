"""The routes that our decorators guard, and those that they miss by mistake."""

from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask

from .marks import MARK, guarded_inside, wrapped_by

Function = Callable[..., Any]


def guarded_routes(app: Flask) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield each guarded route: its rule, the method and our decorators."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        for method in sorted(rule.methods or ()):
            if names := tuple(dict.fromkeys(_marks(app, rule.endpoint, method))):
                yield rule.rule, method, names


def missed(app: Flask) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each function that Flask calls without its decorators, with these.

    The route was there first: ``@client_auth_required`` above ``@app.post(…)`` makes a new function, of which Flask
    does not know. A function that is guarded at another route is meant to be open at this one.
    """
    registered = [*_views(app), *_before_request(app)]
    guarded = {id(inner) for _, function in registered for inner in guarded_inside(function)}
    for place, function in registered:
        names = wrapped_by(function)
        if names and id(function) not in guarded:
            yield place, names


def _views(app: Flask) -> Iterator[tuple[str, Function]]:
    rules: dict[str, list[str]] = {}
    for rule in app.url_map.iter_rules():
        rules.setdefault(rule.endpoint, []).append(rule.rule)
    for endpoint, view in app.view_functions.items():
        yield f"{', '.join(rules.get(endpoint, ()))} (endpoint {endpoint!r})", view


def _before_request(app: Flask) -> Iterator[tuple[str, Function]]:
    for blueprint, functions in app.before_request_funcs.items():
        of = "the app" if blueprint is None else f"the blueprint {blueprint!r}"
        for function in functions:
            yield f"{getattr(function, '__name__', repr(function))} (before_request of {of})", function


def _marks(app: Flask, endpoint: str, method: str) -> Iterator[str]:
    view = app.view_functions.get(endpoint)  # a rule that only builds URLs has none
    view_class = getattr(view, "view_class", None)
    handler, dispatch = getattr(view_class, method.lower(), None), getattr(view_class, "dispatch_request", None)
    if view is None or (method in ("HEAD", "OPTIONS") and handler is None):
        return
    names = endpoint.split(".")[:-1]
    blueprints = [None, *(".".join(names[: end + 1]) for end in range(len(names)))]
    guards = (guard for blueprint in blueprints for guard in app.before_request_funcs.get(blueprint, ()))
    for function in (*guards, view, dispatch, handler):
        yield from getattr(function, MARK, ())
