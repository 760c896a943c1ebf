"""``MutualTLS``: factories, several apps, and what is wrong with a configuration."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_mtls import MutualTLS, client_auth_required, current_client
from flask_mtls.settings import MutualTLSState
from wsgi_mtls import Verifier, sources
from wsgi_mtls.clients import MappingRegistry
from wsgi_mtls.config import InvalidSettings
from wsgi_mtls.testing import KeyPair

from .attack_rows import header_accepted
from .conftest import DN, came_with

BILLING = {"billing": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": DN}}


def serve(app: Flask) -> Flask:
    app.add_url_rule("/token", view_func=client_auth_required(lambda: current_client.client_id), methods=["POST"])
    return app


def status(app: Flask, pair: KeyPair, client_id: str = "billing") -> int:
    return app.test_client().post("/token", data={"client_id": client_id}, **came_with(pair)).status_code


def make(**settings: Any) -> Flask:
    app = Flask("application")
    app.config.from_mapping({"MTLS_SOURCE": "mod_ssl", **settings})
    MutualTLS(app)
    return app


def test_constructor_with_an_app(billing: KeyPair) -> None:
    assert status(serve(make(MTLS_CLIENTS=BILLING)), billing) == 200


def test_a_source_of_names_serves_neither_self_signed_clients_nor_tokens() -> None:
    source = sources.subject_header(
        "XSubject", kind="tls_client_auth_subject_dn", verified=True, trusted_proxies=["127.0.0.1"]
    )
    with pytest.raises(InvalidSettings, match="MTLS_SOURCE"):
        make(MTLS_SOURCE=source, MTLS_CLIENTS=BILLING)
    make(MTLS_SOURCE=source, MTLS_CLIENTS=BILLING, MTLS_ALLOWED_METHODS=["tls_client_auth"])


def test_arguments_are_defaults_and_settings_go_before_them(billing: KeyPair, other: KeyPair) -> None:
    extension = MutualTLS(clients=BILLING, source="mod_ssl")
    one, two = Flask("one"), Flask("two")
    two.config["MTLS_CLIENTS"] = {"billing": {"token_endpoint_auth_method": "tls_client_auth",
                                              "tls_client_auth_san_dns": "other.example.com"}}  # fmt: skip
    for app in (one, two):
        extension.init_app(serve(app))
    assert (status(one, billing), status(one, other)) == (200, 401)
    assert (status(two, billing), status(two, other)) == (401, 200)


def test_nothing_of_an_app_is_on_the_extension() -> None:
    extension = MutualTLS(clients=BILLING, source="mod_ssl")
    before = dict(vars(extension))
    app = Flask("application")
    extension.init_app(app)
    assert vars(extension) == before
    assert isinstance(app.extensions["mtls"], MutualTLSState)


def test_verifier_and_source_as_objects(billing: KeyPair) -> None:
    app = Flask("application")
    MutualTLS(serve(app), verifier=Verifier(BILLING), source=sources.mod_ssl())
    assert status(app, billing) == 200


def test_second_init_app_on_one_app() -> None:
    app = make()
    with pytest.raises(RuntimeError, match="already"):
        MutualTLS().init_app(app)


def test_clients_beside_a_verifier() -> None:
    with pytest.raises(ValueError, match="not both"):
        MutualTLS(clients=BILLING, verifier=Verifier(BILLING))


def test_app_without_the_extension_says_so(billing: KeyPair) -> None:
    app = serve(Flask("application"))
    app.testing = True
    with pytest.raises(RuntimeError, match="init_app"):
        status(app, billing)


@pytest.mark.parametrize(("suffix", "text"), [
    (".json", json.dumps(BILLING)),
    (".toml", f'[billing]\ntoken_endpoint_auth_method = "tls_client_auth"\ntls_client_auth_subject_dn = "{DN}"'),
])  # fmt: skip
def test_clients_from_a_file(billing: KeyPair, tmp_path: Path, suffix: str, text: str) -> None:
    path = tmp_path / f"clients{suffix}"
    path.write_text(text)
    assert status(serve(make(MTLS_CLIENTS=str(path))), billing) == 200
    assert status(serve(make(MTLS_CLIENTS=path)), billing) == 200


def test_clients_from_a_file_beside_the_app(tmp_path: Path, billing: KeyPair) -> None:
    (tmp_path / "clients.json").write_text(json.dumps(BILLING))
    app = Flask("application", root_path=str(tmp_path))
    MutualTLS(serve(app), clients="clients.json", source="mod_ssl")
    assert status(app, billing) == 200


def test_clients_from_a_registry(billing: KeyPair) -> None:
    assert status(serve(make(MTLS_CLIENTS=MappingRegistry(BILLING))), billing) == 200


def test_self_signed_match(mobile: KeyPair, clients: Any) -> None:
    from wsgi_mtls.testing import Profile, self_sign

    renewed = self_sign("CN=mobile", Profile(key=mobile.key))
    assert status(serve(make(MTLS_CLIENTS=clients)), renewed, "mobile") == 200
    strict = serve(make(MTLS_CLIENTS=clients, MTLS_SELF_SIGNED_MATCH="certificate"))
    assert status(strict, renewed, "mobile") == 401
    assert status(strict, mobile, "mobile") == 200


def test_allowed_methods(mobile: KeyPair, billing: KeyPair, clients: Any) -> None:
    app = serve(make(MTLS_CLIENTS=clients, MTLS_ALLOWED_METHODS=["tls_client_auth"]))
    assert status(app, billing) == 200
    assert status(app, mobile, "mobile") == 401


@pytest.mark.parametrize(("verbosity", "members"), [("normal", {"error"}), ("debug", {"error", "error_description"})])
def test_verbosity(verbosity: str, members: set[str], billing: KeyPair) -> None:
    app = serve(make(MTLS_CLIENTS=BILLING, MTLS_VERBOSITY=verbosity))
    answer = app.test_client().post("/token", data={"client_id": "nobody"}, **came_with(billing))
    assert set(answer.get_json()) == members


def test_verbosity_minimal(billing: KeyPair) -> None:
    app = serve(make(MTLS_CLIENTS=BILLING, MTLS_VERBOSITY="minimal"))
    answer = app.test_client().post("/token", data={"client_id": "nobody"}, **came_with(billing))
    assert (answer.status_code, answer.data) == (401, b"")


@pytest.mark.parametrize(("settings", "says"), [
    ({"MTLS_SOURCE": None}, "MTLS_SOURCE is missing"),
    ({"MTLS_SOURCE": "nginxx"}, "MTLS_SOURCE"),
    ({"MTLS_SOURCE": 7}, "MTLS_SOURCE must be .* not 7"),
    ({"MTLS_SOURCE": {"trusted_proxies": []}}, "MTLS_SOURCE"),
    ({"MTLS_SOURCE": {"preset": "mod_ssl", "trusted_proxy": []}}, "MTLS_SOURCE"),
    ({"MTLS_TRUSTED_PROXIES": ["127.0.0.1"]}, "MTLS_TRUSTED_PROXIES"),
    ({"MTLS_SOURCE": sources.mod_ssl(), "MTLS_TRUSTED_PROXIES": ["::1"]}, "MTLS_TRUSTED_PROXIES"),
    ({"MTLS_SOURCE": {"preset": "nginx", "trusted_proxies": ["::1"]}, "MTLS_TRUSTED_PROXIES": ["::1"]}, "remove one"),
    ({"MTLS_VERBOSITY": "loud"}, "MTLS_VERBOSITY must be .* not 'loud'"),
    ({"MTLS_VERBOSITY": ["debug"]}, "MTLS_VERBOSITY"),
    ({"MTLS_MAX_BODY": "1"}, "MTLS_MAX_BODY must be .* not '1'"),
    ({"MTLS_MAX_BODY": 0}, "MTLS_MAX_BODY"),
    ({"MTLS_MAX_BODY": True}, "MTLS_MAX_BODY"),
    ({"MTLS_CLIENTS": BILLING, "MTLS_ALLOWED_METHODS": "tls_client_auth"}, "MTLS_ALLOWED_METHODS"),
    ({"MTLS_CLIENTS": BILLING, "MTLS_ALLOWED_METHODS": ["none"]}, "MTLS_ALLOWED_METHODS"),
    ({"MTLS_CLIENTS": BILLING, "MTLS_ALLOWED_METHODS": []}, "MTLS_ALLOWED_METHODS"),
    ({"MTLS_CLIENTS": BILLING, "MTLS_SELF_SIGNED_MATCH": "name"}, "MTLS_SELF_SIGNED_MATCH"),
    ({"MTLS_CLIENTS": {"a": {"token_endpoint_auth_method": "tls_client_auth"}}}, "MTLS_CLIENTS.*Client .a."),
    ({"MTLS_CLIENTS": {"a": 7}}, "MTLS_CLIENTS"),
    ({"MTLS_CLIENTS": "nowhere.json"}, "MTLS_CLIENTS.*nowhere.json"),
    ({"MTLS_CLIENTS": 7}, "MTLS_CLIENTS"),
    ({"MTLS_CLIENTS": ""}, "MTLS_CLIENTS.*path is empty"),
    ({"MTLS_CLIENTS": "."}, "MTLS_CLIENTS.*[Dd]irectory"),
    ({"MTLS_TOKENS": "https://as.example.com"}, "MTLS_TOKENS"),
    ({"MTLS_REALM": 'a"b'}, "MTLS_REALM"),
    ({"MTLS_REALM": "a\r\nb"}, "MTLS_REALM"),
])  # fmt: skip
def test_wrong_setting_stops_the_start(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidSettings, match=says):
        make(**settings)


def test_settings_that_a_given_verifier_ignores() -> None:
    app = Flask("application")
    app.config["MTLS_ALLOWED_METHODS"] = ["tls_client_auth"]
    with pytest.raises(InvalidSettings, match="does nothing"):
        MutualTLS(app, verifier=Verifier(BILLING), source="mod_ssl")


@pytest.mark.parametrize("text", ["[]", "{", "7"])
def test_file_that_holds_no_clients(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clients.json"
    path.write_text(text)
    with pytest.raises(InvalidSettings, match="MTLS_CLIENTS"):
        make(MTLS_CLIENTS=path)


def test_misspelt_setting_is_a_warning() -> None:
    with pytest.warns(UserWarning, match="MTLS_VERBOSTIY.*MTLS_VERBOSITY"):
        make(MTLS_VERBOSTIY="debug")


def test_settings_of_others_are_none_of_ours() -> None:
    make(MTLS_BROKER_PORT=1883)


def test_key_that_is_no_text_is_none_of_ours() -> None:
    app = Flask("application")
    app.config[7] = "seven"
    MutualTLS(app, source="mod_ssl")


@pytest.mark.parametrize("forwarded", [{}, {"HTTP_X_FORWARDED_FOR": "192.0.2.1", "SERVER_SOFTWARE": "gunicorn/25"}])
def test_proxy_fix_stands_inside(billing: KeyPair, forwarded: dict[str, str]) -> None:
    """So the proxy's own address counts, also where its client has the same, as on one machine."""
    app = serve(Flask("application"))
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    MutualTLS(app, clients=BILLING, source={"preset": "nginx", "trusted_proxies": ["192.0.2.1"]})
    came = {**header_accepted(billing), **forwarded, "SERVER_SOFTWARE": "gunicorn/25"}

    def post(**changes: str) -> int:
        client, environ = app.test_client(), {**came, **changes}
        return client.post("/token", data={"client_id": "billing"}, environ_overrides=environ).status_code

    assert post() == 200
    assert post(REMOTE_ADDR="198.51.100.7") == 401
    assert post(REMOTE_ADDR="198.51.100.7", HTTP_X_FORWARDED_FOR="192.0.2.1") == 401


def test_a_bad_setting_leaves_the_app_as_it_was() -> None:
    app = Flask("application")
    with pytest.raises(InvalidSettings):
        MutualTLS(app)
    app.config["MTLS_SOURCE"] = "mod_ssl"
    MutualTLS(app)


@pytest.mark.parametrize(("module", "missing", "extra"), [
    ("flask_mtls", "flask", r"wsgi-mtls\[flask\]"),
    ("flask_mtls.authlib", "authlib", r"wsgi-mtls\[authlib\]"),
])  # fmt: skip
def test_missing_extra_is_named(module: str, missing: str, extra: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; import {module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert extra.replace("\\", "") in done.stderr.splitlines()[-1]
