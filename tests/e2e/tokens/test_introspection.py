"""An API that asks the demo's authorization server about tokens: three parties, each over real mutual TLS."""

from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from tests.support import refused
from tests.tls import SERVER_CA, client_context, serving, tls_post, write_pair
from tests.tokens import GuardedAPI
from wsgi_mtls.cli.demo_authorization_server import LIFETIME, DemoAuthorizationServer
from wsgi_mtls.cli.terminators import LOOPBACK
from wsgi_mtls.jwks import jwk
from wsgi_mtls.store import MemoryStore
from wsgi_mtls.testing import KeyPair, self_sign, to_pem
from wsgi_mtls.tokens import IntrospectedTokens

AUDIENCE = "https://api.example.com"


class Parties:
    """An authorization server and an API, and a client of theirs.

    Attributes:
        now: the time of both servers, in seconds since the epoch.
        asked: how often the API asked the authorization server.
    """

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self.now = 1_800_000_000.0
        self.asked = 0
        self.api_pair, self.client_pair = self_sign("CN=api"), self_sign("CN=billing")
        pairs = {"api": self.api_pair, "billing": self.client_pair}
        self.server = DemoAuthorizationServer(
            "https://as.example.com",
            {name: registered(pair) for name, pair in pairs.items()},
            audience=AUDIENCE,
            clock=lambda: self.now,
        )
        self.as_port = running.enter_context(serving(self._count))
        self.guarded = GuardedAPI(self.tokens(folder, self.api_pair))
        self.api_port = running.enter_context(serving(self.guarded.app))

    def _count(self, environ: Any, start_response: Any) -> Any:
        self.asked += environ["PATH_INFO"] == "/introspect"
        return self.server.app(environ, start_response)

    def tokens(self, folder: Path, pair: KeyPair) -> IntrospectedTokens:
        """Make what asks about tokens with this certificate."""
        certificate, key = write_pair(folder, "api", pair)
        ca = folder / "ca.pem"
        ca.write_bytes(to_pem(SERVER_CA.certificate))
        return IntrospectedTokens(
            f"https://{LOOPBACK}:{self.as_port}/introspect",
            audience=AUDIENCE,
            client_id="api",
            certificate=certificate,
            private_key=key,
            ca=ca,
            clock=lambda: self.now,
            store=MemoryStore(clock=lambda: self.now),
        )

    def token(self) -> str:
        form = {"client_id": "billing", "grant_type": "client_credentials"}
        answer = tls_post(self.as_port, self.client_pair, form)
        assert answer.status == 200, answer
        return str(answer.json["access_token"])

    def call(self, token: str, pair: KeyPair | None) -> str:
        """Call the API over a new connection; return why it refused, or ``accepted``."""
        self.guarded.events.clear()
        connection = HTTPSConnection(LOOPBACK, self.api_port, context=client_context(pair), timeout=20)
        try:
            connection.request("GET", "/accounts", headers={"Authorization": f"Bearer {token}"})
            status = connection.getresponse().status
        finally:
            connection.close()
        (event,) = self.guarded.events
        assert status == (401 if event.reason else 200)
        return event.reason or "accepted"


def registered(pair: KeyPair) -> dict[str, object]:
    return {
        "token_endpoint_auth_method": "self_signed_tls_client_auth",
        "jwks": {"keys": [jwk(pair.certificate)]},
        "tls_client_certificate_bound_access_tokens": True,
    }


@pytest.fixture
def parties(tmp_path: Path) -> Iterator[Parties]:
    with ExitStack() as running:
        yield Parties(tmp_path, running)


def test_row_36_active_but_another_certificate(parties: Parties) -> None:
    token, same_name = parties.token(), self_sign("CN=billing")
    assert parties.call(token, same_name) == "confirmation_mismatch"
    assert parties.call(token, None) == "token_without_certificate"
    assert parties.call(token, parties.client_pair) == "accepted"
    # From the cache too, after the owner has been let in.
    assert parties.call(token, same_name) == "confirmation_mismatch"
    assert parties.call(token, parties.api_pair) == "confirmation_mismatch"
    assert parties.call(token, parties.client_pair) == "accepted"
    assert parties.asked == 1


def test_token_that_expires(parties: Parties) -> None:
    token = parties.token()
    parties.now += LIFETIME - 1
    assert parties.call(token, parties.client_pair) == "accepted"
    parties.now += 1
    assert parties.call(token, parties.client_pair) == "token_expired"  # the API's own look at the cached answer
    parties.now += 100
    assert parties.call(token, parties.client_pair) == "token_inactive"
    assert parties.asked == 2


def test_token_that_nobody_issued(parties: Parties) -> None:
    for token in ("opaque", parties.token()[:-1]):
        assert parties.call(token, parties.client_pair) == "token_inactive"
    assert parties.call(parties.token(), parties.client_pair) == "accepted"


def test_endpoint_answers_only_the_api(parties: Parties, tmp_path: Path) -> None:
    token = parties.token()
    with refused("tokens_unavailable", match="401"):
        parties.tokens(tmp_path, parties.client_pair).decode(token)
    assert parties.tokens(tmp_path, parties.api_pair).decode(token)["client_id"] == "billing"
