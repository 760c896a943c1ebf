"""``flask mtls check``: the settings in force, what is wrong with them, and the routes that we guard."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from .decorators import MARK
from .settings import SETTINGS, MutualTLSState, current_state, misspelt

commands = AppGroup("mtls", help="Mutual TLS (RFC 8705).")


@commands.command("check")
def check() -> None:
    """Print the settings in force and the guarded routes; exit with 1 where something is wrong."""
    state, app = current_state(), current_app
    click.echo("Settings")
    for name, meaning in SETTINGS.items():
        value = "(default)" if app.config.get(name) is None else _shown(app.config[name])
        click.echo(f"  {name} = {value}  # {meaning}")
    routes = list(guarded_routes(app))
    click.echo("Routes")
    for rule, methods, decorators in routes:
        click.echo(f"  {rule} [{methods}]: {', '.join(decorators)}")
    problems = list(_problems(app, state, {name for *_, names in routes for name in names}))
    for problem in problems:
        click.echo(f"Wrong: {problem}", err=True)
    if problems:
        raise SystemExit(1)


def _shown(value: object) -> str:
    """Show a setting without what may be secret in it: a proxy's secret, a client's metadata, an object's state."""
    if isinstance(value, Mapping):
        preset = value.get("preset")
        return f"{{'preset': {preset!r}, …}}" if isinstance(preset, str) else f"({len(value)} entries)"
    if isinstance(value, str | int | list | tuple | Path):
        return repr(value)
    return f"({type(value).__name__})"


def guarded_routes(app: Flask) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield each route that one of our decorators guards: its rule, its methods, the decorators."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        found = tuple(dict.fromkeys(_marks(app, rule.endpoint)))
        if found:
            yield rule.rule, ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})), found


def _marks(app: Flask, endpoint: str) -> Iterator[str]:
    names = endpoint.split(".")[:-1]
    blueprints = [None, *(".".join(names[: end + 1]) for end in range(len(names)))]
    view = app.view_functions[endpoint]
    view_class: Any = getattr(view, "view_class", None)
    methods = (getattr(view_class, method, None) for method in ("get", "post", "put", "patch", "delete"))
    guards = (guard for blueprint in blueprints for guard in app.before_request_funcs.get(blueprint, ()))
    for function in (*guards, view, *methods):
        yield from getattr(function, MARK, ())


def _problems(app: Flask, state: MutualTLSState, decorators: set[str]) -> Iterator[str]:
    yield from misspelt(app.config)
    if "client_auth_required" in decorators and state.verifier is None:
        yield "client_auth_required is used without clients: set MTLS_CLIENTS."
    if "bound_token_required" in decorators and state.settings.tokens is None:
        yield "bound_token_required is used without MTLS_TOKENS: no token can be read."
    if state.settings.verbosity == "debug" and not app.debug:
        yield "MTLS_VERBOSITY is debug: refusals tell callers why. Use normal."
    if app.config.get("MTLS_TRUSTED_PROXIES") in ("any", ["any"]):
        yield "MTLS_TRUSTED_PROXIES is any: whoever reaches this app can send a certificate header."
