"""OAuth clients are not users: their certificates neither log in nor fail to."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.contrib.sessions.models import Session
from django.urls import reverse

from wsgi_mtls.testing import KeyPair

from .support import AuthServer

VIEWS = ("token", "revoke-token", "introspect", "device-authorization", "user-info", "jwks-info",
         "oidc-connect-discovery-info", "oauth-server-metadata")  # fmt: skip


@pytest.fixture(autouse=True)
def failed() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(sender: object, **_: object) -> None:
        seen.append("user_login_failed")

    user_login_failed.connect(note)
    yield seen
    user_login_failed.disconnect(note)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("create", [True, False])
def test_no_user_comes_of_a_client(
    server: AuthServer, oidc: None, ca: KeyPair, mtls: Callable[..., None], view: str, create: bool, failed: list[str]
) -> None:
    mtls(CREATE_UNKNOWN_USERS=create, USE_SESSION=True)
    path, machine = reverse(f"oauth2_provider:{view}"), ca.issue("CN=machine7")
    for answer in (server.post(path, {"client_id": "x", "token": "x"}, machine), server.get(path, None, machine)):
        assert "sessionid" not in answer.cookies
    assert not User.objects.filter(username="machine7").exists()
    assert not Session.objects.exists()
    assert failed == []
    server.get("/anybody", None, machine)
    assert User.objects.filter(username="machine7").exists() is create
    assert failed == ([] if create else ["user_login_failed"])


@pytest.mark.parametrize("path", ["/decorated", "/async-decorated", "/rw", "/challenging", "/rw-view"])
def test_nor_of_who_has_a_token(
    server: AuthServer, billing: KeyPair, mtls: Callable[..., None], path: str, failed: list[str]
) -> None:
    token = server.access_token(pair=billing, scope="accounts read")
    assert server.get(path, token, billing).status_code == 200
    assert failed == []


def test_a_token_is_issued_where_a_login_is_required(
    server: AuthServer, billing: KeyPair, settings: Callable[..., None]
) -> None:
    from django.conf import settings as current

    required = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings(MIDDLEWARE=[*current.MIDDLEWARE, required])
    token: Any = server.access_token(pair=billing)
    assert server.get("/decorated", token, billing).status_code == 200
    assert server.get("/anybody", None).status_code == 302
