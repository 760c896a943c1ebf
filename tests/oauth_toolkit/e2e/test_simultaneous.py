"""Row 61 at the example with two gunicorn workers, on PostgreSQL and SQLite: four requests at once."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from tests.databases import postgresql
from tests.oauth_toolkit.support import REDIRECT, SECRET, VERIFIER
from tests.simultaneous import at_once, gunicorn, post

from .conftest import register
from .process import EXAMPLE, environment, prepared

ROUNDS = 6
CODE = {"grant": "authorization-code", "codes": 100}
CLIENTS: dict[str, Any] = {
    "browser": {**CODE, "type": "public", "metadata": {}},
    "unbound": {**CODE, "type": "confidential", "metadata": {}},
}
SECRETS = {"unbound": {"client_secret": SECRET}}


@dataclass
class Workers:
    """The running workers, and which codes are left."""

    port: int
    number: int = 0

    def code(self, client_id: str) -> dict[str, str]:
        """Return a request that redeems a code which is not used yet."""
        self.number += 1
        return {
            "grant_type": "authorization_code", "code": f"{client_id}-{self.number}", "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER, "client_id": client_id, **SECRETS.get(client_id, {}),
        }  # fmt: skip

    def refresh(self, client_id: str, token: str) -> dict[str, str]:
        named = {"client_id": client_id, **SECRETS.get(client_id, {})}
        return {"grant_type": "refresh_token", "refresh_token": token, **named}

    def send(self, form: dict[str, str], path: str = "/o/token/") -> tuple[int, Any]:
        return post(self.port, path, form)

    def is_active(self, tokens: Any) -> bool:
        form = {"client_id": "unbound", "token": tokens["access_token"], **SECRETS["unbound"]}
        return bool(self.send(form, "/o/introspect/")[1]["active"])


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def workers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    with ExitStack() as stack:
        variables = {"OAUTH_MTLS": json.dumps({"SOURCE": "nginx", "TRUSTED_PROXIES": ["127.0.0.1"]})}
        if request.param == "postgresql":
            variables["DATABASE_URL"] = f"postgresql{stack.enter_context(postgresql('oauth_server'))}"
        data = stack.enter_context(prepared(**variables))
        register(data, CLIENTS, **variables)
        environ = environment(data, **variables)
        config = tmp_path_factory.mktemp("workers") / "gunicorn.conf.py"
        yield Workers(stack.enter_context(gunicorn("authserver.wsgi", EXAMPLE, config, environ)))


def at_most_one(answers: list[tuple[int, Any]]) -> Any:
    """Return what the only accepted request got; all others are ``invalid_grant``.

    None where another request ended its tokens before it was answered.
    """
    accepted = [body for status, body in answers if status == 200]
    assert len(accepted) <= 1, answers
    refused = [(status, body["error"]) for status, body in answers if status != 200]
    assert refused == [(400, "invalid_grant")] * (len(answers) - len(accepted)), answers
    return accepted[0] if accepted else None


@pytest.mark.parametrize("client_id", CLIENTS)
def test_row_61_codes(workers: Workers, client_id: str) -> None:
    for _ in range(ROUNDS):
        form = workers.code(client_id)
        winner = at_most_one(at_once(partial(workers.send, form)))
        assert winner is None or not workers.is_active(winner)


@pytest.mark.parametrize("client_id", CLIENTS)
def test_row_61_refresh_tokens(workers: Workers, client_id: str) -> None:
    """OAuth Toolkit rotates those of all clients."""
    for _ in range(ROUNDS):
        status, tokens = workers.send(workers.code(client_id))
        assert status == 200, tokens
        form = workers.refresh(client_id, tokens["refresh_token"])
        winner = at_most_one(at_once(partial(workers.send, form)))
        if winner is not None:
            assert not workers.is_active(winner)
            status, body = workers.send(workers.refresh(client_id, winner["refresh_token"]))
            assert (status, body["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("client_id", CLIENTS)
def test_one_after_the_other(workers: Workers, client_id: str) -> None:
    status, tokens = workers.send(workers.code(client_id))
    for _ in range(ROUNDS):
        assert status == 200, tokens
        assert workers.is_active(tokens)
        status, tokens = workers.send(workers.refresh(client_id, tokens["refresh_token"]))
