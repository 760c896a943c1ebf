"""ATTACKS.md through the Flask extension."""

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_mtls import MutualTLS, client_auth_required, current_client
from wsgi_mtls.clients import Client
from wsgi_mtls.config import InvalidSettings
from wsgi_mtls.testing import KeyPair, environ_for

from .attack_rows import (
    BY_DN,
    DN,
    FORM,
    IMPOSSIBLE,
    INVALID_CLIENT,
    NGINX,
    Came,
    header_accepted,
)
from .authlib.authserver import outcome


class Endpoint:
    """A token endpoint of a Flask app."""

    def __init__(self, clients: Any, source: Any = "mod_ssl") -> None:
        app = self.app = Flask("application")
        app.testing = True
        app.config.update(MTLS_SOURCE=source, MTLS_CLIENTS=clients)
        MutualTLS(app)
        app.add_url_rule("/token", view_func=client_auth_required(lambda: current_client.client_id), methods=["POST"])

    def post(self, body: str, came: Came | None, **options: Any) -> TestResponse:
        overrides = environ_for(came.pair, verified=came.verified) if came else {}
        overrides |= options.pop("environ", {})
        options = {"content_type": FORM, **options}
        return self.app.test_client().post("/token", data=body, environ_overrides=overrides, **options)


@pytest.mark.parametrize("client", [*IMPOSSIBLE, {**BY_DN, "tls_client_certificate_bound_access_tokens": "true"}])
def test_rows_10_11_21_40_metadata(client: Mapping[str, object], ca: KeyPair) -> None:
    with pytest.raises(InvalidSettings, match="MTLS_CLIENTS"):
        Endpoint({"rp": client})

    class Table:
        def get(self, client_id: str, /) -> Client | None:
            return Client.from_metadata({"client_id": client_id, **client})

    for pair in (ca.issue(DN), ca.issue("")):
        assert outcome(Endpoint(Table()).post("client_id=rp", Came(pair))) == INVALID_CLIENT


def test_row_24_the_header_is_gone_on_every_path(billing: KeyPair) -> None:
    from flask import request

    endpoint = Endpoint({"rp": BY_DN}, NGINX)
    endpoint.app.add_url_rule("/open", "open", lambda: str("X-SSL-Client-Cert" in request.headers))
    client = endpoint.app.test_client()
    forged = {**header_accepted(billing), "REMOTE_ADDR": "198.51.100.7"}
    assert client.get("/open", environ_overrides=forged).text == "False"
    assert client.get("/nowhere", environ_overrides=forged).status_code == 404


@pytest.mark.parametrize("path", ["//token", "/token/", "/Token", "/token%2f", "/./token"])
def test_row_50_other_spellings_of_the_path(billing: KeyPair, path: str) -> None:
    endpoint = Endpoint({"rp": BY_DN})
    options: dict[str, Any] = {"content_type": FORM, "data": "client_id=rp", "base_url": "http://localhost"}
    answer = endpoint.app.test_client().post(path=path, environ_overrides=environ_for(None), **options)
    assert answer.status_code in (308, 401, 404)
    assert endpoint.post("client_id=rp", Came(billing)).status_code == 200


def test_row_50_mount_point(billing: KeyPair) -> None:
    endpoint = Endpoint({"rp": BY_DN})
    mounted = {"SCRIPT_NAME": "/oauth"}
    assert outcome(endpoint.post("client_id=rp", Came(None), environ=mounted)) == INVALID_CLIENT
    assert endpoint.post("client_id=rp", Came(billing), environ=mounted).text == "rp"
