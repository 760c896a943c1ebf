"""The device authorization grant (RFC 8628), by public and confidential clients of mutual TLS."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from oauth2_provider.models import get_device_grant_model

from wsgi_mtls.testing import KeyPair

from ..support import (
    BIND,
    DN,
    INVALID_CLIENT,
    INVALID_GRANT,
    INVALID_REQUEST,
    SECRET,
    AuthServer,
    application,
    cnf,
    outcome,
    registered,
)

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


def authorize(server: AuthServer, **columns: Any) -> None:
    """Let anna agree."""
    grants = get_device_grant_model().objects
    grants.update(**{"status": get_device_grant_model().AUTHORIZED, "user": server.user, **columns})


def test_device(server: AuthServer, client_id: str, billing: KeyPair, other: KeyPair) -> None:
    if client_id == "confidential":
        for pair in (None, other):
            assert outcome(ask(server, pair)) == INVALID_CLIENT
            assert outcome(ask(server, pair, client_secret=SECRET)) == INVALID_CLIENT
    asked = ask(server, billing).json()
    form = {"grant_type": GRANT, "client_id": "tv", "device_code": asked["device_code"]}
    assert outcome(server.post("/o/token/", form, billing)) == (400, "authorization_pending")
    authorize(server)
    expected = INVALID_CLIENT if client_id == "confidential" else INVALID_REQUEST
    assert outcome(server.post("/o/token/", form)) == expected
    tokens = server.post("/o/token/", form, billing)
    assert tokens.status_code == 200, tokens.content
    assert server.introspect(tokens.json()["access_token"])["cnf"] == cnf(billing)
    # It serves once.
    assert outcome(server.post("/o/token/", form, billing)) == INVALID_GRANT
    assert not get_device_grant_model().objects.exists()


def test_row_28_device_code_of_another_client(
    server: AuthServer, client_id: str, billing: KeyPair, other: KeyPair
) -> None:
    by_dns = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "other.example.com"}
    registered(application("thief", GRANT), {**by_dns, **BIND})
    application("thief-with-secret", GRANT)
    registered(application("thief-public", GRANT, client_type="public"), {"token_endpoint_auth_method": "none", **BIND})
    form = {"grant_type": GRANT, "device_code": ask(server, billing).json()["device_code"]}
    for status in (get_device_grant_model().AUTHORIZATION_PENDING, get_device_grant_model().AUTHORIZED):
        authorize(server, status=status)
        for thief, secret in (("thief", ""), ("thief-with-secret", SECRET), ("thief-public", "")):
            given = {**form, "client_id": thief, "scope": "accounts", **({"client_secret": secret} if secret else {})}
            assert outcome(server.post("/o/token/", given, other)) == INVALID_GRANT
        # Nor does anybody who is not authenticated learn its state.
        for nobody in ("nobody", "unbound", "secretive"):
            assert outcome(server.post("/o/token/", {**form, "client_id": nobody})) == INVALID_CLIENT
    assert server.post("/o/token/", {**form, "client_id": "tv"}, billing).status_code == 200


def test_client_without_the_grant_learns_of_no_code(server: AuthServer, client_id: str, billing: KeyPair) -> None:
    """The answer is the same whether there is such a code or not."""
    code = ask(server, billing).json()["device_code"]
    for asking, pair, secret in (("machine", billing, {}), ("unbound", None, {"client_secret": SECRET}),
                                 ("public", billing, {})):  # fmt: skip
        form = {"grant_type": GRANT, "client_id": asking, **secret}
        told = [server.post("/o/token/", {**form, "device_code": known}, pair) for known in (code, "x")]
        assert [outcome(answer) for answer in told] == [(400, "unauthorized_client")] * 2
        assert told[0].content == told[1].content
    form = {"grant_type": GRANT, "client_id": "tv"}
    told = [server.post("/o/token/", {**form, "device_code": known}, billing) for known in (code, "x")]
    assert [outcome(answer) for answer in told] == [(400, "authorization_pending"), INVALID_GRANT]


def test_client_without_the_grant_gets_no_code(server: AuthServer, client_id: str, billing: KeyPair) -> None:
    for asking, pair, secret in (("machine", billing, {}), ("unbound", None, {"client_secret": SECRET}),
                                 ("public", billing, {}), ("billing", billing, {})):  # fmt: skip
        answer = ask(server, pair, client_id=asking, **secret)
        assert outcome(answer) == (400, "unauthorized_client")
        assert "no-store" in answer.headers["Cache-Control"]
    assert outcome(ask(server, None, client_id="unbound", client_secret="wrong")) == INVALID_CLIENT
    assert not get_device_grant_model().objects.exists()
    assert ask(server, billing).json()["verification_uri"] == "https://as.example/device"


def test_no_code_without_a_page(
    server: AuthServer, client_id: str, billing: KeyPair, toolkit: Callable[..., None]
) -> None:
    toolkit(OAUTH_DEVICE_VERIFICATION_URI=None)
    assert outcome(ask(server, billing)) == (400, "unsupported_grant_type")
    assert not get_device_grant_model().objects.exists()


def test_states(server: AuthServer, client_id: str, billing: KeyPair) -> None:
    form = {"grant_type": GRANT, "client_id": "tv", "device_code": ask(server, billing).json()["device_code"]}
    model = get_device_grant_model()
    for columns, error in (
        ({"status": model.DENIED}, "access_denied"),
        ({"status": model.EXPIRED}, "expired_token"),
        ({"expires": timezone.now() - timedelta(days=1)}, "expired_token"),
    ):
        later = timezone.now() + timedelta(days=1)
        authorize(server, **{"expires": later, **columns})
        assert outcome(server.post("/o/token/", form, billing)) == (400, error)
    authorize(server, expires=later)
    assert server.post("/o/token/", form, billing).status_code == 200


def test_scope_is_what_the_user_has_seen(server: AuthServer, client_id: str, billing: KeyPair) -> None:
    code = ask(server, billing).json()["device_code"]
    authorize(server)
    form = {"grant_type": GRANT, "client_id": "tv", "device_code": code, "scope": "accounts write"}
    tokens = server.post("/o/token/", form, billing).json()
    assert (tokens["scope"], server.introspect(tokens["access_token"])["username"]) == ("accounts", "anna")


def test_authorization_without_client_id(server: AuthServer, client_id: str) -> None:
    """OAuth Toolkit reads it in the body alone, and oauthlib wants a Content-Type."""
    application("with-secret", GRANT)
    named = "Basic " + base64.b64encode(f"with-secret:{SECRET}".encode()).decode()
    for body in ("", "scope=accounts"):
        answer = server.post("/o/device-authorization/", body, headers={"Authorization": named})
        assert outcome(answer) == INVALID_REQUEST
    answer = server.post("/o/device-authorization/", "client_id=with-secret", headers={"Authorization": named})
    assert answer.status_code == 200


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
