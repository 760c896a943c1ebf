"""Row 61 at the Authlib example: what serves once, what stays, and what a second use ends."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from tests.simultaneous import NUMBER, at_once
from wsgi_mtls.testing import KeyPair

from .authserver import DATABASE, AuthServer, example, make_authserver, metadata, outcome

INVALID_GRANT = (400, "invalid_grant")
ONE_OF_FOUR = [(200, None), INVALID_GRANT, INVALID_GRANT, INVALID_GRANT]


@pytest.fixture
def server(mobile: KeyPair, tmp_path: Path) -> AuthServer:
    """The example with an API that takes unbound tokens, in a database for several threads."""
    clients = metadata(mobile)
    clients["browser"] = {**clients["public"], "tls_client_certificate_bound_access_tokens": False}
    url = f"sqlite:///{tmp_path}/authserver.db" if DATABASE == "sqlite://" else DATABASE
    return AuthServer(make_authserver(clients, SQLALCHEMY_DATABASE_URI=url))


def tokens(answer: TestResponse) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.get_json()
    return found


def is_active(server: AuthServer, found: dict[str, str]) -> bool:
    return bool(server.introspect(found["access_token"])["active"])


def sort(answers: list[TestResponse]) -> list[tuple[int, str | None]]:
    return sorted(outcome(answer) for answer in answers)


@pytest.mark.parametrize("client_id", ["browser", "public", "unbound", "billing"])
def test_second_use_of_a_code_ends_what_the_first_gave(server: AuthServer, billing: KeyPair, client_id: str) -> None:
    options: dict[str, Any] = {"secret": "s3cret"} if client_id == "unbound" else {}
    code, another = server.code(client_id), server.code(client_id)
    first = tokens(server.exchange(client_id, code, billing, **options))
    second = tokens(server.refresh(client_id, first["refresh_token"], billing, **options))
    others = tokens(server.exchange(client_id, another, billing, **options))
    live = {"refresh_token": first["refresh_token"], **second}["refresh_token"]
    assert is_active(server, second)
    assert outcome(server.exchange(client_id, code, billing, **options)) == INVALID_GRANT
    assert [is_active(server, found) for found in (first, second, others)] == [False, False, True]
    assert outcome(server.refresh(client_id, live, billing, **options)) == INVALID_GRANT
    assert server.refresh(client_id, others["refresh_token"], billing, **options).status_code == 200


def test_another_client_ends_nothing(server: AuthServer, billing: KeyPair, other: KeyPair) -> None:
    code = server.code("billing")
    found = tokens(server.exchange("billing", code, billing))
    assert outcome(server.exchange("other", code, other)) == INVALID_GRANT
    assert outcome(server.exchange("browser", code)) == INVALID_GRANT
    assert is_active(server, found)
    old = tokens(server.exchange("browser", server.code("browser")))
    new = tokens(server.refresh("browser", old["refresh_token"]))
    assert outcome(server.refresh("other", old["refresh_token"], other)) == INVALID_GRANT
    assert outcome(server.refresh("unbound", old["refresh_token"], secret="s3cret")) == INVALID_GRANT
    assert is_active(server, new)
    assert server.refresh("browser", new["refresh_token"]).status_code == 200


def test_code_that_gave_nothing_serves_later(server: AuthServer, billing: KeyPair) -> None:
    code = server.code("public")
    for wrong in ({"code_verifier": "w" * 43}, {"redirect_uri": "https://client.example.com/other"}):
        assert server.exchange("public", code, billing, **wrong).status_code == 400
    assert outcome(server.exchange("public", code)) == (400, "invalid_request")  # its tokens must be bound
    assert server.exchange("public", code, billing).status_code == 200


def test_reuse_of_a_refresh_token_ends_its_family(server: AuthServer) -> None:
    """RFC 9700 section 4.14.2: a thief's and the holder's look alike, so neither keeps anything."""
    chain = [tokens(server.exchange("browser", server.code("browser")))]
    others = tokens(server.exchange("browser", server.code("browser")))
    for _ in range(3):
        chain.append(tokens(server.refresh("browser", chain[-1]["refresh_token"])))
    assert len({found["refresh_token"] for found in chain}) == len(chain)
    assert [is_active(server, found) for found in chain] == [False, False, False, True]
    assert outcome(server.refresh("browser", chain[1]["refresh_token"])) == INVALID_GRANT
    assert not is_active(server, chain[-1])
    assert outcome(server.refresh("browser", chain[-1]["refresh_token"])) == INVALID_GRANT
    assert is_active(server, others)


@pytest.mark.parametrize("client_id", ["billing", "public", "secretive", "unbound"])
def test_refresh_token_that_something_else_binds_stays(server: AuthServer, billing: KeyPair, client_id: str) -> None:
    """By the client's authentication, or by the certificate of a public one."""
    options: dict[str, Any] = {"secret": "s3cret"} if client_id in ("secretive", "unbound") else {}
    first = tokens(server.exchange(client_id, server.code(client_id), billing, **options))
    for _ in range(2):
        found = tokens(server.refresh(client_id, first["refresh_token"], billing, **options))
        assert "refresh_token" not in found
        assert is_active(server, found)
    assert is_active(server, first)


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
@pytest.mark.parametrize("client_id", ["browser", "unbound"])
def test_revocation_ends_the_grant(server: AuthServer, client_id: str, name: str) -> None:
    """RFC 7009 section 2.1: also the access tokens that came of the refresh token."""
    options: dict[str, Any] = {"secret": "s3cret"} if client_id == "unbound" else {}
    first = tokens(server.exchange(client_id, server.code(client_id), **options))
    live = {**first, **tokens(server.refresh(client_id, first["refresh_token"], **options))}
    others = tokens(server.exchange(client_id, server.code(client_id), **options))
    revoked = server.revoke(client_id, live[name], **options)
    assert revoked.status_code == 200, revoked.text
    assert [is_active(server, found) for found in (first, live, others)] == [False, False, True]
    assert outcome(server.refresh(client_id, live["refresh_token"], **options)) == INVALID_GRANT


def test_revocation_of_one_machine_token_leaves_the_others(server: AuthServer) -> None:
    first, second = (tokens(server.token("unbound", secret="s3cret")) for _ in range(2))
    assert server.revoke("unbound", first["access_token"], secret="s3cret").status_code == 200
    assert [is_active(server, found) for found in (first, second)] == [False, True]


def hold(monkeypatch: pytest.MonkeyPatch, grant: str) -> None:
    """Hold each request after its code or token was found good, until all four are there."""
    grant_class, barrier = getattr(example("authserver.oauth"), grant), Barrier(NUMBER)
    authenticate_user = grant_class.authenticate_user

    def held(self: Any, *args: Any) -> Any:
        barrier.wait(timeout=60)
        return authenticate_user(self, *args)

    monkeypatch.setattr(grant_class, "authenticate_user", held)


@pytest.mark.parametrize("client_id", ["browser", "unbound"])
def test_row_61_four_good_codes_at_once(
    server: AuthServer, monkeypatch: pytest.MonkeyPatch, client_id: str
) -> None:  # fmt: skip
    options: dict[str, Any] = {"secret": "s3cret"} if client_id == "unbound" else {}
    code = server.code(client_id)
    with monkeypatch.context() as patched:
        hold(patched, "AuthorizationCodeGrant")
        answers = at_once(lambda: server.exchange(client_id, code, **options))
    assert sort(answers) == ONE_OF_FOUR
    (winner,) = (answer.get_json() for answer in answers if answer.status_code == 200)
    assert not is_active(server, winner)
    assert outcome(server.refresh(client_id, winner["refresh_token"], **options)) == INVALID_GRANT


def test_row_61_four_good_refresh_tokens_at_once(server: AuthServer, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens(server.exchange("browser", server.code("browser")))["refresh_token"]
    with monkeypatch.context() as patched:
        hold(patched, "RefreshTokenGrant")
        answers = at_once(lambda: server.refresh("browser", token))
    assert sort(answers) == ONE_OF_FOUR
    (winner,) = (answer.get_json() for answer in answers if answer.status_code == 200)
    assert not is_active(server, winner)
    assert outcome(server.refresh("browser", winner["refresh_token"])) == INVALID_GRANT


def test_four_refresh_tokens_that_stay_at_once(server: AuthServer, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens(server.exchange("unbound", server.code("unbound"), secret="s3cret"))["refresh_token"]
    with monkeypatch.context() as patched:
        hold(patched, "RefreshTokenGrant")
        answers = at_once(lambda: server.refresh("unbound", token, secret="s3cret"))
    assert [answer.status_code for answer in answers] == [200] * NUMBER
    assert all(is_active(server, answer.get_json()) for answer in answers)


def test_four_first_visits_of_one_user_at_once(server: AuthServer) -> None:
    """Each makes the user's row, which is there once."""
    assert len(set(at_once(lambda: server.code("browser")))) == NUMBER


def wait_for_a_waiting_statement(server: AuthServer) -> None:
    """On PostgreSQL, until a statement waits for another one's lock; SQLite does not report that."""
    if DATABASE == "sqlite://":
        return
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + 60
    with server.app.app_context():
        engine = example("authserver.models").db.engine
        while time.monotonic() < deadline:
            with engine.connect() as connection:
                if connection.scalar(text(waiting)):
                    return
    pytest.fail("Expected a statement that waits for a lock.")


@pytest.mark.parametrize("client_id", ["browser", "unbound"])
@pytest.mark.parametrize("end", ["revocation", "code again"])
def test_refresh_under_way_does_not_outlive_its_grant(
    server: AuthServer, monkeypatch: pytest.MonkeyPatch, client_id: str, end: str
) -> None:
    """The statement that revokes a grant does not see a token that another transaction is adding."""
    options: dict[str, Any] = {"secret": "s3cret"} if client_id == "unbound" else {}
    code = server.code(client_id)
    first = tokens(server.exchange(client_id, code, **options))
    adding, go_on = Event(), Event()
    authlib_server = example("authserver.oauth").server
    save_token = authlib_server._save_token

    def held(*args: Any) -> Any:
        adding.set()
        assert go_on.wait(timeout=60)
        return save_token(*args)

    monkeypatch.setattr(authlib_server, "_save_token", held)
    with ThreadPoolExecutor(2) as pool:
        refreshed = pool.submit(server.refresh, client_id, first["refresh_token"], **options)
        assert adding.wait(timeout=60)
        if end == "revocation":
            ended = pool.submit(server.revoke, client_id, first["access_token"], **options)
        else:
            ended = pool.submit(server.exchange, client_id, code, **options)
        wait_for_a_waiting_statement(server)
        go_on.set()
        answers = refreshed.result(), ended.result()
    assert answers[0].status_code == 200
    assert outcome(answers[1]) == ((200, None) if end == "revocation" else INVALID_GRANT)
    assert not is_active(server, answers[0].get_json())
    live = {**first, **answers[0].get_json()}["refresh_token"]
    assert outcome(server.refresh(client_id, live, **options)) == INVALID_GRANT


def test_save_token_that_drops_the_grant(server: AuthServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reuse would end nothing: that is an error of the server's author, seen with the first token."""
    authlib_server = example("authserver.oauth").server
    save_token, code = authlib_server._save_token, server.code("browser")
    with monkeypatch.context() as patched:
        patched.setattr(
            authlib_server, "_save_token",
            lambda token, request: save_token({k: v for k, v in token.items() if k != "grant_id"}, request),
        )  # fmt: skip
        with pytest.raises(RuntimeError, match="must store token\\['grant_id'\\]"):
            server.exchange("browser", code)
