"""A view that is guarded twice: what an outer decorator found does not outlive the refusal of an inner one."""

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
)
from wsgi_mtls.testing import KeyPair

from .conftest import AppFactory, came_with


class Tokens:
    def decode(self, token: str, /) -> dict[str, Any]:
        return {"client_id": "billing"}


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
