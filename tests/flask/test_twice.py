"""A view that is guarded twice: decided and reported once, and what was found does not outlive a refusal."""

import logging
from typing import Any

import pytest
from flask import Flask

from flask_mtls import (
    MutualTLSRefusal,
    bound_token,
    bound_token_required,
    certificate_required,
    client_auth_required,
    current_client,
    mtls_client_authenticated,
    mtls_token_accepted,
)
from wsgi_mtls.testing import KeyPair

from .conftest import AppFactory, came_with


class Tokens:
    decoded = 0

    def decode(self, token: str, /) -> dict[str, Any]:
        self.decoded += 1
        return {"client_id": "billing", "scope": "a b"}


@pytest.fixture
def app(make_app: AppFactory) -> Flask:
    app = make_app(MTLS_TOKENS=Tokens())
    app.register_error_handler(
        MutualTLSRefusal, lambda error: {"token": bool(bound_token), "client": bool(current_client)}
    )
    return app


def test_token(app: Flask, billing: KeyPair) -> None:
    def found() -> dict[str, bool]:
        return {"token": bool(bound_token)}

    app.add_url_rule("/once", "once", bound_token_required(required=False)(found))
    app.add_url_rule("/twice", "twice", bound_token_required(required=False)(bound_token_required(found)))
    headers = {"Authorization": "Bearer x"}
    assert app.test_client().get("/once", headers=headers, **came_with(billing)).json == {"token": True}
    answer = app.test_client().get("/twice", headers=headers, **came_with(billing))
    assert answer.json == {"token": False, "client": False}


def reported(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.mtls_event.name for record in caplog.records if hasattr(record, "mtls_event")]


def test_token_is_decided_once(app: Flask, billing: KeyPair, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wsgi_mtls")
    tokens, heard = app.config["MTLS_TOKENS"], []

    def accepted(sender: Flask, **about: Any) -> None:
        heard.append(about["event"])

    for path, scope in {"/right": "b", "/wrong": "c"}.items():
        inner = bound_token_required(scope=scope, required=False)(lambda: str(bound_token.client_id))
        app.add_url_rule(path, path, bound_token_required(scope="a", required=False)(inner))
    headers = {"Authorization": "Bearer x"}
    with mtls_token_accepted.connected_to(accepted, app):
        assert app.test_client().get("/right", headers=headers, **came_with(billing)).text == "billing"
        assert (tokens.decoded, len(heard), reported(caplog)) == (1, 1, ["token_accepted"])
        caplog.clear()
        refused = app.test_client().get("/wrong", headers=headers, **came_with(billing))
    assert refused.json == {"token": False, "client": False}
    assert (tokens.decoded, reported(caplog)) == (2, ["token_accepted", "token_rejected"])


def test_certificate_is_decided_once(app: Flask, billing: KeyPair, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wsgi_mtls")
    heard = []

    def authenticated(sender: Flask, **about: Any) -> None:
        heard.append(about["event"])

    view = certificate_required(certificate_required(lambda: current_client.client_id))
    app.add_url_rule("/twice", "twice", view, methods=["GET", "POST"])
    with mtls_client_authenticated.connected_to(authenticated, app):
        assert app.test_client().get("/twice", **came_with(billing)).text == "billing"
    assert (len(heard), reported(caplog)) == (1, ["client_authenticated"])


def test_second_guard_still_looks_at_the_site(app: Flask, billing: KeyPair) -> None:
    inner = certificate_required(lambda: current_client.client_id)
    app.add_url_rule("/twice", "twice", certificate_required(allow_cross_site=True)(inner), methods=["POST"])
    cross_site = {"Sec-Fetch-Site": "cross-site"}
    refused = app.test_client().post("/twice", headers=cross_site, **came_with(billing))
    assert refused.json == {"token": False, "client": False}
    assert app.test_client().post("/twice", **came_with(billing)).text == "billing"


def test_client_outlives_a_guard_that_seeks_none(app: Flask, billing: KeyPair) -> None:
    staff = certificate_required(authorize=lambda peer: True)
    app.add_url_rule("/twice", "twice", certificate_required(staff(lambda: current_client.client_id)))
    app.add_url_rule("/staff", "staff", staff(lambda: {"client": bool(current_client)}))
    assert app.test_client().get("/twice", **came_with(billing)).text == "billing"
    assert app.test_client().get("/staff", **came_with(billing)).json == {"client": False}


def test_client(app: Flask, billing: KeyPair) -> None:
    strict = client_auth_required(allowed_methods=["self_signed_tls_client_auth"])
    for path, guarded in {
        "/once": client_auth_required,
        "/twice": lambda view: client_auth_required(strict(view)),
    }.items():
        app.add_url_rule(path, path, guarded(lambda: {"client": bool(current_client)}), methods=["POST"])
    for path, found in {"/once": {"client": True}, "/twice": {"client": False, "token": False}}.items():
        answer = app.test_client().post(path, data={"client_id": "billing"}, **came_with(billing))
        assert answer.json == found


def test_certificate(app: Flask, billing: KeyPair) -> None:
    nobody = certificate_required(authorize=lambda peer: False)
    app.add_url_rule("/twice", "twice", certificate_required(nobody(lambda: "")))
    app.add_url_rule("/once", "once", certificate_required(lambda: {"client": bool(current_client)}))
    assert app.test_client().get("/once", **came_with(billing)).json == {"client": True}
    assert app.test_client().get("/twice", **came_with(billing)).json == {"client": False, "token": False}
