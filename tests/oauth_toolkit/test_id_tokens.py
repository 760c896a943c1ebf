"""OAuth Toolkit takes an ID token for an access token, and it is bound to nothing."""

import base64
import json
from typing import Any

import pytest

from django_mtls.oauth_toolkit.models import ApplicationRegistration
from wsgi_mtls.testing import KeyPair

from .support import BIND, DN, AuthServer, application, outcome, registered

PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": DN}
RESOURCES = ["/plain", "/decorated", "/challenging", "/drf", "/o/introspect/?token=x"]


@pytest.fixture
def id_token(server: AuthServer, oidc: None, billing: KeyPair) -> str:
    """The ID token of a client of mutual TLS with unbound tokens."""
    registered(application("rp", "authorization-code", algorithm="RS256"), PKI)
    token: str = server.exchange("rp", server.code("rp", scope="openid accounts"), billing).json()["id_token"]
    return token


def test_id_token_is_no_bound_token(server: AuthServer, oidc: None, billing: KeyPair) -> None:
    registered(application("rp", "authorization-code", algorithm="RS256"), {**PKI, **BIND})
    registered(application("rp-unbound", "authorization-code", algorithm="RS256"), PKI)
    for client_id, status in (("rp", 403), ("rp-unbound", 200)):
        code = server.code(client_id, scope="openid accounts")
        tokens = server.exchange(client_id, code, billing).json()
        assert server.get("/plain", tokens["id_token"], billing).status_code == status
        # These name OAuth Toolkit's own validator, which knows nothing of certificates.
        for path in ("/own-validator", "/toolkits-openid"):
            for pair in (billing, None):
                assert server.get(path, tokens["id_token"], pair).status_code == status
                assert server.get(path, tokens["access_token"], pair).status_code == status
        assert server.get("/plain", tokens["access_token"], billing).status_code == 200
        userinfo = server.get("/o/userinfo/", tokens["access_token"])
        assert userinfo.status_code == (401 if client_id == "rp" else 200)
        assert server.get("/o/userinfo/", tokens["access_token"], billing).json()["sub"] == str(server.user.pk)


@pytest.mark.parametrize("name", ["Always", "Required"])
def test_project_that_binds_all(server: AuthServer, id_token: str, toolkit: Any, name: str) -> None:
    assert server.get("/own-validator", id_token).status_code == 200
    toolkit(OAUTH2_VALIDATOR_CLASS=f"tests.oauth_toolkit.test_tokens.{name}")
    for path in ("/own-validator", "/toolkits-openid", "/plain"):
        assert server.get(path, id_token).status_code == 403


@pytest.mark.parametrize("change", [{"enabled": False}, {"subject_value": ""}])
def test_disabled_or_impossible_registration(
    server: AuthServer, id_token: str, billing: KeyPair, change: dict[str, Any]
) -> None:
    assert server.get("/plain", id_token, billing).status_code == 200
    ApplicationRegistration.objects.filter(application__client_id="rp").update(**change)
    for path in (*RESOURCES, "/own-validator", "/toolkits-openid", "/o/userinfo/"):
        assert server.get(path, id_token, billing).status_code in (401, 403)


def encoded(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


CLAIMS: list[object] = [
    [], {}, 7, None, b"{", b"\xff", b"[" * 5000, {"aud": 7}, {"aud": {}}, {"aud": [[1]]}, {"aud": "machine"},
    {"aud": "rp"}, {"aud": "unbound"}, {"aud": "\0"}, {"aud": [10**400]},
]  # fmt: skip
JUNK = [
    "ey.ey.ey", "eyJhbGciOiJub25lIn0.W10.x", "eyJhbGciOiJub25lIn0.e30.",
    *(f"{encoded({'alg': 'HS256'})}.{encoded(claims)}.{encoded(b'x' * 32)}" for claims in CLAIMS),
]  # fmt: skip


@pytest.mark.parametrize("token", JUNK, ids=range(len(JUNK)))
def test_no_500_for_junk(server: AuthServer, id_token: str, billing: KeyPair, token: str) -> None:
    for path in RESOURCES:
        answer = server.get(path, token, billing)
        assert answer.status_code in (401, 403)
        assert answer.status_code == 403 or outcome(answer) == (401, "invalid_token")
    assert server.get("/plain", id_token, billing).status_code == 200
