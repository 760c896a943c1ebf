"""Clients that publish their certificates at a ``jwks_uri``: with Flask, and registered with Authlib."""

from functools import partial
from typing import Any

import pytest
from werkzeug.wrappers import Response

from flask_mtls.authlib import MutualTLSClientMetadataClaims
from tests.key_sets import publishing
from tests.tokens import json_response
from wsgi_mtls.testing import KeyPair, self_sign

from ..test_extension import make, serve, status
from .authserver import AuthServer, example, make_authserver
from .test_registration import register


def test_rotation(mobile: KeyPair) -> None:
    new, stranger = self_sign("CN=mobile"), self_sign("CN=mobile")
    with publishing(mobile) as published:
        app = serve(make(MTLS_CLIENTS={"mobile": published.metadata}, MTLS_KEY_SETS=published.options))
        assert [status(app, mobile, "mobile") for _ in range(3)] == [200] * 3
        published.replace(mobile, new)
        assert [status(app, pair, "mobile") for pair in (new, mobile)] == [200] * 2
        assert [status(app, stranger, "mobile") for _ in range(5)] == [401] * 5
        assert published.fetches == 2


def test_without_the_setting(mobile: KeyPair) -> None:
    with publishing(mobile) as published:
        choices: list[dict[str, Any]] = [{}, {"MTLS_KEY_SETS": None}, {"MTLS_KEY_SETS": {}}]
        for settings in choices:
            app = serve(make(MTLS_CLIENTS={"mobile": published.metadata}, **settings))
            assert status(app, mobile, "mobile") == 401  # not fetched, or the address is not public
        assert published.fetches == 0


def test_setting_in_the_report() -> None:
    app = make(MTLS_CLIENTS={}, MTLS_KEY_SETS={})
    assert "MTLS_KEY_SETS = (KeySets)" in app.test_cli_runner().invoke(args=["mtls", "check"]).output


@pytest.mark.parametrize("fetched", [True, False])
def test_registered_client(mobile: KeyPair, fetched: bool) -> None:
    with publishing(mobile) as published:
        server = AuthServer(make_authserver({}, MTLS_KEY_SETS=published.options if fetched else None))
        answer = register(server, {**published.metadata, "grant_types": ["client_credentials"], "scope": "accounts"})
        assert answer.status_code == (201 if fetched else 400), answer.text
        if fetched:
            client_id = answer.get_json()["client_id"]
            assert server.token(client_id, mobile).status_code == 200
            assert server.token(client_id, self_sign("CN=mobile")).status_code == 401


def test_check_that_fetches(mobile: KeyPair) -> None:
    with publishing(mobile) as published:
        other = {**published.metadata, "jwks_uri": published.server.url + "?other"}
        pki = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=a"}
        clients = {"mobile": published.metadata, "other": other, "pki": {**pki, "jwks_uri": published.server.url}}
        runner = make(MTLS_CLIENTS=clients, MTLS_KEY_SETS=published.options).test_cli_runner()
        assert runner.invoke(args=["mtls", "check"]).exit_code == 0
        assert published.fetches == 0
        told = runner.invoke(args=["mtls", "check", "--fetch"])
        assert told.exit_code == 0
        assert f"  mobile: {published.server.url}: 1 certificates" in told.output
        assert "pki:" not in told.output
        assert published.fetches == 2
        published.server.answer = lambda _: json_response({"keys": []})
        fresh = make(MTLS_CLIENTS=clients, MTLS_KEY_SETS=published.options).test_cli_runner()
        told = fresh.invoke(args=["mtls", "check", "--fetch"])
        assert told.exit_code == 1
        assert f"  other: {other['jwks_uri']}: the set has no certificate" in told.output


def test_check_of_a_client_that_is_not_fetched() -> None:
    client = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": "https://a.example:8443/"}
    settings: list[tuple[dict[str, Any], str]] = [
        ({}, "is not fetched: set key sets"),
        ({"MTLS_KEY_SETS": {}}, "any_port=True"),
    ]
    for given, expected in settings:
        told = make(MTLS_CLIENTS={"a": client}, **given).test_cli_runner().invoke(args=["mtls", "check", "--fetch"])
        assert told.exit_code == 1
        assert "Error: Client 'a': its " in told.output
        assert expected in told.output
    fetched = make(MTLS_CLIENTS={"a": client}, MTLS_KEY_SETS={"any_port": True}).test_cli_runner()
    assert fetched.invoke(args=["mtls", "check"]).exit_code == 0


def _answer(document: object, status_code: int, _: object) -> Response:
    return json_response(document, status_code)


class Fetching(MutualTLSClientMetadataClaims):
    fetches_jwks_uri = True


def test_registration_that_fetches(mobile: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    with publishing(mobile) as published:
        server = AuthServer(make_authserver({}, MTLS_KEY_SETS=published.options))
        monkeypatch.setattr(example("authserver.registration").registration, "claims_classes", [Fetching])
        wanted = {**published.metadata, "grant_types": ["client_credentials"], "scope": "accounts"}
        answers: list[tuple[object, int, str]] = [
            ({}, 500, "Expected status 200, got 500"),
            ({"keys": []}, 200, "no certificate"),
            ([], 200, "JWK set"),
            ({"keys": [{"kty": "RSA"}]}, 200, "no certificate"),
        ]
        for number, (document, status_code, expected) in enumerate(answers):
            published.server.answer = partial(_answer, document, status_code)
            answer = register(server, {**wanted, "jwks_uri": f"{published.server.url}?{number}"})
            assert answer.status_code == 400, answer.text
            assert answer.get_json()["error"] == "invalid_client_metadata"
            assert expected in answer.get_json()["error_description"]
        published.replace(mobile)
        for refused in ("https://10.0.0.1/jwks", "https://no-such-host.invalid/jwks"):
            answer = register(server, {**wanted, "jwks_uri": refused})
            assert answer.status_code == 400
            assert "has no address, or one that is not public" in answer.get_json()["error_description"]
        fetched = published.fetches
        assert register(server, wanted).status_code == 201
        assert published.fetches == fetched + 1
