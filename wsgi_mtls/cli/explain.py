"""``wsgi-mtls explain``: why a certificate is accepted or refused."""

from pathlib import Path

import click

from ..clients import load_clients
from ..explain import explain as explain_peer
from ..explain_report import read_peer, to_json, to_lines
from ..trust import TrustStore
from ..verifier import Verifier
from .failure import Failure, failing_plainly

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("certificate", type=_FILE)
@click.option(
    "--client", "client_id", help="The client_id that the request would name; without it no client is looked for."
)
@click.option("--clients", "clients_file", type=_FILE, help="A .json or .toml file: client_id to metadata.")
@click.option("--chain", type=_FILE, help="What the client or the terminator sends along.")
@click.option("--trust", type=_FILE, help="A file or directory of trusted CA certificates.")
@click.option("--crls", type=_FILE, multiple=True, help="A file or directory of CRLs; may be repeated.")
@click.option("--revocation", default="if_available", type=click.Choice(["off", "if_available", "required"]))
@click.option("--verified", is_flag=True, help="Assume that the TLS terminator reports success.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain(
    certificate: Path,
    client_id: str | None,
    clients_file: Path | None,
    chain: Path | None,
    trust: Path | None,
    crls: tuple[Path, ...],
    revocation: str,
    verified: bool,
    as_json: bool,
) -> None:
    """Print the path of a certificate, each check, and the decision.

    Each check is printed with what was expected and found. Exits with 1 where the certificate is refused.
    """
    if client_id is not None and clients_file is None:
        raise Failure("--client needs --clients: the file of the registered clients.")
    with failing_plainly():
        store = _store(trust, crls, revocation) if trust is not None else None
        verifier = Verifier(load_clients(clients_file) if clients_file is not None else {}, trust=store)
        explanation = explain_peer(verifier, read_peer(certificate, chain, verified=verified), client_id)
    click.echo(to_json(explanation) if as_json else "\n".join(to_lines(explanation)))
    if not explanation.accepted:
        raise SystemExit(1)


def _store(trust: Path, crls: tuple[Path, ...], revocation: str) -> TrustStore:
    make = TrustStore.from_directory if trust.is_dir() else TrustStore.from_file
    return make(trust, crls=crls, revocation=revocation)  # type: ignore[arg-type]  # one of click's choices
