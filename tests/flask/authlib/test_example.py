"""What an operator does with the Authlib example."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from wsgi_mtls.testing import KeyPair, Profile

from .authserver import REDIRECT, AuthServer, example, make_authserver, metadata

SHARED = {"token_endpoint_auth_method": "tls_client_auth", "grant_types": ["client_credentials"], "scope": "accounts"}


@pytest.fixture
def server(mobile: KeyPair) -> AuthServer:
    return AuthServer(make_authserver(metadata(mobile)))


def flask(app: Flask, *args: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=args)
    return result.exit_code, result.output


@pytest.fixture
def old(tmp_path: Path) -> str:
    return write(tmp_path / "old.json", {**SHARED, "tls_client_auth_san_dns": "old.example.com"})


def write(path: Path, values: Any) -> str:
    path.write_text(json.dumps(values))
    return str(path)


def test_client_is_registered_once(server: AuthServer, ca: KeyPair, tmp_path: Path, old: str) -> None:
    one, two = (ca.issue("CN=x", Profile(san_dns=[f"{name}.example.com"])) for name in ("old", "new"))
    new = write(tmp_path / "new.json", {**SHARED, "tls_client_auth_san_dns": "new.example.com"})
    assert flask(server.app, "register-client", "shop", old) == (0, "")
    code, output = flask(server.app, "register-client", "shop", new)
    assert (code, "--replace" in output) == (1, True)
    assert [server.token("shop", pair).status_code for pair in (one, two)] == [200, 401]
    assert flask(server.app, "register-client", "--replace", "shop", new) == (0, "")
    assert [server.token("shop", pair).status_code for pair in (one, two)] == [401, 200]


def test_client_id_is_unique_in_the_database(server: AuthServer) -> None:
    from sqlalchemy.exc import IntegrityError

    models = example("authserver.models")
    with server.app.app_context():
        models.db.session.add(models.OAuth2Client(client_id="billing"))
        with pytest.raises(IntegrityError):
            models.db.session.commit()
        models.db.session.rollback()
        models.db.session.add(models.OAuth2Client(client_id="another"))
        models.db.session.commit()


BASIC = {"token_endpoint_auth_method": "client_secret_basic", "grant_types": ["client_credentials"]}


@pytest.mark.parametrize("values", [
    7, [1], {}, {"token_endpoint_auth_method": "tls_client_auth"},
    {**SHARED, "tls_client_auth_san_dns": "a.example.com", "scope": None},
    {**SHARED, "tls_client_auth_san_dns": "a.example.com", "scope": "everything"},
    {**SHARED, "tls_client_auth_san_dns": "a.example.com", "grant_types": 5},
    {**SHARED, "tls_client_auth_san_dns": "a.example.com", "grant_types": ["password"]},
    {**BASIC, "client_secret": 5}, {**BASIC, "client_secret": ""}, {**BASIC, "client_secret": "é"},
    {**BASIC, "client_secret": "s" * 121},
])  # fmt: skip
def test_impossible_client(server: AuthServer, tmp_path: Path, values: Any) -> None:
    code, output = flask(server.app, "register-client", "shop", write(tmp_path / "wrong.json", values))
    assert code == 1
    assert output.startswith("Error:")
    with server.app.app_context():
        assert example("authserver.oauth").query_client("shop") is None


@pytest.mark.parametrize(("client_id", "code"), [("x" * 255, 0), ("x" * 256, 1), ("é", 1)])
def test_client_id(server: AuthServer, old: str, client_id: str, code: int) -> None:
    assert flask(server.app, "register-client", client_id, old)[0] == code


def test_long_client_id_everywhere(server: AuthServer, ca: KeyPair, tmp_path: Path) -> None:
    """PostgreSQL refuses what is longer than its column: of clients, codes and tokens."""
    client_id = "https://client.example.com/".ljust(255, "x")
    grants = ["client_credentials", "authorization_code", "refresh_token"]
    values = {
        **SHARED,
        "tls_client_auth_san_dns": "long.example.com",
        "grant_types": grants,
        "redirect_uris": [REDIRECT],
    }
    assert flask(server.app, "register-client", client_id, write(tmp_path / "long.json", values)) == (0, "")
    pair = ca.issue("CN=long", Profile(san_dns=["long.example.com"]))
    assert server.token(client_id, pair).status_code == 200
    tokens = server.exchange(client_id, server.code(client_id), pair)
    assert tokens.status_code == 200, tokens.text
    assert server.refresh(client_id, tokens.get_json()["refresh_token"], pair).status_code == 200
    assert server.introspect(tokens.get_json()["access_token"])["client_id"] == client_id


def test_secrets(server: AuthServer, tmp_path: Path, old: str) -> None:
    given = write(tmp_path / "given.json", {**BASIC, "client_secret": "own"})
    none = write(tmp_path / "none.json", BASIC)
    assert flask(server.app, "register-client", "given", given) == (0, "")
    code, output = flask(server.app, "register-client", "made", none)
    made = output.removeprefix("client_secret: ").strip()
    assert (code, len(made)) == (0, 48)
    for client_id, secret in {"given": "own", "made": made}.items():
        assert server.token(client_id, secret=secret, scope="").status_code == 200
        assert flask(server.app, "register-client", "--replace", client_id, none) == (0, "")
        assert server.token(client_id, secret=secret, scope="").status_code == 200
        assert server.token(client_id, secret="wrong", scope="").status_code == 401
    assert flask(server.app, "register-client", "--replace", "given", old) == (0, "")
    assert server.token("given", secret="own", scope="").status_code == 401
    with server.app.app_context():
        assert example("authserver.oauth").query_client("given").client_secret is None


def test_who_may_introspect(server: AuthServer, billing: KeyPair, ca: KeyPair, old: str) -> None:
    token = server.token("billing", billing).get_json()["access_token"]
    pair = ca.issue("CN=x", Profile(san_dns=["old.example.com"]))
    for client_id, option in {"shop": [], "bank": ["--may-introspect"]}.items():
        assert flask(server.app, "register-client", *option, client_id, old) == (0, "")
        answer = server.post("/oauth/introspect", {"client_id": client_id, "token": token}, pair)
        assert answer.get_json()["active"] is bool(option)


def test_replacing_leaves_who_may_introspect(server: AuthServer, old: str) -> None:
    def may() -> bool:
        with server.app.app_context():
            return bool(example("authserver.oauth").query_client("bank").may_introspect)

    for options, expected in (
        (["--may-introspect"], True),
        (["--replace"], True),
        (["--replace", "--may-not-introspect"], False),
        (["--replace"], False),
    ):
        assert flask(server.app, "register-client", *options, "bank", old) == (0, "")
        assert may() is expected


def test_tables_are_made_by_a_command(tmp_path: Path, old: str) -> None:
    """Not by each worker at once; and once they are there, nothing is lost."""
    app = example("authserver").create_app({"SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/new.db"})
    assert not (tmp_path / "new.db").exists()
    assert flask(app, "init-db") == (0, "")
    assert flask(app, "register-client", "shop", old) == (0, "")
    assert flask(app, "init-db") == (0, "")
    assert flask(app, "register-client", "shop", old)[0] == 1
    with app.app_context():
        example("authserver.models").db.engine.dispose()
