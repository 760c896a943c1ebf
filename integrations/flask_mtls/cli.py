"""``flask mtls check``: the settings in force, what is wrong with them, and the routes that we guard."""

from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from wsgi_mtls import MutualTLSError, Verifier
from wsgi_mtls.config import in_force, risks
from wsgi_mtls.explain import explain
from wsgi_mtls.explain_report import read_peer, to_json, to_lines
from wsgi_mtls.impossible import impossible_clients, publishes_certificates
from wsgi_mtls.key_set_checks import look, problem_of

from .decorators import MARK
from .settings import NOT_SEARCHABLE, SETTINGS, MutualTLSState, current_state, given_settings, misspelt_settings

commands = AppGroup("mtls", help="Mutual TLS (RFC 8705).")


@commands.command("check")
@click.option("--fetch", is_flag=True, help="Fetch what the clients publish at their jwks_uri, too.")
def check(fetch: bool) -> None:
    """Print the settings in force and the guarded routes; exit with 1 where something is wrong."""
    state, app = current_state(), current_app
    click.echo("Settings")
    for name, value in in_force(given_settings(app), state.settings, state.guard.verifier).items():
        click.echo(f"  MTLS_{name} = {value}  # {SETTINGS[f'MTLS_{name}']}")
    routes = list(guarded_routes(app))
    click.echo("Routes")
    for rule, method, decorators in routes:
        click.echo(f"  {rule} [{method}]: {', '.join(decorators)}")
    for warning in state.guard.plain.registration_warnings():
        click.echo(f"Warning: {warning}", err=True)
    problems = list(_problems(app, state, {name for *_, names in routes for name in names}))
    for problem in problems:
        click.echo(f"Wrong: {problem}", err=True)
    if fetch and state.guard.verifier is not None:
        problems += _fetched(state.guard.verifier)
    if problems:
        raise SystemExit(1)


def _fetched(verifier: Verifier) -> list[str]:
    """Print what came from each client's jwks_uri, and return the problems."""
    click.echo("Key sets")
    problems = []
    for client in verifier.listed():
        if client.jwks_uri is None or not publishes_certificates(client) or verifier.key_sets is None:
            continue
        last = look(client.jwks_uri, verifier.key_sets)
        if problem := problem_of(last):
            problems.append(problem)
        click.echo(f"  {client.client_id}: {client.jwks_uri}: {problem or f'{last.certificates} certificates'}")
    return problems


@commands.command("explain")
@click.argument("certificate", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--client", "client_id", help="The client_id that the request would name.")
@click.option("--chain", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="What comes along with it.")
@click.option("--verified", is_flag=True, help="Assume that the TLS terminator reports success.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain_certificate(
    certificate: Path, client_id: str | None, chain: Path | None, verified: bool, as_json: bool
) -> None:
    """Print why this app accepts or refuses a certificate; exit with 1 where it is refused."""
    try:
        peer = read_peer(certificate, chain, verified=verified)
    except (MutualTLSError, OSError) as error:
        raise click.ClickException(str(error)) from None
    explanation = explain(current_state().guard.plain, peer, client_id)
    click.echo(to_json(explanation) if as_json else "\n".join(to_lines(explanation)))
    if not explanation.accepted:
        raise SystemExit(1)


def guarded_routes(app: Flask) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield each route that one of our decorators guards: its rule, the method, the decorators."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        for method in sorted(rule.methods or ()):
            if names := tuple(dict.fromkeys(_marks(app, rule.endpoint, method))):
                yield rule.rule, method, names


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


def _problems(app: Flask, state: MutualTLSState, decorators: set[str]) -> Iterator[str]:
    yield from map(str, misspelt_settings(app))
    if "client_auth_required" in decorators and state.guard.verifier is None:
        yield "client_auth_required is used without clients: set MTLS_CLIENTS."
    if "certificate_required" in decorators and state.guard.verifier and not state.guard.verifier.finds_holders:
        yield NOT_SEARCHABLE
    verifier = state.guard.verifier
    vouching = verifier and verifier.rules.vouching
    if "certificate_required(authorize=…)" in decorators and vouching and vouching.is_for_clients_only:
        yield "certificate_required(authorize=…) is used, and MTLS_TRUST is a function of a client: give a TrustStore."
    if "bound_token_required" in decorators and state.settings.tokens is None:
        yield "bound_token_required is used without MTLS_TOKENS: no token can be read."
    if verifier is not None:
        yield from impossible_clients(verifier)
    yield from (f"MTLS_{risk}" for risk in risks(state.settings, debug=app.debug))
