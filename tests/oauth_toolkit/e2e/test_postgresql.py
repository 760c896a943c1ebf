"""The example on PostgreSQL, which ``DATABASE_URL`` names."""

import runpy
import socket
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.conftest import skip_without
from wsgi_mtls.cli.terminators import LOOPBACK, free_port

from .browser import Curl
from .process import EXAMPLE, example, prepared

HOST, PORT = "127.0.0.1", 5432


@pytest.fixture
def url() -> Iterator[str]:
    """Make a database of its own, and drop it again."""
    missing = None if find_spec("psycopg") else "psycopg is not installed: pip install 'psycopg[binary]'"
    try:
        socket.create_connection((HOST, PORT), timeout=5).close()
    except OSError as error:
        missing = f"PostgreSQL on {HOST}:{PORT}: {error}"
    skip_without(missing)
    psycopg: Any = import_module("psycopg")
    name = f"oauth_server_{uuid4().hex}"
    with psycopg.connect(host=HOST, port=PORT, user="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"postgresql://postgres@{HOST}:{PORT}/{name}?application_name=example&sslmode=prefer"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_example(url: str, tmp_path: Path) -> None:
    psycopg: Any = import_module("psycopg")
    port = free_port()
    origin = f"https://{LOOPBACK}:{port}"
    with prepared(DATABASE_URL=url) as data, example(data, port, DATABASE_URL=url, OAUTH_ISSUER=origin):
        assert not (data / "db.sqlite3").exists()
        curl = Curl(data, origin, port)
        form = {"grant_type": "client_credentials", "client_id": "billing", "scope": "accounts"}
        assert curl("web", "/o/token/", **form) == (401, {"error": "invalid_client"})
        status, tokens = curl("billing", "/o/token/", **form)
        assert status == 200
        assert [curl.accounts(tokens["access_token"], pair)[0] for pair in ("billing", "web", None)] == [200, 401, 401]
        callback = curl.callback("device", tmp_path / "cookies")
        tokens = curl.exchange("device", callback, "device")[1]
        refresh = {"grant_type": "refresh_token", "client_id": "device", "refresh_token": tokens["refresh_token"]}
        assert curl(None, "/o/token/", **refresh)[1]["error"] == "invalid_grant"
        assert curl("device", "/o/token/", **refresh)[0] == 200
        with psycopg.connect(url.partition("?")[0]) as connection:
            count = connection.execute("SELECT count(*) FROM oauth2_provider_accesstoken").fetchone()
            names = connection.execute("SELECT DISTINCT application_name FROM pg_stat_activity").fetchall()
        assert count == (2,)
        assert ("example",) in names  # the query is libpq's


@pytest.mark.parametrize(("query", "options"), [
    ("", {}), ("?sslmode=require", {"sslmode": "require"}),
    ("?sslmode=verify-full&sslrootcert=%2Fca.pem", {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}),
])  # fmt: skip
def test_url(query: str, options: dict[str, str]) -> None:
    # By its path: another example has a package of the same name.
    database = runpy.run_path(str(EXAMPLE / "authserver" / "database.py"))["database"]
    found = database(f"postgresql://us%40er:pa%2Fss@db:6543/name{query}", Path("data"))
    assert found["OPTIONS"] == options
    assert [found[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        "us@er", "pa/ss", "db", "6543", "name"
    ]  # fmt: skip
    with pytest.raises(ValueError, match="bad query"):
        database("postgresql://db/name?sslmode", Path("data"))
