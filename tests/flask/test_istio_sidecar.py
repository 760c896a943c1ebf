"""An API in a mesh that forwards the URI and the hash of a certificate: settings, bound tokens, what does not fit."""

from typing import Any

import pytest
from flask import Flask

from flask_mtls import bound_token_required
from wsgi_mtls.config import InvalidSettings

from .conftest import AppFactory
from .test_bound_token import Tokens

HASH = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
# The digest above in base64url.
THUMBPRINT = "LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE"
SETTINGS: dict[str, Any] = {
    "MTLS_SOURCE": {"preset": "istio_sidecar", "trusted_proxies": ["127.0.0.1"], "underscores_dropped": True},
    "MTLS_ALLOWED_METHODS": ["tls_client_auth"],
    "MTLS_CLIENTS": {},
}


@pytest.fixture
def app(make_app: AppFactory) -> Flask:
    app = make_app(**SETTINGS, MTLS_TOKENS=Tokens(bound={"sub": "a", "cnf": {"x5t#S256": THUMBPRINT}}))
    app.add_url_rule("/", view_func=bound_token_required(lambda: "ok"), endpoint="index")
    return app


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f'By=spiffe://a;Hash={HASH};Subject="";URI=spiffe://b', 200),
        (f"Hash={HASH}", 200),
        (f"Hash={'0' * 64}", 401),
        ("By=spiffe://a;URI=spiffe://b", 401),
        (f"Hash={HASH},Hash={HASH}", 400),
    ],
)
def test_a_token_bound_to_the_hash(app: Flask, header: str, status: int) -> None:
    sent = {"Authorization": "Bearer bound", "X-Forwarded-Client-Cert": header}
    assert app.test_client().get("/", headers=sent).status_code == status


def test_settings_that_do_not_fit(make_app: AppFactory) -> None:
    for changes in ({"MTLS_ALLOWED_METHODS": ["self_signed_tls_client_auth"]}, {"MTLS_ALLOWED_METHODS": None}):
        with pytest.raises(InvalidSettings, match=r"MTLS_SOURCE|MTLS_ALLOWED"):
            make_app(**{**SETTINGS, **changes})
