"""Tokens are bound wherever OAuth Toolkit saves them."""

from collections.abc import Callable
from typing import Any

import pytest
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from django_mtls.oauth_toolkit.models import ApplicationRegistration
from django_mtls.oauth_toolkit.validators import MutualTLSValidator
from wsgi_mtls.testing import KeyPair

from .support import DN, INVALID_CLIENT, SECRET, AuthServer, application, cnf, outcome


class Always(MutualTLSValidator):
    bind_all_tokens = True


class Required(MutualTLSValidator):
    binding_required = True


@pytest.fixture(params=[True, False], ids=["rotated", "kept"])
def rotation(request: pytest.FixtureRequest, toolkit: Callable[..., None]) -> bool:
    toolkit(ROTATE_REFRESH_TOKEN=request.param)
    return bool(request.param)


def test_client_credentials(server: AuthServer, billing: KeyPair, mobile_pair: KeyPair) -> None:
    for client_id, pair in (("machine", billing), ("mobile", mobile_pair)):
        token = server.access_token(client_id, pair)
        assert server.introspect(token)["cnf"] == cnf(pair)
    assert "cnf" not in server.introspect(server.access_token("unbound", secret=SECRET))
    assert "cnf" not in server.introspect(server.access_token("unbound", billing, secret=SECRET))


def test_authorization_code(server: AuthServer, billing: KeyPair) -> None:
    tokens = server.exchange("billing", server.code("billing"), billing).json()
    told = server.introspect(tokens["access_token"], "billing", billing)
    assert (told["cnf"], told["username"], told["client_id"]) == (cnf(billing), "anna", "billing")
    tokens = server.exchange("secretive", server.code("secretive"), billing, SECRET).json()
    assert server.introspect(tokens["access_token"])["cnf"] == cnf(billing)


def test_row_30_refresh(server: AuthServer, ca: KeyPair, billing: KeyPair, rotation: bool) -> None:
    tokens = server.exchange("billing", server.code("billing"), billing).json()
    renewed = ca.issue(DN)
    again = server.refresh("billing", tokens["refresh_token"], renewed).json()
    assert (again["refresh_token"] != tokens["refresh_token"]) == rotation
    assert server.introspect(again["access_token"])["cnf"] == cnf(renewed)
    assert server.introspect(tokens["access_token"]) == {"active": False}
    third = server.refresh("billing", again["refresh_token"], billing).json()
    assert server.introspect(third["access_token"])["cnf"] == cnf(billing)
    assert server.get("/drf", third["access_token"], renewed).status_code == 401
    assert server.get("/drf", third["access_token"], billing).status_code == 200


def test_refresh_within_the_grace_period(
    server: AuthServer, ca: KeyPair, billing: KeyPair, toolkit: Callable[..., None]
) -> None:
    """The same access token is returned again, and stays bound."""
    toolkit(REFRESH_TOKEN_GRACE_PERIOD_SECONDS=120)
    tokens = server.exchange("billing", server.code("billing"), billing).json()
    first = server.refresh("billing", tokens["refresh_token"], billing).json()
    second = server.refresh("billing", tokens["refresh_token"], ca.issue(DN)).json()
    assert first["access_token"] == second["access_token"]
    assert server.introspect(first["access_token"])["cnf"] == cnf(billing)


def test_refresh_after_the_registration_has_changed(server: AuthServer, billing: KeyPair, rotation: bool) -> None:
    tokens = server.exchange("billing", server.code("billing"), billing).json()
    ApplicationRegistration.objects.update(tls_client_certificate_bound_access_tokens=False)
    again = server.refresh("billing", tokens["refresh_token"], billing).json()
    assert "cnf" not in server.introspect(again["access_token"])
    ApplicationRegistration.objects.update(tls_client_certificate_bound_access_tokens=True)
    again = server.refresh("billing", again["refresh_token"], billing).json()
    assert server.introspect(again["access_token"])["cnf"] == cnf(billing)


def test_hashed_storage(server: AuthServer, billing: KeyPair, toolkit: Callable[..., None]) -> None:
    if not hasattr(get_refresh_token_model(), "token_checksum"):
        pytest.skip("OAuth Toolkit before 3.4 stores tokens as they are")
    toolkit(COMPLIANT_BCP_RFC9700_TOKEN_STORAGE=True)
    tokens = server.exchange("billing", server.code("billing"), billing).json()
    tokens = server.refresh("billing", tokens["refresh_token"], billing).json()
    assert get_access_token_model().objects.get().token == ""
    assert server.introspect(tokens["access_token"])["cnf"] == cnf(billing)
    tokens = server.exchange("public", server.code("public"), billing).json()
    assert server.refresh("public", tokens["refresh_token"], billing).status_code == 200


def test_bind_all_tokens(server: AuthServer, billing: KeyPair, toolkit: Callable[..., None]) -> None:
    toolkit(OAUTH2_VALIDATOR_CLASS="tests.oauth_toolkit.test_tokens.Always")
    assert server.introspect(server.access_token("unbound", billing, secret=SECRET))["cnf"] == cnf(billing)
    assert outcome(server.token("unbound", secret=SECRET)) == (400, "invalid_request")


def test_binding_required(server: AuthServer, billing: KeyPair, toolkit: Callable[..., None]) -> None:
    unbound = server.access_token("unbound", secret=SECRET)
    bound = server.access_token("machine", billing)
    toolkit(OAUTH2_VALIDATOR_CLASS="tests.oauth_toolkit.test_tokens.Required")
    assert outcome(server.get("/decorated", unbound, billing)) == (401, "invalid_token")
    assert server.get("/decorated", bound, billing).status_code == 200


@pytest.mark.filterwarnings("ignore:The OAuth 2.0 implicit grant:DeprecationWarning")
@pytest.mark.parametrize("response_type", ["token", "id_token token", "code token"])
def test_no_bound_token_that_a_browser_fetches(
    server: AuthServer, toolkit: Callable[..., None], response_type: str
) -> None:
    toolkit(OIDC_ENABLED=True)
    for client_id, bound in (("front", True), ("front-unbound", False)):
        grant = "openid-hybrid" if "code" in response_type else "implicit"
        made = application(client_id, grant, client_type="public")
        ApplicationRegistration.objects.create(
            application=made, token_endpoint_auth_method="none", tls_client_certificate_bound_access_tokens=bound
        )
        location = server.authorize(client_id, response_type, nonce="n")
        if "id_token" not in response_type:  # whose keys are not set up here
            assert ("access_token=" in location) != bound
        assert ("unauthorized_client" in location) == bound


def test_revocation(server: AuthServer, billing: KeyPair, other: KeyPair) -> None:
    token = server.access_token("machine", billing)
    form = {"client_id": "machine", "token": token}
    assert outcome(server.post("/o/revoke_token/", form, other)) == INVALID_CLIENT
    assert outcome(server.post("/o/revoke_token/", form)) == INVALID_CLIENT
    # Another client's token, and its own.
    assert server.post("/o/revoke_token/", {**form, "client_id": "other"}, other).status_code == 200
    assert server.introspect(token)["active"] is True
    answer: Any = server.post("/o/revoke_token/", form, billing)
    assert (answer.status_code, answer.content) == (200, b"")
    assert server.introspect(token) == {"active": False}


def test_disabled_registration(server: AuthServer, billing: KeyPair) -> None:
    token = server.access_token("machine", billing)
    ApplicationRegistration.objects.update(enabled=False)
    assert outcome(server.token("machine", billing)) == INVALID_CLIENT
    assert outcome(server.token("machine", billing, SECRET)) == INVALID_CLIENT
    assert outcome(server.exchange("secretive", "x", billing, SECRET)) == INVALID_CLIENT
    assert server.get("/decorated", token, billing).status_code == 200  # until it expires or is revoked
    for client_id in ("billing", "secretive", "public"):
        assert "error=unauthorized_client" in server.authorize(client_id)
    ApplicationRegistration.objects.update(enabled=True)
    assert server.token("machine", billing).status_code == 200
    assert server.code("secretive")
