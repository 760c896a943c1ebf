"""What an import and the command line load: no more than what was asked for."""

import subprocess
import sys

import click
import pytest

import wsgi_mtls
from wsgi_mtls.cli.main import COMMANDS, cli

HEAVY = ["OpenSSL", "cheroot", "cryptography", "joserfc", "urllib3", "werkzeug"]
PROGRAM = """
import sys
{statement}
print(*sorted({heavy!r} & {{name.partition(".")[0] for name in sys.modules}}))
"""
HELP = """
from wsgi_mtls.cli import main
sys.argv = ["wsgi-mtls", "--help"]
try:
    main()
except SystemExit:
    pass
"""


def loaded(statement: str) -> list[str]:
    program = PROGRAM.format(statement=statement, heavy=set(HEAVY))
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    return output.splitlines()[-1].split()


@pytest.mark.parametrize("statement", ["import wsgi_mtls", "import wsgi_mtls.errors", HELP], ids=["", "errors", "help"])
def test_what_decides_nothing_loads_nothing_heavy(statement: str) -> None:
    assert loaded(statement) == []


def test_a_name_loads_what_it_needs() -> None:
    assert "cryptography" in loaded("from wsgi_mtls import Verifier")
    assert loaded("from wsgi_mtls import MutualTLSError") == []


def test_every_name_is_there_and_listed() -> None:
    assert {*wsgi_mtls.__all__} <= {*dir(wsgi_mtls)}
    for name in wsgi_mtls.__all__:
        assert getattr(wsgi_mtls, name).__module__.startswith("wsgi_mtls.")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        wsgi_mtls.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_star_imports_every_name() -> None:
    names: dict[str, object] = {}
    exec("from wsgi_mtls import *", names)  # the statement is only allowed in a module
    assert {*wsgi_mtls.__all__} <= {*names}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_starts_with_what_the_list_shows(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(1000) == COMMANDS[name]


def test_no_other_command() -> None:
    assert cli.get_command(click.Context(cli), "main") is None
