"""The Authlib example's tests on PostgreSQL: its texts hold no NUL and no half of a character."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import in_one_environment, postgresql

ROOT = Path(__file__).parents[3]
PAGES = [
    *("server", "authorize", "requests", "example", "grants", "registration", "single_use"),
    *("pushed_requests", "registration_access"),
]


@pytest.fixture
def database() -> Iterator[str]:
    if "FLASK_TESTS_DATABASE" in os.environ:
        pytest.skip("this is such a run")
    with postgresql("flask_mtls") as rest:
        yield f"postgresql+psycopg{rest}"


@in_one_environment
def test_on_postgresql(database: str) -> None:
    pages = [f"tests/flask/authlib/test_{page}.py" for page in PAGES]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *pages]
    environ = {**os.environ, "FLASK_TESTS_DATABASE": database}
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout
