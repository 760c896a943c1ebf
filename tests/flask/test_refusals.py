"""Refusals are Werkzeug's HTTP exceptions, so an app replaces the answers in Flask's own manner; and signals."""

import logging
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
    mtls_token_rejected,
    peer_certificate,
)
from wsgi_mtls.binding import bind, verify_confirmation
from wsgi_mtls.clients import Client
from wsgi_mtls.events import Event
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

    def authenticated(sender: Flask, event: Event) -> None:
        heard.append(("authenticated", sender, event.client_id))

    def rejected(sender: Flask, event: Event) -> None:
        heard.append(("rejected", sender, event.reason))

    with mtls_client_authenticated.connected_to(authenticated), mtls_client_rejected.connected_to(rejected):
        app.test_client().post("/token", data={"client_id": "billing"}, **came_with(billing))
        app.test_client().post("/token", data={"client_id": "billing"})
    assert heard == [("authenticated", app, "billing"), ("rejected", app, "no_certificate")]


def test_what_a_view_lets_out_is_reported(
    app: Flask, billing: KeyPair, other: KeyPair, caplog: pytest.LogCaptureFixture
) -> None:
    """As any other refusal: the core's functions that decide nothing about a request report nothing."""
    caplog.set_level(logging.INFO, "wsgi_mtls")
    heard: list[tuple[str, str | None]] = []
    cnf = {"cnf": {"x5t#S256": billing.certificate.thumbprint}}
    client = Client.from_metadata({"client_id": "billing"})

    def rejected(sender: Flask, event: Event) -> None:
        heard.append((event.name, event.reason))

    app.add_url_rule("/bind", "bind", lambda: bind({}, peer_certificate or None, client, always=True))
    app.add_url_rule("/verify", "verify", lambda: {"ok": bool(verify_confirmation(cnf, peer_certificate or None))})
    junk = {"environ_overrides": {"SSL_CLIENT_CERT": "junk", "SSL_CLIENT_VERIFY": "SUCCESS"}}
    with mtls_client_rejected.connected_to(rejected, app), mtls_token_rejected.connected_to(rejected, app):
        for path, options in (("/bind", {}), ("/bind", junk), ("/verify", came_with(other))):
            assert app.test_client().get(path, **options).status_code in (400, 401)
        for path in ("/bind", "/verify"):
            assert app.test_client().get(path, **came_with(billing)).status_code == 200
    assert heard == [
        ("client_rejected", "certificate_required"),
        ("client_rejected", "malformed_certificate"),
        ("token_rejected", "confirmation_mismatch"),
    ]
    events: list[Any] = [record.mtls_event for record in caplog.records if hasattr(record, "mtls_event")]
    assert [(event.name, event.reason) for event in events] == heard
    assert events[2].thumbprint == other.certificate.thumbprint
