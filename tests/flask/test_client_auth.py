"""``client_auth_required`` on everything that Flask calls a view."""

import logging
from typing import Any

import pytest
from flask import Blueprint, Flask, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from werkzeug.test import TestResponse

from flask_mtls import client_auth_required, current_client
from wsgi_mtls.testing import KeyPair

from .conftest import AppFactory, came_with


def token(app: Flask, client_id: str, pair: KeyPair | None, path: str = "/token", **form: str) -> TestResponse:
    return app.test_client().post(path, data={"client_id": client_id, **form}, **came_with(pair))


def whoami() -> dict[str, str]:
    return {
        "client_id": current_client.client_id,
        "method": current_client.method,
        "thumbprint": current_client.confirmation["x5t#S256"],
        "grant_type": request.form.get("grant_type", ""),
    }


@pytest.fixture
def app(make_app: AppFactory) -> Flask:
    app = make_app()

    @app.post("/token")
    @client_auth_required
    def view() -> ResponseReturnValue:
        return whoami()

    @app.post("/pki")
    @client_auth_required(allowed_methods=["tls_client_auth"])
    def pki() -> ResponseReturnValue:
        return whoami()

    @app.post("/twice")
    @client_auth_required(allowed_methods=["tls_client_auth"])
    @client_auth_required
    def twice() -> ResponseReturnValue:
        return whoami()

    @app.post("/async")
    @client_auth_required
    async def asynchronous() -> ResponseReturnValue:
        return whoami()

    class Revoke(MethodView):
        decorators = [client_auth_required]  # noqa: RUF012  # as Flask's docs do

        def post(self) -> ResponseReturnValue:
            return whoami()

    class Introspect(MethodView):
        @client_auth_required
        def post(self) -> ResponseReturnValue:
            return whoami()

    guarded = Blueprint("guarded", __name__, url_prefix="/guarded")

    @guarded.before_request
    @client_auth_required
    def guard() -> None:
        request.form.get("before")  # the body is still to be read here

    @guarded.post("/par")
    @client_auth_required
    def par() -> ResponseReturnValue:
        return whoami()

    app.add_url_rule("/revoke", view_func=Revoke.as_view("revoke"))
    app.add_url_rule("/introspect", view_func=Introspect.as_view("introspect"))
    app.register_blueprint(guarded)
    return app


ROUTES = ["/token", "/pki", "/twice", "/async", "/revoke", "/introspect", "/guarded/par"]


@pytest.mark.parametrize("path", ROUTES)
def test_client_is_authenticated_and_body_still_there(app: Flask, billing: KeyPair, path: str) -> None:
    answer = token(app, "billing", billing, path, grant_type="client_credentials")
    assert answer.status_code == 200
    assert answer.json == {
        "client_id": "billing",
        "method": "tls_client_auth",
        "thumbprint": billing.certificate.thumbprint,
        "grant_type": "client_credentials",
    }


@pytest.mark.parametrize("path", ROUTES)
def test_no_certificate_is_refused(app: Flask, path: str) -> None:
    answer = token(app, "billing", None, path)
    assert answer.status_code == 401
    assert answer.json == {"error": "invalid_client"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("path", ["/pki", "/twice"])
def test_method_that_the_endpoint_does_not_allow(app: Flask, mobile: KeyPair, path: str) -> None:
    assert token(app, "mobile", mobile, "/token").status_code == 200
    assert token(app, "mobile", mobile, path).status_code == 401


@pytest.mark.parametrize("client_id", ["secretive", "signing", "public"])
def test_client_of_another_method_is_refused(app: Flask, billing: KeyPair, client_id: str) -> None:
    answer = token(app, client_id, billing, client_secret="s3cret")
    assert (answer.status_code, answer.json) == (401, {"error": "invalid_client"})


def test_get_is_refused_with_allow(make_app: AppFactory, billing: KeyPair) -> None:
    app = make_app()
    app.add_url_rule("/token", view_func=client_auth_required(whoami), methods=["GET", "POST"])
    answer = app.test_client().get("/token?client_id=billing", **came_with(billing))
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


def test_body_that_is_too_long(make_app: AppFactory, billing: KeyPair) -> None:
    app = make_app(MTLS_MAX_BODY=100)
    app.add_url_rule("/token", view_func=client_auth_required(whoami), methods=["POST"])
    assert token(app, "billing", billing, state="x" * 50).status_code == 200
    assert token(app, "billing", billing, state="x" * 100).status_code == 413


def test_without_clients_it_says_so(make_app: AppFactory, billing: KeyPair) -> None:
    app = make_app(MTLS_CLIENTS=None)
    app.add_url_rule("/token", view_func=client_auth_required(whoami), methods=["POST"])
    with pytest.raises(RuntimeError, match="MTLS_CLIENTS"):
        token(app, "billing", billing)


@pytest.mark.parametrize("methods", [[], ["client_secret_basic"], "tls_client_auth", ["tls_client_auth", "none"]])
def test_wrong_methods_are_refused_where_they_stand(methods: Any) -> None:
    with pytest.raises(ValueError, match="allowed_methods"):
        client_auth_required(allowed_methods=methods)


def test_it_goes_on_functions_only() -> None:
    with pytest.raises(TypeError, match="decorators"):
        client_auth_required(MethodView)


def test_one_decision_one_record(app: Flask, billing: KeyPair, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "wsgi_mtls"):
        token(app, "billing", billing, "/twice")
    assert len(caplog.records) == 1
