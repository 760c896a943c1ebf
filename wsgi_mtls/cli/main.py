"""The commands, each imported when it is run."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from .failure import Failure, PlainGroup

# Each command and the first sentence of its help. Its module, and it in there, has its name.
COMMANDS = {
    "check-profile": "Print what an authorization server's metadata lack for a PROFILE.",
    "demo": "Start TLS servers with a throw-away CA, and play clients and thieves.",
    "explain": "Print the path of a certificate, each check, and the decision.",
    "inspect": "Print how certificates can be registered, and what is in them.",
    "pki": "Make a development CA and certificates.",
    "serve": "Serve APP (MODULE:NAME) over TLS, accepting any client certificate.",
}


class LazyGroup(PlainGroup):
    """A group that imports a command only when it is run.

    To print the help, it imports none.

    Args:
        lazy: the first sentence of each command's help by its name, which is also that of its module.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return sorted(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self._lazy:
            return None
        name = cmd_name.replace("-", "_")
        try:
            command: click.Command = getattr(import_module(f".{name}", __package__), name)
        except ImportError as error:
            raise Failure(f"{error.name} is missing; pip install 'wsgi-mtls[cli]'") from None
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names and the first sentences, as far as the line goes."""
        length = formatter.width - 6 - max(map(len, self._lazy))
        # click itself cuts the sentence.
        helps = {name: click.Command(name, help=self._lazy[name]) for name in self.list_commands(ctx)}
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(length)) for name, command in helps.items()])


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wsgi-mtls")
def cli() -> None:
    """OAuth 2.0 Mutual-TLS (RFC 8705) for WSGI."""
