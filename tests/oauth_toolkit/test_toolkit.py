"""What OAuth Toolkit does by itself: why each of our classes is there. One that fails here may have become needless."""

import inspect
import json
from collections.abc import Callable
from typing import Any

import oauthlib
import pytest
from django.test import Client, RequestFactory
from oauth2_provider.models import get_access_token_model, get_device_grant_model
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.views import IntrospectTokenView
from oauthlib.oauth2 import InvalidClientError

from .support import SECRET, AuthServer, application


class Raising(OAuth2Validator):  # type: ignore[misc]  # OAuth Toolkit has no types
    def authenticate_client(self, request: Any, *args: Any, **options: Any) -> bool:
        raise InvalidClientError(request=request)


class Counting(OAuth2Validator):  # type: ignore[misc]  # as above
    created = 0

    def _create_access_token(self, *args: Any, **options: Any) -> Any:
        type(self).created += 1
        return super()._create_access_token(*args, **options)


@pytest.fixture(autouse=True)
def _toolkits_own(settings: Callable[..., None], toolkit: Callable[..., None]) -> None:
    settings(ROOT_URLCONF="tests.oauth_toolkit.toolkits_urls")
    toolkit(
        OAUTH2_VALIDATOR_CLASS="oauth2_provider.oauth2_validators.OAuth2Validator",
        OAUTH2_BACKEND_CLASS="oauth2_provider.oauth2_backends.OAuthLibCore",
    )


def test_introspection_is_a_static_method() -> None:
    assert isinstance(inspect.getattr_static(IntrospectTokenView, "get_token_response"), staticmethod)


def test_repeated_parameters_are_collapsed() -> None:
    request = RequestFactory().post("/", "a=1&a=2", content_type="application/x-www-form-urlencoded")
    assert list(OAuthLibCore().extract_body(request)) == [("a", "2")]


def test_error_while_authenticating_at_introspection_is_a_500(server: AuthServer, toolkit: Callable[..., None]) -> None:
    answer = server.post("/o/introspect/", {"token": "x", "client_id": "unbound", "client_secret": "wrong"})
    assert (answer.status_code, answer.content) == (403, b"")
    toolkit(OAUTH2_VALIDATOR_CLASS="tests.oauth_toolkit.test_toolkit.Raising")
    client = Client(raise_request_exception=False)
    assert client.post("/o/introspect/", {"token": "x", "client_id": "unbound"}).status_code == 500


@pytest.mark.parametrize("client_type", ["confidential", "public"])
def test_blank_secret_authenticates_with_nothing(server: AuthServer, client_type: str) -> None:
    application("blank", client_secret="", client_type=client_type)
    assert server.token("blank").status_code == 200


def test_device_code_serves_any_client_and_tells_its_state_to_anybody(
    server: AuthServer, toolkit: Callable[..., None]
) -> None:
    if oauthlib.__version__ >= "4" and not hasattr(OAuth2Validator, "validate_device_code"):
        pytest.skip("this OAuth Toolkit has no device grant with oauthlib 4")
    toolkit(OAUTH_DEVICE_VERIFICATION_URI="https://as.example/device")
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    for client_id in ("tv", "thief"):
        application(client_id, grant)
    asked = server.post("/o/device-authorization/", {"client_id": "tv", "client_secret": SECRET, "scope": "accounts"})
    form = {"grant_type": grant, "device_code": asked.json()["device_code"]}
    assert server.post("/o/token/", {**form, "client_id": "nobody"}).json()["error"] == "authorization_pending"
    get_device_grant_model().objects.update(status="authorized", user=server.user)
    for _ in range(2):
        answer = server.post("/o/token/", {**form, "client_id": "thief", "client_secret": SECRET})
        assert answer.status_code == 200


def test_replay_of_a_refresh_token_by_another_revokes_the_family(
    server: AuthServer, toolkit: Callable[..., None]
) -> None:
    toolkit(REFRESH_TOKEN_REUSE_PROTECTION=True)
    application("thief", "authorization-code", client_type="public")
    first = server.exchange("public", server.code("public")).json()["refresh_token"]
    second = server.refresh("public", first).json()["refresh_token"]
    assert server.refresh("thief", first).status_code == 400
    assert server.refresh("public", second).status_code == 400


def test_public_client_introspects_by_naming_the_device_grant(server: AuthServer) -> None:
    form = {"client_id": "public", "token": "x", "grant_type": "urn:ietf:params:oauth:grant-type:device_code"}
    assert server.post("/o/introspect/", form).status_code == 200


def test_refresh_without_rotation_creates_nothing(server: AuthServer, toolkit: Callable[..., None]) -> None:
    toolkit(OAUTH2_VALIDATOR_CLASS="tests.oauth_toolkit.test_toolkit.Counting", ROTATE_REFRESH_TOKEN=False)
    tokens = server.exchange("unbound-code", server.code("unbound-code"), None, SECRET).json()
    Counting.created = 0
    assert server.refresh("unbound-code", tokens["refresh_token"], None, SECRET).status_code == 200
    assert Counting.created == 0
    assert get_access_token_model().objects.count() == 1


def test_remote_introspection_drops_cnf(monkeypatch: pytest.MonkeyPatch) -> None:
    class Answer:
        status_code = 200

        def json(self) -> Any:
            return {"active": True, "scope": "accounts", "cnf": {"x5t#S256": "x"}}

    monkeypatch.setattr("requests.post", lambda *args, **options: Answer())
    row = OAuth2Validator()._get_token_from_authentication_server("t0ken", "https://as.example", "bearer", None)
    assert row.is_valid(["accounts"])
    assert "x5t#S256" not in json.dumps({name: str(value) for name, value in vars(row).items()})
