"""``wsgi-mtls demo --behind``."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from wsgi_mtls.cli import demo_behind
from wsgi_mtls.cli.main import cli
from wsgi_mtls.cli.terminators import TERMINATORS, Terminator

from .cases import missing_program
from .conftest import skip_without


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """The demo makes the package's log quiet, for the whole process."""
    logger = logging.getLogger("wsgi_mtls")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.mark.parametrize("name", TERMINATORS)
def test_all_rows_come_as_expected(name: str) -> None:
    skip_without(missing_program(name, TERMINATORS[name]))
    result = CliRunner().invoke(cli, ["demo", "--behind", name])
    assert result.exit_code == 0, result.output
    outcomes = [line.split()[-1] for line in result.output.split("\n\n")[0].splitlines()[1:]]
    assert len(outcomes) == 16
    accepted = 5 if TERMINATORS[name].lets_in == "validated" else 7
    assert outcomes[:accepted] == ["accepted"] * accepted
    assert "accepted" not in outcomes[accepted:]


def one_line(name: str) -> str:
    result = CliRunner().invoke(cli, ["demo", "--behind", name])
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    return result.output


def break_nginx(monkeypatch: pytest.MonkeyPatch, nginx: Terminator) -> None:
    monkeypatch.setitem(TERMINATORS, "nginx", nginx)


def test_missing_program_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    break_nginx(monkeypatch, replace(TERMINATORS["nginx"], programs=("no-such-program",)))
    assert "apt install nginx" in one_line("nginx")


def test_program_that_does_not_start_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    break_nginx(monkeypatch, replace(TERMINATORS["nginx"], programs=("false",)))
    assert "did not start" in one_line("nginx")


def test_missing_checkout_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo_behind, "DEPLOY", tmp_path / "deploy")
    assert "source checkout" in one_line("nginx")
