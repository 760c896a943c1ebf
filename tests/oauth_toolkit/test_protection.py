"""A bound token, or what replaces one, is accepted nowhere without a check."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import RequestFactory
from oauth2_provider.models import get_access_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.views import IntrospectTokenView

from django_mtls.oauth_toolkit.protection import protected_resource, rw_protected_resource
from django_mtls.oauth_toolkit.validators import MutualTLSValidator, MutualTLSValidatorMixin
from wsgi_mtls.testing import KeyPair, environ_for

from .support import SECRET, AuthServer, outcome

MIDDLEWARE = "oauth2_provider.middleware.OAuth2TokenMiddleware"
BACKEND = "oauth2_provider.backends.OAuth2Backend"


def test_what_looks_at_no_certificate_refuses_bound_tokens(
    server: AuthServer, billing: KeyPair, toolkit: Callable[..., None]
) -> None:
    bound, unbound = server.access_token("machine", billing), server.access_token("unbound", secret=SECRET)
    toolkit(OAUTH2_VALIDATOR_CLASS="oauth2_provider.oauth2_validators.OAuth2Validator")
    assert OAuth2Validator.validate_bearer_token is not MutualTLSValidator.validate_bearer_token
    for path in ("/plain", "/drf", "/decorated", "/toolkits-decorator"):
        assert server.get(path, bound, billing).status_code in (401, 403)
        assert server.get(path, unbound).status_code == 200
    # Its introspection view would return no cnf.
    assert json.loads(IntrospectTokenView.get_token_response(bound).content) == {"active": False}
    assert json.loads(IntrospectTokenView.get_token_response(unbound).content)["active"] is True


def test_order_of_bases() -> None:
    with pytest.raises(TypeError, match="before"):
        type("Wrong", (OAuth2Validator, MutualTLSValidatorMixin), {})
    assert issubclass(type("Right", (MutualTLSValidatorMixin, OAuth2Validator), {}), OAuth2Validator)


def test_toolkits_backend_class_authenticates_nobody_by_secret(
    server: AuthServer, billing: KeyPair, toolkit: Callable[..., None]
) -> None:
    """Fails closed: a client of mutual TLS has a secret in the database, which must not count."""
    toolkit(OAUTH2_BACKEND_CLASS="oauth2_provider.oauth2_backends.OAuthLibCore")
    form = {"grant_type": "client_credentials", "client_id": "machine"}
    for given in (form, {**form, "client_secret": SECRET}):
        for pair in (None, billing):
            assert server.post("/o/token/", given, pair).status_code in (400, 401)
    assert server.token("unbound", secret=SECRET).status_code == 200


def test_middleware(server: AuthServer, billing: KeyPair, other: KeyPair, settings: Callable[..., None]) -> None:
    from django.conf import settings as current

    settings(
        MIDDLEWARE=[*(name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name), MIDDLEWARE],
        AUTHENTICATION_BACKENDS=[BACKEND, *current.AUTHENTICATION_BACKENDS],
    )
    token = server.exchange("billing", server.code("billing"), billing).json()["access_token"]
    assert server.get("/anybody", token, billing).json()["user"] == "anna"
    for thief in (None, other):
        assert server.get("/anybody", token, thief).json()["user"] == ""


def test_verified_once_is_not_verified_for_the_next(server: AuthServer, billing: KeyPair) -> None:
    """REST framework's permissions ask ``is_valid`` of the row that was verified, and of no other."""
    token = server.access_token("machine", billing)
    assert server.get("/drf", token, billing).status_code == 200
    assert server.get("/drf", token).status_code == 401
    assert get_access_token_model().objects.get().is_valid(["accounts"]) is False


@pytest.mark.parametrize(("path", "method", "scope", "status"), [
    ("/rw", "get", "read", 200), ("/rw", "post", "read", 403), ("/rw", "post", "write", 200),
    ("/rw-view", "get", "read", 200), ("/rw-view", "post", "read", 403), ("/decorated", "get", "read", 403),
    ("/challenging", "get", "read", 403), ("/challenging", "get", "accounts", 200),
])  # fmt: skip
def test_scopes(server: AuthServer, billing: KeyPair, path: str, method: str, scope: str, status: int) -> None:
    token = server.access_token("machine", billing, scope=scope)
    if method == "get":
        answer = server.get(path, token, billing)
    else:
        answer = server.post(path, {}, billing, environ={"HTTP_AUTHORIZATION": f"Bearer {token}"})
    assert answer.status_code == status
    if status == 403:
        assert outcome(answer) == (403, "insufficient_scope")


CHALLENGES = {
    "/decorated": "accounts", "/challenging": "accounts", "/rw": "read", "/rw-view": "read",
    "/o/introspect/?token=x": "introspection",
}  # fmt: skip


@pytest.mark.parametrize("path", CHALLENGES)
def test_challenges(server: AuthServer, billing: KeyPair, path: str) -> None:
    """As the core's middleware has them (RFC 6750 section 3)."""
    scope = CHALLENGES[path]
    small = server.access_token("machine", billing, scope="write")
    assert challenge(server.get(path, small, billing)) == (403, f'Bearer error="insufficient_scope", scope="{scope}"')
    assert challenge(server.get(path, "x", billing)) == (401, 'Bearer error="invalid_token"')
    if "introspect" in path:
        return  # which asks for clients first
    for authorization in (None, "Basic eDp5", "Digest username=x"):
        environ = {} if authorization is None else {"HTTP_AUTHORIZATION": authorization}
        assert challenge(server.get(path, None, billing, **environ)) == (401, f'Bearer scope="{scope}"')
        query = f"{path}?oauth2_error=x"  # which oauthlib's request has as an attribute
        assert challenge(server.get(query, None, billing, **environ)) == (401, f'Bearer scope="{scope}"')
    for authorization in ("Bearer", "Bearer ", "Bearer a b"):
        answer = server.get(path, None, billing, HTTP_AUTHORIZATION=authorization)
        assert challenge(answer) == (400, 'Bearer error="invalid_request"')


def challenge(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.headers["WWW-Authenticate"]


def test_scopes_that_no_challenge_can_name() -> None:
    for decorator in (protected_resource, rw_protected_resource):
        with pytest.raises(ValueError, match="scope"):
            decorator(['"'])
        decorator(["accounts", "read"])


@pytest.mark.parametrize("path", ["/decorated", "/challenging", "/rw"])
def test_stolen_token_tells_nothing_of_its_scope(
    server: AuthServer, billing: KeyPair, other: KeyPair, path: str
) -> None:
    token = server.access_token("machine", billing, scope="introspection")
    for thief in (None, other):
        assert outcome(server.get(path, token, thief)) == (401, "invalid_token")
    assert outcome(server.get(path, token, billing)) == (403, "insufficient_scope")


def test_request_of_oauthlib_alone(server: AuthServer, billing: KeyPair) -> None:
    """The validator finds the certificate in any request that OAuth Toolkit's backend class makes."""
    from oauth2_provider.decorators import protected_resource as toolkits_decorator
    from oauthlib.oauth2 import Server

    token = server.access_token("machine", billing)
    view = toolkits_decorator(["accounts"], MutualTLSValidator, Server)(lambda request: request.resource_owner or "in")
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    environ: dict[str, Any] = {**bearer, **environ_for(billing)}
    assert view(RequestFactory().get("/", **environ)) == "in"
    assert view(RequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {token}")).status_code == 403
