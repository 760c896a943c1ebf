"""Refusals are Werkzeug's HTTP exceptions, so an app replaces the answers in Flask's own manner; and signals."""

from typing import Any

import pytest
from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed, Unauthorized

from flask_mtls import (
    MutualTLSRefusal,
    client_auth_required,
    current_client,
    mtls_client_authenticated,
    mtls_client_rejected,
)
from wsgi_mtls.errors import NoCertificate
from wsgi_mtls.testing import KeyPair

from .conftest import AppFactory, came_with


@pytest.fixture
def app(make_app: AppFactory) -> Flask:
    app = make_app()
    app.add_url_rule(
        "/token", view_func=client_auth_required(lambda: current_client.client_id), methods=["GET", "POST"]
    )
    return app


@pytest.mark.parametrize("key", [401, Unauthorized, MutualTLSRefusal, HTTPException])
def test_error_handler_replaces_the_answer(app: Flask, billing: KeyPair, key: Any) -> None:
    @app.errorhandler(key)
    def own(error: MutualTLSRefusal) -> ResponseReturnValue:
        assert isinstance(error, HTTPException)
        return jsonify(reason=error.error.reason), 418

    answer = app.test_client().post("/token", data={"client_id": "billing"})
    assert (answer.status_code, answer.json) == (418, {"reason": "no_certificate"})
    assert app.test_client().post("/token", data={"client_id": "billing"}, **came_with(billing)).text == "billing"


def test_error_handler_of_another_status_is_left_out(app: Flask) -> None:
    @app.errorhandler(MethodNotAllowed)
    def own(error: MutualTLSRefusal) -> ResponseReturnValue:
        return "", 418

    assert app.test_client().post("/token", data={"client_id": "billing"}).status_code == 401
    assert app.test_client().get("/token").status_code == 418


def test_default_answer_is_the_cores(app: Flask) -> None:
    answer = app.test_client().post("/token", data={"client_id": "billing"})
    assert answer.content_type == "application/json"
    assert (answer.status_code, answer.json) == (401, {"error": "invalid_client"})


def test_signals(app: Flask, billing: KeyPair) -> None:
    heard: list[tuple[str, Flask, object]] = []

    def authenticated(sender: Flask, client: Any) -> None:
        heard.append(("authenticated", sender, client.client_id))

    def rejected(sender: Flask, error: Any) -> None:
        heard.append(("rejected", sender, type(error)))

    with mtls_client_authenticated.connected_to(authenticated), mtls_client_rejected.connected_to(rejected):
        app.test_client().post("/token", data={"client_id": "billing"}, **came_with(billing))
        app.test_client().post("/token", data={"client_id": "billing"})
    assert heard == [("authenticated", app, "billing"), ("rejected", app, NoCertificate)]
