"""A bad file or argument is one line on stderr and exit status 2, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from ..errors import MutualTLSError


class Failure(click.ClickException):
    """What went wrong, in one line."""

    exit_code = 2

    def __init__(self, message: object) -> None:
        super().__init__(" ".join(str(message).split()))


@contextmanager
def failing_plainly(subject: str = "") -> Iterator[None]:
    """Turn the errors that a user's files and arguments make into a :class:`Failure`, led by ``subject``."""
    try:
        yield
    except (MutualTLSError, OSError, ValueError) as error:
        raise Failure(f"{subject}: {error}" if subject else error) from None
