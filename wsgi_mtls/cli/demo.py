"""``wsgi-mtls demo``: real clients over real TLS, accepted or refused."""

import json
import logging
import signal
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING

import click

from ..server import make_server
from ..sources import CertificateSource, from_config, mod_ssl
from ..testing import KeyPair
from ..verifier import Verifier
from ..wsgi import CLIENT, ClientAuthMiddleware
from .demo_behind import expecting, running_behind, serving
from .demo_files import DemoFiles
from .demo_page import DemoPage, Example
from .demo_rows import ACCEPTED, Scenario, make_scenario
from .demo_tokens import Played, TokenServers, token_servers
from .terminators import LOOPBACK, MTLS_HOST, TERMINATORS, Terminator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@click.command()
@click.option("--serve", is_flag=True, help="Keep the server running afterwards, and print curl lines to try by hand.")
@click.option("--behind", type=click.Choice(list(TERMINATORS)), help="Play through this program, run from deploy/.")
def demo(serve: bool, behind: str | None) -> None:
    """Start TLS servers with a throw-away CA, and play clients and thieves.

    Exits with 0 if all came as expected.
    """
    logging.getLogger("wsgi_mtls").setLevel(logging.ERROR)
    terminator, page = TERMINATORS[behind] if behind else None, DemoPage()
    scenario = expecting(make_scenario(), terminator) if terminator else make_scenario()
    with _ended_by_sigterm(), TemporaryDirectory(prefix="wsgi-mtls-demo-") as folder, ExitStack() as running:
        files = DemoFiles(Path(folder), MTLS_HOST if terminator else LOOPBACK)
        files.write(scenario)
        port = running.enter_context(_running(scenario, files, terminator, page))
        all_expected = _play(scenario, files, port)
        page.examples += _examples(scenario, files, port)
        if terminator and terminator.lets_in == "validated":
            click.echo(f"\ndeploy/{terminator.folder} explains how {behind} can accept self-signed clients.")
        if not terminator:
            click.echo()
            tokens = running.enter_context(_token_servers(scenario.ca, page))
            all_expected &= _print_table(tokens.play())
            page.examples += tokens.examples()
        if serve:
            _keep_running(page, files.host, port)
        else:
            _print_next(behind)
    raise SystemExit(0 if all_expected else 1)


def protected_application(scenario: Scenario, source: CertificateSource | None = None) -> "WSGIApplication":
    """Return the demo's application behind the middleware, at verbosity ``debug``."""
    verifier = Verifier(scenario.clients)
    source = source or mod_ssl()
    return ClientAuthMiddleware(_token_endpoint, verifier, source=source, paths=["/token"], verbosity="debug")


def _token_endpoint(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    if CLIENT not in environ:  # any path but the guarded one
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"The demo answers POST /token.\n"]
    client = environ[CLIENT]
    answer = {"client_id": client.client_id, "method": client.method, "cnf": client.confirmation}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode() + b"\n"]


@contextmanager
def _running(scenario: Scenario, files: DemoFiles, terminator: Terminator | None, page: DemoPage) -> Iterator[int]:
    if terminator is not None:
        source = from_config({**terminator.source, "trusted_proxies": [LOOPBACK]})
        app = page.before(protected_application(scenario, source))
        with running_behind(terminator, app, files) as port:
            yield port
        return
    tls, app = files.server, page.before(protected_application(scenario))
    server = make_server(app, certificate=tls.certificate, private_key=tls.private_key, client_ca=files.ca)
    with serving(server) as port:
        yield port


@contextmanager
def _token_servers(ca: KeyPair, page: DemoPage) -> Iterator[TokenServers]:
    with TemporaryDirectory(prefix="wsgi-mtls-demo-") as folder, token_servers(Path(folder), ca, page) as servers:
        yield servers


def _play(scenario: Scenario, files: DemoFiles, port: int) -> bool:
    return _print_table(
        (row.title, row.client_id, row.expected, files.play(row, number, port))
        for number, row in enumerate(scenario.rows, 1)
    )


def _print_table(rows: Iterable[Played]) -> bool:
    """Print each row as it is played; return whether all came as expected."""
    click.echo(f"{'request':<40}{'client_id':<11}{'expected':<28}came")
    all_expected = True
    for title, client_id, expected, came in rows:
        all_expected &= came == expected
        mark = "" if came == expected else "   <-- not as expected"
        click.echo(f"{title:<40}{client_id:<11}{expected:<28}{came}{mark}")
    return all_expected


def _examples(scenario: Scenario, files: DemoFiles, port: int) -> list[Example]:
    numbered = list(enumerate(scenario.rows, 1))
    accepted = next((number, row) for number, row in numbered if row.expected == ACCEPTED)
    refused = next((number, row) for number, row in numbered if row.expected != ACCEPTED and row.pair)
    named = (("A client that is accepted: 200", accepted), ("A client that is refused: 401", refused))
    return [Example(title, (files.curl(row, number, port),)) for title, (number, row) in named]


def _print_next(behind: str | None) -> None:
    serve = f"wsgi-mtls demo --behind {behind} --serve" if behind else "wsgi-mtls demo --serve"
    rows = {
        serve: "keeps running and prints curl lines to try by hand",
        "wsgi-mtls pki --help": "makes a CA and certificates for your own tests",
        'README.md, "Use it"': "your own application, in ten lines",
    }
    click.echo("\nNext:")
    for what, purpose in rows.items():
        click.echo(f"  {what:<{len(serve)}}   {purpose}")


def _keep_running(page: DemoPage, host: str, port: int) -> None:
    click.echo("\nTo try by hand:")
    for example in page.examples:
        click.echo(f"  # {example.title}")
        for line in example.lines:
            click.echo(f"  {line}")
    click.echo(f"\nhttps://{host}:{port}/ has these lines as a page.")
    click.echo("\nRunning; Ctrl-C stops it.")
    with suppress(KeyboardInterrupt):
        Event().wait()


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """End on SIGTERM by an exception, so that private keys are deleted."""
    if current_thread() is not main_thread():
        yield  # in Python, only the main thread handles signals
        return

    def end(number: int, _: object) -> None:
        signal.signal(signal.SIGTERM, lambda *_: None)  # a second one would interrupt what the first one has begun
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
