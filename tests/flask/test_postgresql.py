"""The Authlib example's tests once more, on PostgreSQL: whose text holds no NUL and no half a character."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

ROOT = Path(__file__).parents[2]
HOST, PORT = "127.0.0.1", 5432
PAGES = ["authlib", "authlib_requests", "example", "grants", "registration"]


@pytest.fixture
def database() -> Iterator[str]:
    """Make a database of its own, and drop it again."""
    if "FLASK_TESTS_DATABASE" in os.environ:
        pytest.skip("this is such a run")
    missing = None if find_spec("psycopg") else "psycopg is not installed: pip install 'psycopg[binary]'"
    try:
        socket.create_connection((HOST, PORT), timeout=5).close()
    except OSError as error:
        missing = f"PostgreSQL on {HOST}:{PORT}: {error}"
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    psycopg: Any = import_module("psycopg")
    name = f"flask_mtls_{uuid4().hex}"
    with psycopg.connect(host=HOST, port=PORT, user="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"postgresql+psycopg://postgres@{HOST}:{PORT}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_on_postgresql(database: str) -> None:
    pages = [f"tests/flask/test_{page}.py" for page in PAGES]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *pages]
    environ = {**os.environ, "FLASK_TESTS_DATABASE": database}
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout
