"""``flask register-client``."""

import json
from typing import TextIO

import click
from flask.cli import with_appcontext

from flask_mtls.authlib.clients import registered
from wsgi_mtls import MutualTLSError

from .models import OAuth2Client, db


@click.command("register-client")
@click.argument("client_id")
@click.argument("metadata", type=click.File())
@with_appcontext
def register_client(client_id: str, metadata: TextIO) -> None:
    """Register CLIENT_ID with the RFC 7591 METADATA in a JSON file, as `wsgi-mtls inspect --json` prints them."""
    client = OAuth2Client(client_id=client_id)
    try:
        client.set_client_metadata(json.load(metadata))
        registered(client)
    except (MutualTLSError, ValueError, AttributeError) as error:
        raise click.ClickException(str(error)) from None
    db.session.add(client)
    db.session.commit()
