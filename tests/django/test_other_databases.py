"""These tests once more on other databases: row 49 needs one whose collation folds. It takes minutes."""

import os
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.databases import in_one_environment

ROOT = Path(__file__).parents[2]


@in_one_environment
@pytest.mark.parametrize(("database", "driver", "port"), [
    ("postgresql", "psycopg", 5432),
    ("mariadb", "pymysql", 3306),
])  # fmt: skip
def test_on_other_databases(database: str, driver: str, port: int) -> None:
    if "DJANGO_DATABASE" in os.environ:
        pytest.skip("this is such a run")
    missing = None if find_spec(driver) else f"{driver} is not installed"
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError as error:
        missing = f"{database} on 127.0.0.1:{port}: {error}"
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["tests/django", "--ignore=tests/django/e2e"]
    environ = {**os.environ, "DJANGO_DATABASE": database}
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout
