"""The members of RFC 8705 in every document of metadata."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from oauth2_provider import views

from django_mtls.oauth_toolkit.hardening.device import GRANT_TYPE
from wsgi_mtls.profiles import check_fapi2

from .support import SECRET, AuthServer

METHODS = ["self_signed_tls_client_auth", "tls_client_auth"]


def document(path: str) -> dict[str, Any]:
    answer = Client().get(f"/o/.well-known/{path}", secure=True)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_server(toolkit: Callable[..., None], mtls: Callable[..., None]) -> None:
    found = document("oauth-authorization-server")
    assert found["tls_client_certificate_bound_access_tokens"] is True
    for name in ("token", "revocation", "introspection"):
        offered = found[f"{name}_endpoint_auth_methods_supported"]
        assert set(METHODS) < set(offered)
        assert "client_secret_basic" in offered
    assert found["token_endpoint"] == "https://testserver/o/token/"
    assert "mtls_endpoint_aliases" not in found
    mtls(ALLOWED_METHODS=["tls_client_auth"])
    assert METHODS[0] not in document("oauth-authorization-server")["token_endpoint_auth_methods_supported"]


def test_aliases(toolkit: Callable[..., None]) -> None:
    toolkit(MTLS_BASE="https://mtls.as.example/", OIDC_ISS_ENDPOINT="https://as.example/o")
    found = document("oauth-authorization-server")
    assert found["token_endpoint"] == "https://as.example/o/token/"
    aliases = found["mtls_endpoint_aliases"]
    pushed = aliases.pop("pushed_authorization_request_endpoint", None)  # after 3.4
    assert (pushed is None) or pushed == "https://mtls.as.example/o/par/"
    assert aliases == {
        "token_endpoint": "https://mtls.as.example/o/token/",
        "revocation_endpoint": "https://mtls.as.example/o/revoke_token/",
        "introspection_endpoint": "https://mtls.as.example/o/introspect/",
    }


def test_device_authorization(toolkit: Callable[..., None]) -> None:
    """RFC 8628 section 4; only where devices know which page to name."""
    found = document("oauth-authorization-server")
    assert "device_authorization_endpoint" not in found
    assert GRANT_TYPE not in found.get("grant_types_supported", [])
    assert set(found.get("grant_types_supported", ["client_credentials"])) >= {"client_credentials"}
    toolkit(
        OAUTH_DEVICE_VERIFICATION_URI="https://as.example/device", MTLS_BASE="https://mtls.as.example",
        OIDC_ENABLED=True,
    )  # fmt: skip
    for path in ("oauth-authorization-server", "openid-configuration"):
        found = document(path)
        assert GRANT_TYPE in found.get("grant_types_supported", [GRANT_TYPE])
        assert found["device_authorization_endpoint"] == "https://testserver/o/device-authorization/"
        alias = found["mtls_endpoint_aliases"]["device_authorization_endpoint"]
        assert alias == "https://mtls.as.example/o/device-authorization/"


def test_row_39_aliases_of_what_clients_call_alone(toolkit: Callable[..., None]) -> None:
    toolkit(MTLS_BASE="https://mtls.as.example", OIDC_ENABLED=True, OIDC_RP_INITIATED_LOGOUT_ENABLED=True)
    for path in ("oauth-authorization-server", "openid-configuration"):
        found = document(path)
        browsers = {"authorization_endpoint", "end_session_endpoint"}
        assert "authorization_endpoint" in found
        assert set(found["mtls_endpoint_aliases"]) <= {name for name in found if name.endswith("_endpoint")} - browsers


def test_openid_connect(toolkit: Callable[..., None]) -> None:
    toolkit(OIDC_ENABLED=True, MTLS_BASE="https://mtls.as.example")
    found = document("openid-configuration")
    assert found["tls_client_certificate_bound_access_tokens"] is True
    assert set(METHODS) < set(found["token_endpoint_auth_methods_supported"])
    assert set(found["mtls_endpoint_aliases"]) == {"token_endpoint", "userinfo_endpoint"}
    toolkit(OIDC_ENABLED=False)
    assert Client().get("/o/.well-known/openid-configuration").status_code == 404


def test_resource(server: AuthServer, toolkit: Callable[..., None]) -> None:
    if not hasattr(views, "OAuthProtectedResourceMetadataView"):
        pytest.skip("OAuth Toolkit before 3.4 has no metadata of resources")
    assert document("oauth-protected-resource")["tls_client_certificate_bound_access_tokens"] is False
    toolkit(OAUTH2_VALIDATOR_CLASS="tests.oauth_toolkit.test_tokens.Required")
    assert document("oauth-protected-resource")["tls_client_certificate_bound_access_tokens"] is True


def test_login_that_is_required_everywhere(server: AuthServer, settings: Callable[..., None]) -> None:
    """Clients don't log in."""
    from django.conf import settings as current

    login = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings(MIDDLEWARE=[*(name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name), login])
    assert Client().get("/anybody").status_code == 302
    assert document("oauth-authorization-server")
    token = server.access_token("unbound", secret=SECRET)
    assert server.introspect(token)["active"] is True
    form = {"client_id": "unbound", "client_secret": SECRET, "token": token}
    assert server.post("/o/revoke_token/", form).status_code == 200


def test_what_fapi2_finds_missing() -> None:
    """The command ``wsgi-mtls check-profile`` names the gaps of this server, by section of the profile."""
    found = document("oauth-authorization-server")
    missing = {finding.section for finding in check_fapi2(found, found["issuer"]) if not finding.is_met}
    # It offers client_secret_basic, and requests need not be pushed.
    assert {"5.3.2.1 (6)", "5.3.2.2 (3)"} <= missing
    assert "5.3.2.1 (4, 5)" not in missing
