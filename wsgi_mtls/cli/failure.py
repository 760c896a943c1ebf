"""Errors in files and arguments: one line on stderr, and exit status 2."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ..errors import MutualTLSError


class Failure(click.ClickException):
    """An error message of one line."""

    exit_code = 2

    def __init__(self, message: object) -> None:
        super().__init__(" ".join(str(message).split()))


# The help, which a group without a command prints; click before 8.2 has no error for it.
_HELP: type[click.UsageError] | tuple[()] = getattr(click.exceptions, "NoArgsIsHelpError", ())


class PlainGroup(click.Group):
    """A group of commands that reports wrong arguments in one line.

    click's usage text is left out.
    """

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Parse the arguments of the group."""
        with _usage_errors_in_one_line():
            return super().make_context(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Parse the arguments of the command, and run it."""
        with _usage_errors_in_one_line():
            return super().invoke(ctx)


@contextmanager
def _usage_errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        if isinstance(error, _HELP):
            raise
        raise Failure(error.format_message()) from None


@contextmanager
def failing_plainly(subject: str = "") -> Iterator[None]:
    """Turn errors of a user's files and arguments into a :class:`Failure`.

    Its message starts with ``subject``.
    """
    try:
        yield
    except (MutualTLSError, OSError, ValueError) as error:
        raise Failure(f"{subject}: {error}" if subject else error) from None
