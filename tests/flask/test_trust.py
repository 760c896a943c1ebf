"""``MTLS_TRUST``, and ``flask mtls explain``."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_mtls import MutualTLS, certificate_required, client_auth_required, current_client
from flask_mtls.authlib.clients import registered
from flask_mtls.authlib.registration import MutualTLSClientMetadataClaims
from tests.revocation import make_crl, write
from tests.support import mod_ssl
from wsgi_mtls import InvalidClientMetadata
from wsgi_mtls.config import InvalidSettings
from wsgi_mtls.testing import make_ca, to_pem
from wsgi_mtls.trust import TrustStore

ROOT, OTHER = make_ca("CN=Root"), make_ca("CN=Other")
CLIENTS = {"rp": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=rp"}}
STORE = TrustStore.from_certificates([ROOT.certificate])


def make_app(**config: Any) -> Flask:
    app = Flask("application")
    app.config.update({"MTLS_SOURCE": "environ", **config})
    MutualTLS(app)

    @app.post("/token")
    @client_auth_required
    def token() -> str:
        assert current_client is not None
        return current_client.client_id

    @app.get("/plain")
    @certificate_required(authorize=lambda peer: True)
    def plain() -> str:
        return "plain"

    return app


def post(app: Flask, ca: Any, verify: str = "SUCCESS") -> int:
    environ = mod_ssl(ca.issue("CN=rp"), verify)
    return app.test_client().post("/token", data={"client_id": "rp"}, environ_overrides=environ).status_code


def get(app: Flask, ca: Any) -> int:
    return app.test_client().get("/plain", environ_overrides=mod_ssl(ca.issue("CN=x"))).status_code


def test_a_store_a_path_and_options(tmp_path: Path) -> None:
    ca = write(tmp_path / "ca.pem", to_pem(ROOT.certificate))
    crl = write(tmp_path / "ca.crl", make_crl(ROOT))
    stores: list[Any] = [STORE, str(ca), ca, {"path": ca, "crls": crl, "revocation": "required"}, lambda client: STORE]
    for trust in stores:
        app = make_app(MTLS_CLIENTS=CLIENTS, MTLS_TRUST=trust)
        assert post(app, ROOT) == post(app, ROOT, "GENEROUS") == 200
        assert post(app, OTHER) == 401


def test_relative_paths_start_at_the_application(tmp_path: Path) -> None:
    write(tmp_path / "ca.pem", to_pem(ROOT.certificate))
    write(tmp_path / "ca.crl", make_crl(ROOT))
    for trust in ("ca.pem", {"path": "ca.pem", "crls": "ca.crl"}, {"path": "ca.pem", "crls": ["ca.crl"]}):
        app = Flask("application", root_path=str(tmp_path))
        app.config.update(MTLS_SOURCE="environ", MTLS_CLIENTS=CLIENTS, MTLS_TRUST=trust)
        MutualTLS(app)


def test_trust_either() -> None:
    app = make_app(MTLS_CLIENTS=CLIENTS, MTLS_TRUST=STORE, MTLS_TRUST_EITHER=True)
    assert post(app, OTHER) == 200
    assert post(app, OTHER, "GENEROUS") == 401


def test_certificates_without_clients() -> None:
    app = make_app(MTLS_TRUST=STORE)
    assert get(app, ROOT) == 200
    assert get(app, OTHER) == 401
    assert get(make_app(MTLS_CLIENTS=CLIENTS, MTLS_TRUST=STORE), OTHER) == 401


def test_a_function_of_the_client_where_none_is_sought() -> None:
    with pytest.raises(InvalidSettings, match="MTLS_TRUST must be a TrustStore where there are no clients"):
        make_app(MTLS_TRUST=lambda client: STORE)
    app = make_app(MTLS_CLIENTS=CLIENTS, MTLS_TRUST=lambda client: STORE)
    assert get(app, ROOT) == 401
    result = app.test_cli_runner().invoke(args=["mtls", "check"])
    assert result.exit_code == 1
    assert "MTLS_TRUST is a function of a client" in result.output


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"MTLS_TRUST": 1}, "MTLS_TRUST is 1"),
        ({"MTLS_TRUST": ""}, "MTLS_TRUST is ''"),
        ({"MTLS_TRUST": {}}, "MTLS_TRUST is {}"),
        ({"MTLS_TRUST": "/nowhere/ca.pem"}, "MTLS_TRUST cannot be used: .*ca.pem"),
        ({"MTLS_TRUST": {"path": __file__}}, "MTLS_TRUST cannot be used"),
        ({"MTLS_TRUST": TrustStore}, "MTLS_TRUST is"),
        ({"MTLS_TRUST_EITHER": True}, "MTLS_TRUST_EITHER changes nothing"),
        ({"MTLS_TRUST": STORE, "MTLS_TRUST_EITHER": 1}, "MTLS_TRUST_EITHER must be True or False"),
    ],
)
def test_settings_that_cannot_be(config: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSettings, match=message):
        make_app(MTLS_CLIENTS=CLIENTS, **config)


def test_a_pin_in_a_column_of_an_authlib_model() -> None:
    class Model:
        token_endpoint_auth_method = "tls_client_auth"
        tls_client_auth_subject_dn = "CN=rp"
        tls_client_auth_issuer: Any = None

        def get_client_id(self) -> str:
            return "rp"

    model: Any = Model()
    assert registered(model).tls_client_auth_issuer == ()
    model.tls_client_auth_issuer = pins = ["spki-sha256:" + "A" * 43]
    assert registered(model).tls_client_auth_issuer == tuple(pins)
    wrong: Any
    for wrong in ([], "", "CN=Root", 0):
        model.tls_client_auth_issuer = wrong
        with pytest.raises(InvalidClientMetadata):
            registered(model)
    # A client may not register it.
    assert "tls_client_auth_issuer" not in MutualTLSClientMetadataClaims.REGISTERED_CLAIMS


def test_explain(tmp_path: Path) -> None:
    app = make_app(MTLS_CLIENTS=CLIENTS, MTLS_TRUST=STORE)
    leaf = write(tmp_path / "rp.pem", to_pem(ROOT.issue("CN=rp").certificate))

    def explain(*arguments: object) -> Any:
        return app.test_cli_runner().invoke(args=["mtls", "explain", *map(str, arguments)])

    assert explain(leaf, "--client", "rp").output.splitlines()[-1] == "Accepted"
    assert explain(leaf).exit_code == 0
    other = write(tmp_path / "other.pem", to_pem(OTHER.issue("CN=rp").certificate))
    refused = explain(other, "--client", "rp", "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.output)["reason"] == "chain_incomplete"
    assert explain(write(tmp_path / "x", b"x")).exit_code == 1
