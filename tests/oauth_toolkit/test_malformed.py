"""No request is a 500."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.conf import settings as current
from django.test import Client
from oauth2_provider.models import get_application_model

from tests.flask.attack_rows import Came
from wsgi_mtls.testing import KeyPair

from .support import (
    INVALID_REQUEST,
    INVALID_TOKEN,
    PATHS,
    RESOURCES,
    SECRET,
    AuthServer,
    outcome,
    post,
    raw,
)


@pytest.mark.parametrize("body", [
    "code=%00", "code=a%00b", "%00=a", "code=%ff", "&&&", "=", "a" * 70000, "encoding=hex", "encoding=x",
    "client=x", "user=x", "scopes=x", "refresh_token_instance=x&refresh_token=x", "resource=x", "redirect_uri=%00",
])  # fmt: skip
@pytest.mark.parametrize("grant", [
    "authorization_code", "refresh_token", "client_credentials", "password",
    "urn:ietf:params:oauth:grant-type:device_code", "x", "",
])  # fmt: skip
def test_no_500(server: AuthServer, billing: KeyPair, body: str, grant: str) -> None:
    for client in ("client_id=billing", "client_id=machine", f"client_id=unbound&client_secret={SECRET}", ""):
        given = f"grant_type={grant}&{client}&{body}"
        answer = server.post("/o/token/", given, billing)
        assert answer.status_code < 500, given
        assert answer.status_code != 200 or grant == "client_credentials"


@pytest.mark.parametrize("header", [
    "Basic", "Basic ", "Basic !!!", "Basic AAAA", "Basic OnMzY3JldA==", "Basic w6k6w6k=", "Basic YmlsbGluZzo=",
    "Basic c2VjcmV0aXZlOsOp", "Bearer x", "Bearer", "Digest username=x", "Basic bm9ib2R5OngA", "Basic YQBiOng=",
    "Basic /w==",
])  # fmt: skip
@pytest.mark.parametrize("path", PATHS)
def test_no_500_for_other_credentials(server: AuthServer, billing: KeyPair, path: str, header: str) -> None:
    for body in ("", "client_id=machine", "client_id=secretive", "encoding=hex", "encoding=utf-7", "encoding=x"):
        answer = post(server, path, body, Came(billing), headers={"Authorization": header})
        assert answer.status_code in (200, 400, 401, 403), (body, answer.content)
        assert answer.status_code != 200 or "client_id=machine" in body


@pytest.mark.parametrize(("path", "body"), [
    ("/o/token/", "grant_type=client_credentials&client_id=machine"), ("/o/revoke_token/", "client_id=machine&token=x"),
    ("/o/device-authorization/", "client_id=machine"),
])  # fmt: skip
@pytest.mark.parametrize("query", ["tenant=1", "grant_type=client_credentials", "client_secret=s3cret", "x"])
def test_no_query(
    server: AuthServer, toolkit: Callable[..., None], billing: KeyPair, path: str, body: str, query: str
) -> None:
    """Parameters in the query, which logs hold, are neither read nor taken for the body's (RFC 6749, 3.2)."""
    if "device" in path:
        toolkit(OAUTH_DEVICE_VERIFICATION_URI="https://as.example/device")
        device = "urn:ietf:params:oauth:grant-type:device_code"
        get_application_model().objects.filter(client_id="machine").update(authorization_grant_type=device)
    assert outcome(server.post(f"{path}?{query}", body, billing)) == INVALID_REQUEST
    assert outcome(server.post(f"{path}?{query}", f"{body}&client_secret={SECRET}")) == INVALID_REQUEST
    assert server.post(path, body, billing).status_code == 200


@pytest.mark.filterwarnings("ignore:Presenting an OAuth 2.0 access token in the URI:DeprecationWarning")
@pytest.mark.parametrize("query", ["a=%zz", "a=%00", "client_id=%00", "token=%ff", "access_token=x", "token=%00", "&"])
def test_no_500_for_queries(server: AuthServer, billing: KeyPair, query: str) -> None:
    for path in PATHS:
        for came in (Came(billing), None):
            answer = post(server, path, "client_id=machine", came, query_string=query)
            assert answer.status_code < 500
    for path in ("/o/introspect/", *RESOURCES, "/plain"):
        assert server.get(f"{path}?{query}", "x", billing).status_code in (400, 401, 403)


@pytest.mark.parametrize("keys", [
    {"SSL_CLIENT_CERT": "rubbish", "SSL_CLIENT_VERIFY": "SUCCESS"}, {"SSL_CLIENT_VERIFY": "SUCCESS"},
])  # fmt: skip
def test_malformed_certificate(
    server: AuthServer, billing: KeyPair, keys: Mapping[str, Any], settings: Callable[..., None]
) -> None:
    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name])
    token = server.access_token("machine", billing, scope="accounts read")
    for path in RESOURCES:
        answer = Client().get(path, HTTP_AUTHORIZATION=f"Bearer {token}", **dict(keys))
        assert outcome(answer) == INVALID_TOKEN
    for path, given in PATHS.items():
        assert raw(path, f"{given}&client_id=machine", keys).status_code in (400, 401)
        by_secret = raw(path, f"{given}&client_id=unbound&client_secret={SECRET}", keys)
        assert by_secret.status_code == 200  # nothing of its certificate is asked for
    assert outcome(raw("/o/token/", "grant_type=refresh_token&refresh_token=x&client_id=public", keys))[0] in (400, 401)


@pytest.mark.parametrize("query", ["client_id=%00", "client_id=billing%00", "client_id=x", "", "client_id=%ff"])
def test_no_500_at_the_authorization_endpoint(server: AuthServer, query: str) -> None:
    browser = Client()
    browser.force_login(server.user, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get(f"/o/authorize/?response_type=code&{query}").status_code == 400
    assert server.code("billing")
