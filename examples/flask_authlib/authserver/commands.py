"""``flask init-db`` and ``flask register-client``."""

import json
from typing import TextIO

import click
from flask.cli import with_appcontext

from flask_mtls.authlib import registered
from wsgi_mtls import MutualTLSError

from .models import OAuth2Client, db
from .oauth import query_client


@click.command("init-db")
@with_appcontext
def init_db() -> None:
    """Make the tables that are missing: once, before the workers start."""
    db.create_all()


@click.command("register-client")
@click.argument("client_id")
@click.argument("metadata", type=click.File())
@click.option("--replace", is_flag=True, help="Replace the metadata of the client that has this CLIENT_ID.")
@click.option("--may-introspect", is_flag=True, help="It is an API: it may ask about everybody's tokens.")
@with_appcontext
def register_client(client_id: str, metadata: TextIO, replace: bool, may_introspect: bool) -> None:
    """Register CLIENT_ID with the RFC 7591 METADATA in a JSON file, as `wsgi-mtls inspect --json` prints them."""
    client = query_client(client_id)
    if client is not None and not replace:
        raise click.ClickException(f"{client_id} is registered already; --replace replaces its metadata.")
    client = client or OAuth2Client(client_id=client_id)
    try:
        client.set_client_metadata(json.load(metadata))
        registered(client)
    except (MutualTLSError, ValueError, AttributeError) as error:
        raise click.ClickException(str(error)) from None
    client.may_introspect = may_introspect
    db.session.add(client)
    db.session.commit()
