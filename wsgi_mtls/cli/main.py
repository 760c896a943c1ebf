"""The commands, gathered."""

import click

from .check_profile import check_profile
from .demo import demo
from .explain import explain
from .failure import PlainGroup
from .inspect import inspect
from .pki import pki
from .serve import serve


@click.group(cls=PlainGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wsgi-mtls")
def cli() -> None:
    """OAuth 2.0 Mutual-TLS (RFC 8705) for WSGI."""


for _command in (check_profile, demo, explain, inspect, pki, serve):
    cli.add_command(_command)
