"""``wsgi-mtls serve``: any WSGI application behind the development TLS server."""

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..server import make_server
from .failure import Failure, failing_plainly

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("app")
@click.option("--certificate", required=True, type=_FILE, help="The server's certificate, PEM.")
@click.option("--private-key", required=True, type=_FILE, help="Its private key, PEM.")
@click.option("--client-ca", type=_FILE, help="The CAs that client certificates are validated against, PEM.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8443, show_default=True, type=click.IntRange(0, 65535))
def serve(app: str, certificate: Path, private_key: Path, client_ca: Path | None, host: str, port: int) -> None:
    """Serve APP (MODULE:NAME) over TLS, accepting any client certificate.

    Not for production. Clients are asked for a certificate. The application finds SSL_CLIENT_CERT,
    SSL_CLIENT_CERT_CHAIN_n and SSL_CLIENT_VERIFY in its environ.
    """
    application = load_application(app)
    with failing_plainly():
        server = make_server(
            application,
            certificate=certificate,
            private_key=private_key,
            client_ca=client_ca,
            host=host,
            port=port,
        )
        server.prepare()
    click.echo(f"https://{f'[{host}]' if ':' in host else host}:{server.bind_addr[1]}", err=True)
    try:
        server.serve()
    except KeyboardInterrupt:
        server.stop()


def load_application(app: str) -> "WSGIApplication":
    """Import ``MODULE:NAME``, also from the current directory.

    Raises:
        Failure: If the module or the name is missing, or can't be called.
    """
    module, _, name = app.partition(":")
    sys.path.insert(0, "")
    try:
        application: WSGIApplication = getattr(import_module(module), name or "app")
    except SystemExit as error:
        raise Failure(
            f"{app}: the module exits with status {error.code} when it is imported; make it define an app."
        ) from None
    except Exception as error:  # whatever a user's module raises when it is imported
        raise Failure(f"{app}: {error}; write MODULE:NAME.") from None
    if not callable(application):
        raise Failure(f"{app} is not a WSGI application.")
    return application
