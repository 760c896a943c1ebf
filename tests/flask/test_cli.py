"""``flask mtls check``."""

import json
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Blueprint, Flask
from flask.cli import ScriptInfo
from flask.views import MethodView, View

from flask_mtls import MutualTLS, bound_token_required, certificate_required, client_auth_required
from flask_mtls.cli import commands
from wsgi_mtls import Verifier, sources
from wsgi_mtls.clients import CallbackRegistry
from wsgi_mtls.config import InvalidSettings
from wsgi_mtls.jwks import jwk
from wsgi_mtls.sources import encodings
from wsgi_mtls.testing import KeyPair, Profile, environ_for, self_sign

from .conftest import AppFactory


def view() -> str:
    return ""


PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a.example"}
PUBLISHED = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": "https://a.example/jwks"}


def run(app: Flask) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["mtls", "check"])
    return result.exit_code, result.output


def routes_of(output: str) -> list[str]:
    """Return the lines of the routes, where nothing is wrong."""
    *routes, last = output.split("Routes\n")[1].splitlines()
    assert last == "No problems found."
    return routes


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
    routes = routes_of(output)
    assert routes == [
        "  /in/deep/x [GET]: certificate_required",
        "  /revoke [POST]: client_auth_required",
        "  /token [POST]: client_auth_required",
        "  /whole [GET]: certificate_required",
    ]
    assert "MTLS_SOURCE = 'mod_ssl'" in output


def test_arguments_of_the_extension_are_in_force() -> None:
    app = Flask("application")
    MutualTLS(app, source="mod_ssl", clients={"a": {}, "b": {}})
    _, output = run(app)
    assert "MTLS_SOURCE = 'mod_ssl'" in output
    assert "MTLS_CLIENTS = (2 entries)" in output
    for default in ("MTLS_TOKENS = None", "MTLS_MAX_BODY = 16384", "MTLS_SELF_SIGNED_MATCH = 'public_key'"):
        assert default in output
    assert "MTLS_ALLOWED_METHODS = ('tls_client_auth', 'self_signed_tls_client_auth')" in output


def test_keys_that_are_skipped() -> None:
    own, odd = jwk(self_sign("CN=a").certificate), {"kty": "NEW", "x5c": ["AAAA"]}
    for keys, warned in (([own], False), ([odd, own], True)):
        app = Flask("application")
        client = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": keys}}
        MutualTLS(app, source="mod_ssl", clients={"mobile": client})
        code, output = run(app)
        assert code == 0
        assert ("Warning: Client 'mobile': Key 1 of jwks is skipped: kty is 'NEW'" in output) == warned


def test_a_verifier_is_in_force() -> None:
    app = Flask("application")
    MutualTLS(app, source="mod_ssl", verifier=Verifier({"a": {}}, allowed_methods=["tls_client_auth"]))
    _, output = run(app)
    for name in ("MTLS_CLIENTS", "MTLS_ALLOWED_METHODS", "MTLS_SELF_SIGNED_MATCH"):
        assert f"{name} = (the verifier's)" in output


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
    assert problem in output.split("Error:")[1]


@pytest.mark.parametrize(("settings", "wrong"), [
    ({"MTLS_SOURCE": {"preset": "nginx", "trusted_proxies": "any"}}, True),
    ({"MTLS_SOURCE": {"preset": "nginx", "trusted_proxies": ("::1", "any")}}, True),
    ({"MTLS_SOURCE": "nginx", "MTLS_TRUSTED_PROXIES": ("any",)}, True),
    ({"MTLS_SOURCE": "nginx", "MTLS_TRUSTED_PROXIES": ["127.0.0.1", "any"]}, True),
    ({"MTLS_SOURCE": sources.nginx(trusted_proxies="any")}, True),
    ({"MTLS_SOURCE": sources.nginx(trusted_proxies=["127.0.0.1", "unix"])}, False),
    ({"MTLS_SOURCE": "nginx", "MTLS_TRUSTED_PROXIES": ["127.0.0.1"]}, False),
    ({"MTLS_SOURCE": "mod_ssl"}, False),
])  # fmt: skip
def test_everyone_is_believed(make_app: AppFactory, settings: dict[str, object], wrong: bool) -> None:
    code, output = run(make_app(**settings))
    assert (code, "MTLS_TRUSTED_PROXIES is any" in output) == (int(wrong), wrong)


def test_trusted_proxies_of_a_preset_are_in_force(make_app: AppFactory) -> None:
    app = make_app(MTLS_SOURCE={"preset": "nginx", "trusted_proxies": ["192.0.2.1"]})
    assert "MTLS_TRUSTED_PROXIES = ['192.0.2.1']" in run(app)[1]


def test_rule_without_a_view(make_app: AppFactory) -> None:
    app = make_app()
    app.add_url_rule("/elsewhere", endpoint="elsewhere", build_only=True)
    app.add_url_rule("/later", endpoint="later")
    code, output = run(app)
    assert (code, routes_of(output)) == (0, [])


def test_methods_of_a_view_that_are_guarded(make_app: AppFactory) -> None:
    class Half(MethodView):
        def get(self) -> str:
            return ""

        @certificate_required
        def head(self) -> str:
            return ""

        @client_auth_required
        def post(self) -> str:
            return ""

    app = make_app()
    app.add_url_rule("/half", view_func=Half.as_view("half"))
    lines = routes_of(run(app)[1])
    assert lines == ["  /half [HEAD]: certificate_required", "  /half [POST]: client_auth_required"]


def test_dispatch_request_that_is_guarded(make_app: AppFactory) -> None:
    class Whole(View):
        @client_auth_required
        def dispatch_request(self) -> str:
            return ""

    class Open(View):
        def dispatch_request(self) -> str:
            return ""

    app = make_app()
    app.add_url_rule("/whole", view_func=Whole.as_view("whole"), methods=["POST"])
    app.add_url_rule("/open", view_func=Open.as_view("open"), methods=["POST"])
    assert routes_of(run(app)[1]) == ["  /whole [POST]: client_auth_required"]
    assert app.test_client().post("/whole").status_code == 400
    assert app.test_client().post("/open").status_code == 200


def test_decorator_above_the_route_is_not_listed(make_app: AppFactory) -> None:
    app = make_app()
    client_auth_required(app.post("/above")(view))
    app.post("/below", endpoint="below")(client_auth_required(view))
    assert routes_of(run(app)[1]) == ["  /below [POST]: client_auth_required"]


@pytest.mark.parametrize("extension", [
    MutualTLS(clients=CallbackRegistry(pki=lambda client_id: None)),
    MutualTLS(verifier=Verifier(CallbackRegistry(pki=lambda client_id: None))),
])  # fmt: skip
def test_clients_that_cannot_be_searched(make_app: AppFactory, billing: KeyPair, extension: MutualTLS) -> None:
    app = make_app(extension, MTLS_CLIENTS=None)
    app.add_url_rule("/staff", "staff", certificate_required(authorize=lambda peer: True)(view))
    assert run(app)[0] == 0
    app.add_url_rule("/page", "page", certificate_required(view))
    code, output = run(app)
    assert (code, "authorize=…" in output.split("Error:")[1]) == (1, True)
    assert app.test_client().get("/staff", environ_overrides=environ_for(billing)).status_code == 200
    with pytest.raises(RuntimeError, match="authorize=…"):
        app.test_client().get("/page", environ_overrides=environ_for(billing))


def test_tokens_are_missing(make_app: AppFactory) -> None:
    app = make_app()
    app.add_url_rule("/api", view_func=bound_token_required(view))
    code, output = run(app)
    assert code == 1
    assert "MTLS_TOKENS" in output.split("Error:")[1]


def test_nothing_secret_is_printed(make_app: AppFactory) -> None:
    source = {"preset": "mod_ssl"}
    app = make_app(MTLS_SOURCE=source, MTLS_CLIENTS={"a": {"client_secret": "s3cret"}})
    source["secret"] = "s3cret"
    assert "s3cret" not in run(app)[1]


@pytest.mark.parametrize(("settings", "metadata", "problem"), [
    ({"MTLS_ALLOWED_METHODS": ["self_signed_tls_client_auth"]}, {**PKI}, "registered for tls_client_auth, which"),
    ({}, {**PKI, "tls_client_auth_issuer": "spki-sha256:" + "A" * 43}, "only a trust store"),
    ({}, {**PUBLISHED}, "jwks_uri"),
    ({}, {**PKI, "token_endpoint_auth_method": "tls_client_auht"}, "is tls_client_auth meant?"),
    ({}, {**PKI, "token_endpoint_auth_method": "none"}, "tls_client_auth_san_dns decides nothing"),
])  # fmt: skip
def test_clients_that_can_never_authenticate(
    make_app: AppFactory, settings: dict[str, Any], metadata: dict[str, str], problem: str
) -> None:
    code, output = run(make_app(MTLS_CLIENTS={"a": metadata, "b": {}}, **settings))
    lines = [line for line in output.splitlines() if line.startswith("Error:")]
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith("Error: Client 'a': ")
    assert problem in lines[0]
    assert run(make_app(MTLS_CLIENTS={"a": PKI, "b": {}}))[0] == 0


def found(app: Flask) -> list[dict[str, str]]:
    result = app.test_cli_runner().invoke(args=["mtls", "check", "--json"])
    messages: list[dict[str, str]] = json.loads(result.output)
    assert result.exit_code == int(any(message["level"] == "error" for message in messages))
    return messages


def test_json(make_app: AppFactory) -> None:
    assert found(make_app()) == []
    app = make_app(MTLS_SOURCE={"preset": "caddy", "trusted_proxies": ["127.0.0.1"]}, MTLS_VERBOSITY="debug")
    client_auth_required(app.post("/above")(lambda: ""))
    messages = found(app)
    assert [set(message) for message in messages] == [{"id", "level", "message", "hint"}] * 3
    assert [(message["id"], message["level"]) for message in messages] == [
        ("flask_mtls.E004", "error"),
        ("flask_mtls.E006", "error"),
        ("flask_mtls.W002", "warning"),
    ]
    assert "below @app.route" in messages[0]["hint"]


CADDY = {"preset": "caddy", "trusted_proxies": ["127.0.0.1"]}


@pytest.mark.parametrize(("settings", "warned"), [
    ({"MTLS_SOURCE": CADDY}, True),
    ({"MTLS_SOURCE": {**CADDY, "terminator_verifies": True}, "MTLS_ALLOWED_METHODS": ["tls_client_auth"]}, False),
    ({"MTLS_SOURCE": CADDY, "MTLS_ALLOWED_METHODS": ["self_signed_tls_client_auth"]}, False),
    ({"MTLS_SOURCE": sources.first_of(sources.caddy(trusted_proxies=["::1"]), sources.mod_ssl())}, False),
    ({"MTLS_SOURCE": sources.first_of(sources.caddy(trusted_proxies=["::1"]),
                                      sources.header("XCert", encodings.pem, trusted_proxies="any"))}, True),
    ({"MTLS_SOURCE": lambda environ: None}, False),
    ({"MTLS_SOURCE": CADDY, "MTLS_CLIENTS": None}, False),
])  # fmt: skip
def test_source_that_never_verifies(make_app: AppFactory, settings: dict[str, Any], warned: bool) -> None:
    result = make_app(**settings).test_cli_runner().invoke(args=["mtls", "check"])
    assert ("Warning: MTLS_SOURCE never reports" in result.output) == warned


def test_source_that_never_verifies_and_a_trust_store(make_app: AppFactory, ca: KeyPair, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(ca.certificate_pem)
    settings: dict[str, Any] = {"MTLS_SOURCE": CADDY, "MTLS_CLIENTS": None}
    app = make_app(**settings)
    app.add_url_rule("/x", view_func=certificate_required(lambda: ""), endpoint="x")
    assert [message["id"] for message in found(app)] == ["flask_mtls.W002"]
    trusting = make_app(**settings, MTLS_TRUST=str(tmp_path / "ca.pem"))
    trusting.add_url_rule("/x", view_func=certificate_required(lambda: ""), endpoint="x")
    assert found(trusting) == []


def test_expired_certificates(make_app: AppFactory) -> None:
    """A client is named if each of its certificates has expired, and not if one is still valid."""
    method = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}
    expired, valid = (jwk(self_sign("CN=mobile", Profile(days=days)).certificate) for days in (-1, 1))
    clients = {
        "old": {**method, "jwks": {"keys": [expired]}},
        "rotating": {**method, "jwks": {"keys": [expired, valid]}},
    }
    (message,) = found(make_app(MTLS_CLIENTS=clients))
    assert (message["id"], message["level"]) == ("flask_mtls.W003", "warning")
    assert message["message"].startswith("Client 'old': every registered certificate has expired.")


def start(app_or_error: Flask | Exception, *arguments: str) -> Result:
    """Run the command as Flask does before it has loaded the app."""

    def create() -> Flask:
        if isinstance(app_or_error, Exception):
            raise app_or_error
        return app_or_error

    return CliRunner().invoke(commands, arguments, obj=ScriptInfo(create_app=create))


def wrong_settings() -> InvalidSettings:
    app = Flask("application")
    app.config.from_mapping(MTLS_SOURCE="ngnix", MTLS_CLIENTS={}, MTLS_MAX_BODY=-1)
    with pytest.raises(InvalidSettings) as caught:
        MutualTLS(app)
    return caught.value


def test_settings_that_keep_the_app_from_starting() -> None:
    result = start(wrong_settings(), "check")
    assert result.exit_code == 1
    first, second = result.output.splitlines()
    assert first.startswith("Error: MTLS_SOURCE ")
    assert second.startswith("Error: MTLS_MAX_BODY ")
    messages = json.loads(start(wrong_settings(), "check", "--json").output)
    assert [message["id"] for message in messages] == ["flask_mtls.E001"] * 2


def test_settings_that_keep_explain_from_starting(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(self_sign("CN=a").certificate_pem)
    result = start(wrong_settings(), "explain", str(tmp_path / "a.pem"))
    assert result.exit_code == 1
    assert result.output.startswith("Error: MTLS_SOURCE ")


def test_app_without_the_extension() -> None:
    result = start(Flask("application"), "check")
    assert result.exit_code == 1
    assert result.output.startswith("Error: This app has no MutualTLS: call MutualTLS(app)")


def test_other_errors_of_the_app_keep_their_traceback() -> None:
    assert isinstance(start(KeyError("own"), "check").exception, KeyError)


def test_flask_finds_the_command_without_the_app() -> None:
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert pyproject["project"]["entry-points"]["flask.commands"] == {"mtls": "flask_mtls.cli:commands"}
    assert EntryPoint("mtls", "flask_mtls.cli:commands", "flask.commands").load() is commands
