"""``flask mtls check``."""

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView

from flask_mtls import MutualTLS, bound_token_required, certificate_required, client_auth_required

from .conftest import AppFactory


def view() -> str:
    return ""


def run(app: Flask) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["mtls", "check"])
    return result.exit_code, result.output


def test_routes_and_settings(make_app: AppFactory) -> None:
    app = make_app()

    class Revoke(MethodView):
        @client_auth_required
        def post(self) -> str:
            return ""

    class Whole(MethodView):
        decorators = [certificate_required]  # noqa: RUF012  # as Flask's docs do

        def get(self) -> str:
            return ""

    inside, deeper = Blueprint("inside", __name__, url_prefix="/in"), Blueprint("deeper", __name__, url_prefix="/deep")
    inside.before_request(certificate_required(lambda: None))
    deeper.add_url_rule("/x", view_func=view)
    inside.register_blueprint(deeper)
    app.register_blueprint(inside)
    app.add_url_rule("/token", view_func=client_auth_required(view), methods=["POST"])
    app.add_url_rule("/revoke", view_func=Revoke.as_view("revoke"))
    app.add_url_rule("/whole", view_func=Whole.as_view("whole"))
    app.add_url_rule("/open", view_func=view, endpoint="open")
    code, output = run(app)
    assert code == 0
    routes = output.split("Routes\n")[1].splitlines()
    assert routes == [
        "  /in/deep/x [GET]: certificate_required",
        "  /revoke [POST]: client_auth_required",
        "  /token [POST]: client_auth_required",
        "  /whole [GET]: certificate_required",
    ]
    assert "MTLS_SOURCE = 'environ'" in output


def test_arguments_of_the_extension_are_in_force() -> None:
    app = Flask("application")
    MutualTLS(app, source="environ", clients={"a": {}, "b": {}})
    _, output = run(app)
    assert "MTLS_SOURCE = 'environ'" in output
    assert "MTLS_CLIENTS = (2 entries)" in output
    assert "MTLS_TOKENS = (default)" in output


def test_a_guard_of_the_whole_app(make_app: AppFactory) -> None:
    app = make_app()
    app.before_request(certificate_required(lambda: None))
    app.add_url_rule("/open", view_func=view, endpoint="open")
    assert "  /open [GET]: certificate_required" in run(app)[1]


@pytest.mark.parametrize(("settings", "problem"), [
    ({"MTLS_CLIENTS": None}, "MTLS_CLIENTS"),
    ({"MTLS_VERBOSITY": "debug"}, "MTLS_VERBOSITY is debug"),
])  # fmt: skip
def test_problems(make_app: AppFactory, settings: dict[str, object], problem: str) -> None:
    app = make_app(**settings)
    app.add_url_rule("/token", view_func=client_auth_required(view), methods=["POST"])
    code, output = run(app)
    assert code == 1
    assert problem in output.split("Wrong:")[1]


def test_tokens_are_missing(make_app: AppFactory) -> None:
    app = make_app()
    app.add_url_rule("/api", view_func=bound_token_required(view))
    code, output = run(app)
    assert code == 1
    assert "MTLS_TOKENS" in output.split("Wrong:")[1]


def test_nothing_secret_is_printed(make_app: AppFactory) -> None:
    source = {"preset": "environ"}
    app = make_app(MTLS_SOURCE=source, MTLS_CLIENTS={"a": {"client_secret": "s3cret"}})
    source["secret"] = "s3cret"
    assert "s3cret" not in run(app)[1]
