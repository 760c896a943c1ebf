"""``flask init-db``, ``flask register-client`` and ``flask delete-expired``."""

import json
from typing import Any, TextIO

import click
from authlib.oauth2 import OAuth2Error
from flask.cli import with_appcontext

from flask_mtls.authlib import registered
from wsgi_mtls import MutualTLSError

from . import pushed
from .models import OAuth2Client, db
from .oauth import CONFIDENTIAL, query_client
from .registration import checked_metadata, registration


@click.command("init-db")
@with_appcontext
def init_db() -> None:
    """Make the tables that are missing: once, before the workers start."""
    db.create_all()


@click.command("delete-expired")
@with_appcontext
def delete_expired() -> None:
    """Delete pushed requests that no browser brought in time.

    Run it now and then, as from cron.
    """
    pushed.store.delete_expired()


@click.command("register-client")
@click.argument("client_id")
@click.argument("metadata", type=click.File())
@click.option("--replace", is_flag=True, help="Replace the metadata of the client that has this CLIENT_ID.")
@click.option(
    "--may-introspect/--may-not-introspect",
    default=None,
    help="Whether it is an API, which may ask about all clients' tokens; --replace alone does not change that.",
)
@with_appcontext
def register_client(client_id: str, metadata: TextIO, replace: bool, may_introspect: bool | None) -> None:
    """Register CLIENT_ID with the RFC 7591 METADATA in a JSON file.

    `wsgi-mtls inspect --json` prints such metadata. A client of the method client_secret_basic may bring its
    client_secret there; else one is made and printed.
    """
    client = query_client(client_id)
    if client is not None and not replace:
        raise click.ClickException(f"{client_id} is registered already; --replace replaces its metadata.")
    client = client or OAuth2Client(client_id=client_id)
    try:
        given = json.load(metadata)
        client.set_client_metadata(checked_metadata(given))
        registered(client)
        secret = _set_secret(client, given)
        _check_lengths(client)
    except (OAuth2Error, MutualTLSError, ValueError, RecursionError) as error:
        raise click.ClickException(str(error)) from None
    if may_introspect is not None:
        client.may_introspect = may_introspect
    db.session.add(client)
    db.session.commit()
    if secret:
        click.echo(f"client_secret: {secret}")


def _set_secret(client: OAuth2Client, given: dict[str, Any]) -> str | None:
    """Keep a secret only for a client that may use one; return it if it is new."""
    secret = made = None
    if client.token_endpoint_auth_method in CONFIDENTIAL:
        secret = given.get("client_secret", client.client_secret)
        if secret is None:
            secret = made = registration.generate_client_secret(None)
        if not isinstance(secret, str) or not secret.isascii() or not secret.isprintable() or not secret:
            raise ValueError("client_secret must be printable ASCII and not empty.")
    client.client_secret = secret
    return made


def _check_lengths(client: OAuth2Client) -> None:
    """Check the lengths of values.

    SQLite stores values longer than their column, PostgreSQL raises an error.
    """
    for name in ("client_id", "client_secret"):
        longest = OAuth2Client.__table__.columns[name].type.length
        if len(getattr(client, name) or "") > longest:
            raise ValueError(f"{name} must not be longer than {longest} characters.")
