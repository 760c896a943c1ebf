"""Rows 61 and 69 at the Authlib example with two gunicorn workers, on PostgreSQL and SQLite: four requests at once."""

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.databases import in_one_environment, postgresql
from tests.simultaneous import at_once, browse, gunicorn, post
from wsgi_mtls.testing import KeyPair

from .authserver import REDIRECT, VERIFIER, AuthServer, close_databases, make_authserver, metadata
from .pushed import REQUEST, authorize_url

pytestmark = in_one_environment

EXAMPLE = Path(__file__).parents[3] / "examples" / "flask_authlib"
ROUNDS = 6
BASIC = {"Authorization": "Basic " + base64.b64encode(b"unbound:s3cret").decode()}
API = {"Authorization": "Basic " + base64.b64encode(b"api:s3cret").decode()}


@dataclass
class Workers:
    """The running workers, and the same server in this process, at which the user agrees."""

    server: AuthServer
    port: int

    def four(self, client_id: str, **form: str) -> list[tuple[int, Any]]:
        headers, named = (BASIC, {}) if client_id == "unbound" else ({}, {"client_id": client_id})
        return at_once(lambda: post(self.port, "/oauth/token", {**form, **named}, **headers))

    def codes(self, client_id: str) -> list[tuple[int, Any]]:
        grant = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.four(client_id, code=self.server.code(client_id), **grant)

    def decide(self, request_uri: str) -> list[tuple[int, str]]:
        """Have four browsers agree to one pushed request; return each status and where the browser is sent."""
        signer = self.server.app.session_interface.get_signing_serializer(self.server.app)  # type: ignore[attr-defined]
        cookie = {"Cookie": f"session={signer.dumps({'csrf': 'x'})}"}
        form = {"csrf": "x", "user": "anna", "consent": "yes"}
        return at_once(lambda: browse(self.port, authorize_url("unbound", request_uri), form, **cookie))

    def is_active(self, tokens: Any) -> bool:
        return bool(post(self.port, "/oauth/introspect", {"token": tokens["access_token"]}, **API)[1]["active"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workers")


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def url(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{folder}/authserver.db"
        return
    with postgresql("flask_mtls") as rest:
        yield f"postgresql+psycopg{rest}"


@pytest.fixture(scope="module")
def level(request: pytest.FixtureRequest) -> str | None:
    """The isolation level of the example's engine; None is the database's own."""
    level: str | None = getattr(request, "param", None)
    return level


@pytest.fixture(scope="module")
def workers(url: str, level: str | None, folder: Path, mobile: KeyPair) -> Iterator[Workers]:
    clients = metadata(mobile)
    clients["browser"] = {**clients["public"], "tls_client_certificate_bound_access_tokens": False}
    server = AuthServer(make_authserver(clients, SQLALCHEMY_DATABASE_URI=url))
    environ = {**os.environ, "DATABASE_URL": url, "FLASK_SECRET_KEY": "test"}
    if level is not None:
        environ["FLASK_SQLALCHEMY_ENGINE_OPTIONS"] = json.dumps({"isolation_level": level})
    with gunicorn("authserver:create_app()", EXAMPLE, folder / "gunicorn.conf.py", environ) as port:
        yield Workers(server, port)
    close_databases()


def one_of_four(answers: list[tuple[int, Any]]) -> Any:
    """Return what the only accepted request got; all others are ``invalid_grant``."""
    assert sorted(status for status, _ in answers) == [200, 400, 400, 400], answers
    assert [body["error"] for status, body in answers if status == 400] == ["invalid_grant"] * 3
    return next(body for status, body in answers if status == 200)


@pytest.mark.parametrize("client_id", ["browser", "unbound"])
def test_row_61_codes(workers: Workers, client_id: str) -> None:
    for _ in range(ROUNDS):
        assert not workers.is_active(one_of_four(workers.codes(client_id)))


def test_row_61_refresh_tokens(workers: Workers) -> None:
    for _ in range(ROUNDS):
        tokens = workers.server.exchange("browser", workers.server.code("browser")).get_json()
        refreshing = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        winner = one_of_four(workers.four("browser", **refreshing))
        assert not workers.is_active(winner)
        status, body = post(workers.port, "/oauth/token", {
            "client_id": "browser", "grant_type": "refresh_token", "refresh_token": winner["refresh_token"],
        })  # fmt: skip
        assert (status, body["error"]) == (400, "invalid_grant")


def test_row_69_pushed_requests(workers: Workers) -> None:
    for _ in range(ROUNDS):
        status, body = post(workers.port, "/oauth/par", {"client_id": "unbound", **REQUEST}, **BASIC)
        assert status == 201, body
        answers = workers.decide(body["request_uri"])
        assert sorted(status for status, _ in answers) == [303, 400, 400, 400], answers
        (location,) = (location for status, location in answers if status == 303)
        assert location.startswith(f"{REDIRECT}?code=")


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE", "AUTOCOMMIT"], indirect=True)
def test_rows_61_69_whatever_isolation_level_the_engine_has(workers: Workers) -> None:
    test_row_61_refresh_tokens(workers)
    test_row_69_pushed_requests(workers)


def test_refresh_tokens_that_stay(workers: Workers) -> None:
    """Those of a confidential client: each of its own workers may refresh at the same moment."""
    server = workers.server
    tokens = server.exchange("unbound", server.code("unbound"), secret="s3cret").get_json()
    for _ in range(ROUNDS):
        answers = workers.four("unbound", grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        assert [status for status, _ in answers] == [200] * 4, answers
        assert all(workers.is_active(body) for _, body in answers)
