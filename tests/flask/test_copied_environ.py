"""A view that calls the app again with a copy of its environ: nothing that was decided goes over to the copy."""

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.test import run_wsgi_app

from flask_mtls import MutualTLS, bound_token, bound_token_required, certificate_required, current_client
from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.testing import KeyPair, environ_for


class Tokens:
    """Tokens that are the names of their subjects."""

    def decode(self, token: str, /) -> dict[str, Any]:
        if token == "bad":
            raise InvalidToken("No such token.")
        return {"sub": token}


@pytest.fixture
def app(billing: KeyPair, clients: Any) -> Flask:
    app = Flask("application")
    app.testing = True
    app.config.update(MTLS_SOURCE="mod_ssl", MTLS_CLIENTS=clients, MTLS_TOKENS=Tokens())
    MutualTLS(app)
    unbound = bound_token_required(required=False)
    app.add_url_rule("/me", "me", unbound(lambda: str(bound_token.claims["sub"])))
    app.add_url_rule("/who", "who", certificate_required(lambda: current_client.client_id))

    def again(path: str, **changes: Any) -> list[str]:
        copied = {**request.environ, "PATH_INFO": path, **changes}
        copied.pop("werkzeug.request", None)
        body, status, _ = run_wsgi_app(app.wsgi_app, copied, buffered=True)
        return [status[:3], b"".join(body).decode()]

    app.add_url_rule("/tokens", "tokens", unbound(lambda: [
        again("/me", HTTP_AUTHORIZATION=value)[:limit] for value, limit in
        (("Bearer alice", 2), ("Bearer bob", 2), ("Bearer bad", 1), ("", 1))
    ]))  # fmt: skip
    app.add_url_rule("/certificates", "certificates", certificate_required(lambda: [
        again("/who")[:2], again("/who", **app.config["OTHER"])[:1], again("/who", **environ_for(None))[:1]
    ]))  # fmt: skip
    return app


def get(app: Flask, path: str, pair: KeyPair, headers: Mapping[str, str] | None = None) -> Any:
    return app.test_client().get(path, environ_overrides=environ_for(pair), headers=headers).json


def test_another_token(app: Flask, billing: KeyPair) -> None:
    answers = get(app, "/tokens", billing, {"Authorization": "Bearer alice"})
    assert answers == [["200", "alice"], ["200", "bob"], ["401"], ["401"]]


def test_another_certificate(app: Flask, billing: KeyPair, ca: KeyPair) -> None:
    app.config["OTHER"] = environ_for(ca.issue("CN=nobody"))
    assert get(app, "/certificates", billing) == [["200", "billing"], ["401"], ["401"]]
