"""``flask mtls check`` and ``flask mtls explain``."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup, ScriptInfo

from wsgi_mtls import MutualTLSError, Verifier
from wsgi_mtls.config import InvalidSettings, in_force
from wsgi_mtls.explain import explain
from wsgi_mtls.explain_report import read_peer, to_json, to_lines
from wsgi_mtls.impossible import publishes_certificates
from wsgi_mtls.key_set_checks import look, problem_of

from .checks import Message, error, messages, of_settings
from .routes import guarded_routes
from .settings import SETTINGS, MutualTLSState, current_state, given_settings

# Also an entry point of Flask's command: without one, Flask would load the app to find the command, and an app whose
# settings are wrong does not load.
commands = AppGroup("mtls", help="Mutual TLS (RFC 8705).")


@commands.command("check", with_appcontext=False)
@click.option("--fetch", is_flag=True, help="Also fetch what the clients publish at their jwks_uri.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as a JSON array, and nothing else.")
@click.pass_context
def check(context: click.Context, fetch: bool, as_json: bool) -> None:
    """Print the settings, guarded routes and problems; exit with 1 on an error."""
    try:
        app = _app_of(context)
    except InvalidSettings as invalid:
        found = of_settings(invalid.problems)
    else:
        found = list(_found(app, fetch=fetch, quiet=as_json))
    if as_json:
        click.echo(json.dumps([message.to_json() for message in found], indent=2))
    else:
        for message in found:
            click.echo(str(message), err=True)
        if not found:
            click.echo("No problems found.")
    if any(message.level == "error" for message in found):
        raise SystemExit(1)


def _found(app: Flask, *, fetch: bool, quiet: bool) -> Iterator[Message]:
    """Yield what is wrong with an app that started.

    What is in force is printed unless ``quiet``.
    """
    try:
        state = current_state()
    except RuntimeError as missing:
        yield error(7, missing)
        return
    if not quiet:
        _print_state(app, state)
    yield from messages(app, state)
    if fetch and state.guard.verifier is not None:
        yield from _fetched(state.guard.verifier, quiet=quiet)


def _app_of(context: click.Context) -> Flask:
    """Load the app, and make it the current one.

    Raises:
        InvalidSettings: If the app does not start because of its settings.
    """
    app = context.ensure_object(ScriptInfo).load_app()
    context.with_resource(app.app_context())
    return app


def _print_state(app: Flask, state: MutualTLSState) -> None:
    click.echo("Settings")
    for name, value in in_force(given_settings(app), state.settings, state.guard.verifier).items():
        click.echo(f"  MTLS_{name} = {value}  # {SETTINGS[f'MTLS_{name}']}")
    click.echo("Routes")
    for rule, method, decorators in guarded_routes(app):
        click.echo(f"  {rule} [{method}]: {', '.join(decorators)}")


def _fetched(verifier: Verifier, *, quiet: bool) -> Iterator[Message]:
    """Print what came from each client's jwks_uri, and yield the problems."""
    if not quiet:
        click.echo("Key sets")
    for client in verifier.listed():
        if client.jwks_uri is None or not publishes_certificates(client) or verifier.key_sets is None:
            continue
        last = look(client.jwks_uri, verifier.key_sets)
        problem = problem_of(last)
        if problem:
            yield error(8, f"Client {client.client_id!r}: {client.jwks_uri}: {problem}")
        if not quiet:
            click.echo(f"  {client.client_id}: {client.jwks_uri}: {problem or f'{last.certificates} certificates'}")


@commands.command("explain", with_appcontext=False)
@click.argument("certificate", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--client", "client_id", help="The client_id that the request would name; without it no client is looked for."
)
@click.option("--chain", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="What comes along with it.")
@click.option("--verified", is_flag=True, help="Assume that the TLS terminator reports success.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def explain_certificate(
    context: click.Context, certificate: Path, client_id: str | None, chain: Path | None, verified: bool, as_json: bool
) -> None:
    """Print why this app accepts or refuses a certificate; exit with 1 if refused."""
    try:
        _app_of(context)
        peer = read_peer(certificate, chain, verified=verified)
    except (MutualTLSError, OSError, InvalidSettings) as problem:
        raise click.ClickException(str(problem)) from None
    explanation = explain(current_state().guard.plain, peer, client_id)
    click.echo(to_json(explanation) if as_json else "\n".join(to_lines(explanation)))
    if not explanation.accepted:
        raise SystemExit(1)
