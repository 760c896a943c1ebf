"""The example on another database than SQLite."""

import json
import os
import socket
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from shutil import copytree

import pytest

from .conftest import skip_without
from .test_behind_servers import user
from .visitor import Visitor, example

HOST, PORT = "127.0.0.1", 5432


def missing() -> str | None:
    if find_spec("psycopg") is None:
        return "psycopg is not installed: pip install psycopg[binary]"
    try:
        socket.create_connection((HOST, PORT), timeout=5).close()
    except OSError as error:
        return f"PostgreSQL on {HOST}:{PORT}: {error}"
    return None


@pytest.fixture
def postgresql() -> Iterator[dict[str, object]]:
    """A database of our own."""
    skip_without(missing())
    import psycopg

    name = f"intranet_{os.getpid()}"
    with psycopg.connect(host=HOST, port=PORT, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": name,
                "USER": "postgres",
                "HOST": HOST,
                "PORT": PORT,
            }
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_postgresql(postgresql: dict[str, object], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = copytree(data, tmp_path / "data")
    (own / "db.sqlite3").unlink()
    monkeypatch.setenv("INTRANET_DATABASE", json.dumps(postgresql))
    with example(own) as port:
        assert user(Visitor(own, port, "alice").get("/profile/")) == "alice"
        assert Visitor(own, port, None).get("/profile/").status == 302
        billing = Visitor(own, port, "billing")
        token = billing.post("/token", "client_id=billing").json["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert billing.get("/accounts", headers=headers).status == 200
        assert Visitor(own, port, "bob").get("/accounts", headers=headers).status == 401
        assert Visitor(own, port, "bob").post("/token", "client_id=billing").status == 401
    assert not (own / "db.sqlite3").exists()
