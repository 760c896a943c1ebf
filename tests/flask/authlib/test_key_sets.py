"""Clients that publish their certificates at a ``jwks_uri``: with Flask, and registered with Authlib."""

from typing import Any

import pytest

from tests.key_sets import publishing
from wsgi_mtls.testing import KeyPair, self_sign

from ..test_extension import make, serve, status
from .authserver import AuthServer, make_authserver
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
