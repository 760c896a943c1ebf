"""PostgreSQL on this machine, in which each test makes a database of its own."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from uuid import uuid4

import pytest

HOST, PORT = "127.0.0.1", 5432


ENVIRONMENT = "py311-newest"
in_one_environment = pytest.mark.skipif(
    os.environ.get("TOX_ENV_NAME", ENVIRONMENT) != ENVIRONMENT, reason=f"tox runs this in {ENVIRONMENT} alone"
)
"""Marks a test of a database, or another project's suite: one Python tells as much as three, and it takes long."""


@contextmanager
def postgresql(prefix: str) -> Iterator[str]:
    """Make a database, yield its URL without the scheme, and drop it again; skip where no server runs."""
    missing = None if find_spec("psycopg") else "psycopg is not installed: pip install 'psycopg[binary]'"
    try:
        socket.create_connection((HOST, PORT), timeout=5).close()
    except OSError as error:
        missing = f"PostgreSQL on {HOST}:{PORT}: {error}"
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    psycopg: Any = import_module("psycopg")
    name = f"{prefix}_{uuid4().hex}"
    with psycopg.connect(host=HOST, port=PORT, user="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"://postgres@{HOST}:{PORT}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
