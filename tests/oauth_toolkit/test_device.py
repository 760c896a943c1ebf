"""The device authorization grant (RFC 8628), by public and confidential clients of mutual TLS."""

from collections.abc import Callable
from typing import Any

import oauthlib
import pytest
from oauth2_provider.models import get_device_grant_model
from oauth2_provider.oauth2_validators import OAuth2Validator

from wsgi_mtls.testing import KeyPair

from .support import (
    BIND,
    DN,
    INVALID_CLIENT,
    INVALID_REQUEST,
    SECRET,
    AuthServer,
    application,
    cnf,
    outcome,
    registered,
)

if not hasattr(OAuth2Validator, "validate_device_code") and oauthlib.__version__ >= "4":
    pytest.skip("this OAuth Toolkit has no device grant with oauthlib 4", allow_module_level=True)
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(params=["confidential", "public"])
def client_id(request: pytest.FixtureRequest, server: AuthServer, toolkit: Callable[..., None]) -> str:
    toolkit(OAUTH_DEVICE_VERIFICATION_URI="https://as.example/device")
    pki = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": DN}
    method = pki if request.param == "confidential" else {"token_endpoint_auth_method": "none"}
    registered(application("tv", GRANT, client_type=request.param), {**method, **BIND})
    return str(request.param)


def ask(server: AuthServer, pair: KeyPair | None, **form: str) -> Any:
    return server.post("/o/device-authorization/", {"client_id": "tv", "scope": "accounts", **form}, pair)


def test_device(server: AuthServer, client_id: str, billing: KeyPair, other: KeyPair) -> None:
    if client_id == "confidential":
        for pair in (None, other):
            assert outcome(ask(server, pair)) == INVALID_CLIENT
            assert outcome(ask(server, pair, client_secret=SECRET)) == INVALID_CLIENT
    asked = ask(server, billing).json()
    form = {"grant_type": GRANT, "client_id": "tv", "device_code": asked["device_code"]}
    assert outcome(server.post("/o/token/", form, billing)) == (400, "authorization_pending")
    grant = get_device_grant_model().objects.get()
    grant.status, grant.user = grant.AUTHORIZED, server.user
    grant.save()
    expected = INVALID_CLIENT if client_id == "confidential" else INVALID_REQUEST
    assert outcome(server.post("/o/token/", form)) == expected
    tokens = server.post("/o/token/", form, billing)
    assert tokens.status_code == 200, tokens.content
    assert server.introspect(tokens.json()["access_token"])["cnf"] == cnf(billing)


@pytest.mark.parametrize("verbosity", ["minimal", "normal", "debug"])
def test_no_500(
    server: AuthServer, client_id: str, billing: KeyPair, verbosity: str, mtls: Callable[..., None]
) -> None:
    mtls(VERBOSITY=verbosity)
    for body in (
        "",
        "client_id=",
        "client_id=%00",
        "client_id=tv&client_id=tv",
        "client_id=x",
        "client_id=tv&scope=%00",
    ):
        for pair in (None, billing):
            assert server.post("/o/device-authorization/", body, pair).status_code in (400, 401), body
    multipart: dict[str, Any] = {"content_type": "multipart/form-data; boundary=b"}
    assert server.post("/o/device-authorization/", "--b--\r\n", billing, **multipart).status_code in (400, 401)
    form = f"grant_type={GRANT}&client_id=tv"
    for body in (form, f"{form}&device_code=", f"{form}&device_code=x", f"{form}&device_code=%00"):
        assert server.post("/o/token/", body, billing).status_code in (400, 401, 404)
        assert server.post("/o/token/", body).status_code in (400, 401, 404)
    assert ask(server, billing).status_code == 200
