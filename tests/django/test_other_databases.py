"""Tests of what is in the database once more on others: row 49 needs one whose collation folds."""

import os
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.databases import in_one_environment

ROOT = Path(__file__).parents[2]
PAGES = [
    *("admin", "clients", "login", "management", "users", "test_attacks_on_clients.py", "test_migrations.py"),
    *("test_nothing_stale.py", "test_signals.py"),
]
SEEN_ON_SQLITE = "asgi or signed_cookies or test_django_axes"
"""Tests whose statements are those of another one, or of another package."""


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
    command += [f"tests/django/{page}" for page in PAGES]
    command += ["-k", f"not ({SEEN_ON_SQLITE})"]
    environ = {**os.environ, "DJANGO_DATABASE": database}
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout
