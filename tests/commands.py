"""The command line, run in this process."""

from inspect import signature
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from wsgi_mtls import ClientCertificate
from wsgi_mtls.cli.main import cli

# click before 8.2 mixes both streams unless told otherwise.
SEPARATE: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}


def run(*arguments: object) -> Result:
    return CliRunner(**SEPARATE).invoke(cli, [str(argument) for argument in arguments])


def make(*arguments: object) -> None:
    result = run(*arguments)
    assert result.exit_code == 0, result.output


def fails(*arguments: object) -> str:
    """Expect one line on stderr and exit status 2; return the line."""
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    return line


def read(file: Path) -> ClientCertificate:
    return ClientCertificate.from_pem(file.read_bytes())
