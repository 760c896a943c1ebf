"""ATTACKS.md through the Flask extension."""

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_mtls import MutualTLS, client_auth_required, current_client
from wsgi_mtls.clients import Client
from wsgi_mtls.settings import InvalidSetting
from wsgi_mtls.testing import KeyPair, environ_for

from .attack_rows import (
    BY_DN,
    DN,
    FORM,
    HEADERS,
    IMPOSSIBLE,
    INVALID_CLIENT,
    NGINX,
    PKI,
    REQUESTS,
    ROW_IDS,
    Came,
    RequestRow,
    header_accepted,
    headers_refused,
    rows,
)
from .authserver import outcome


class Endpoint:
    """A token endpoint of a Flask app."""

    def __init__(self, clients: Any, source: Any = "environ") -> None:
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


@pytest.mark.parametrize("row_id", ROW_IDS)
def test_certificates(ca: KeyPair, row_id: str) -> None:
    row = rows(ca)[row_id]
    endpoint = Endpoint({"rp": row.client})
    for came in row.refused:
        answer = endpoint.post("client_id=rp", came)
        assert outcome(answer) == INVALID_CLIENT
        assert answer.headers["Cache-Control"] == "no-store"
        assert "WWW-Authenticate" not in answer.headers
    for came in row.accepted:
        assert endpoint.post("client_id=rp", came).text == "rp"


def ids(row: RequestRow) -> str:
    return f"{row.number} {row.body[:20]} {row.options}"


@pytest.mark.parametrize("row", REQUESTS, ids=ids)
def test_requests(billing: KeyPair, row: RequestRow) -> None:
    endpoint = Endpoint({"rp": BY_DN, "other": {**PKI, "tls_client_auth_san_dns": "other.example.com"}})
    assert outcome(endpoint.post(row.body, Came(billing), **row.options)) == row.expected
    assert endpoint.post("client_id=rp", Came(billing)).text == "rp"


def test_row_06_certificate_where_an_assertion_is_registered(billing: KeyPair) -> None:
    endpoint = Endpoint({"rp": {"token_endpoint_auth_method": "private_key_jwt"}})
    assert outcome(endpoint.post("client_id=rp", Came(billing))) == INVALID_CLIENT
    assert Endpoint({"rp": BY_DN}).post("client_id=rp", Came(billing)).text == "rp"


@pytest.mark.parametrize("client", [*IMPOSSIBLE, {**BY_DN, "tls_client_certificate_bound_access_tokens": "true"}])
def test_rows_10_11_21_40_metadata(client: Mapping[str, object], ca: KeyPair) -> None:
    with pytest.raises(InvalidSetting, match="MTLS_CLIENTS"):
        Endpoint({"rp": client})

    class Table:
        def get(self, client_id: str, /) -> Client | None:
            return Client.from_metadata({"client_id": client_id, **client})

    for pair in (ca.issue(DN), ca.issue("")):
        assert outcome(Endpoint(Table()).post("client_id=rp", Came(pair))) == INVALID_CLIENT


@pytest.mark.parametrize("name", HEADERS)
def test_headers(billing: KeyPair, ca: KeyPair, name: str) -> None:
    endpoint = Endpoint({"rp": BY_DN}, NGINX)
    forged = headers_refused(billing, ca.issue("CN=evil"))[name]
    answer = endpoint.post("client_id=rp", None, environ=forged)
    assert outcome(answer) in (INVALID_CLIENT, (400, "invalid_request"))
    assert endpoint.post("client_id=rp", None, environ=header_accepted(billing)).text == "rp"


def test_row_24_the_header_is_gone_on_every_path(billing: KeyPair) -> None:
    from flask import request

    endpoint = Endpoint({"rp": BY_DN}, NGINX)
    endpoint.app.add_url_rule("/open", "open", lambda: str("XClientCert" in request.headers))
    client = endpoint.app.test_client()
    forged = {**header_accepted(billing), "REMOTE_ADDR": "198.51.100.7"}
    assert client.get("/open", environ_overrides=forged).text == "False"
    assert client.get("/nowhere", environ_overrides=forged).status_code == 404


def test_row_45_underscore_alias(billing: KeyPair) -> None:
    """A header without hyphens has no alias: what comes under another name is not read."""
    endpoint = Endpoint({"rp": BY_DN}, NGINX)
    nginx = header_accepted(billing)["HTTP_XCLIENTCERT"]
    forged = {"REMOTE_ADDR": "192.0.2.1", **dict.fromkeys(("HTTP_X_CLIENT_CERT", "HTTP_XCLIENT_CERT"), nginx)}
    assert outcome(endpoint.post("client_id=rp", None, environ=forged)) == INVALID_CLIENT


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
