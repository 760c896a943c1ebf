"""Row 58: the session cookie of a login by certificate is worth nothing where the certificate was not looked at."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as current
from django.contrib.auth import aget_user, get_user
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.test import Client

from django_mtls.test import CertificateClient
from wsgi_mtls.testing import KeyPair

SEEN: list[str] = []
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
LOGIN = "django_mtls.middleware.ClientCertificateLoginMiddleware"


@pytest.fixture(autouse=True)
def _use_session(mtls: Callable[..., None]) -> None:
    SEEN.clear()
    mtls(USE_SESSION=True)


def of_certificate(pair: KeyPair) -> str:
    client = CertificateClient(pair)
    assert client.get("/").json()["user"] == "alice"
    return str(client.cookies["sessionid"].value)


def of_password(user: User) -> str:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return str(client.cookies["sessionid"].value)


def looking(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Middleware of a project that looks at the user before our login middleware has run."""

    def middleware(request: Any) -> Any:
        SEEN.append(request.user.get_username())
        return get_response(request)

    return middleware


def test_middleware_before_the_login_middleware(
    settings: Callable[..., None], alice: User, alice_pair: KeyPair
) -> None:
    after = current.MIDDLEWARE.index(AUTHENTICATION) + 1
    looks = "tests.django.login.test_stolen_sessions.looking"
    settings(MIDDLEWARE=[*current.MIDDLEWARE[:after], looks, *current.MIDDLEWARE[after:]])
    thief, member = Client(), Client()
    thief.cookies["sessionid"] = of_certificate(alice_pair)
    member.cookies["sessionid"] = of_password(alice)
    SEEN.clear()
    assert thief.get("/").json()["user"] == ""
    assert member.get("/").json()["user"] == "alice"
    assert SEEN == ["", "alice"]


def test_without_the_login_middleware(settings: Callable[..., None], alice: User, alice_pair: KeyPair) -> None:
    thief, member = Client(), Client()
    thief.cookies["sessionid"] = of_certificate(alice_pair)
    member.cookies["sessionid"] = of_password(alice)
    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if name != LOGIN])
    assert thief.get("/").json()["user"] == ""
    assert member.get("/").json()["user"] == "alice"


def with_session(key: str) -> Any:
    from django.contrib.sessions.backends.db import SessionStore

    request = HttpRequest()
    request.session = SessionStore(key)
    return request


def test_get_user(alice: User, alice_pair: KeyPair) -> None:
    stolen, own = of_certificate(alice_pair), of_password(alice)
    assert get_user(with_session(stolen)) == AnonymousUser()
    assert get_user(with_session(own)) == alice


@pytest.mark.parametrize("kind", ["certificate", "password"])
def test_aget_user(alice: User, alice_pair: KeyPair, kind: str) -> None:
    key = of_certificate(alice_pair) if kind == "certificate" else of_password(alice)
    assert async_to_sync(aget_user)(with_session(key)) == (AnonymousUser() if kind == "certificate" else alice)


@pytest.mark.skipif(find_spec("channels") is None, reason="Channels is not installed")
@pytest.mark.parametrize("kind", ["certificate", "password"])
def test_channels(monkeypatch: pytest.MonkeyPatch, alice: User, alice_pair: KeyPair, kind: str) -> None:
    from channels.auth import AuthMiddlewareStack  # type: ignore[import-untyped]

    async def application(scope: Any, receive: Any, send: Any) -> None:
        SEEN.append(scope["user"].get_username())

    # It closes a connection that is in a transaction, as each test is.
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)
    key = of_certificate(alice_pair) if kind == "certificate" else of_password(alice)
    scope = {"type": "websocket", "path": "/", "headers": [(b"cookie", f"sessionid={key}".encode())]}
    async_to_sync(AuthMiddlewareStack(application))(scope, None, None)
    assert ["" if kind == "certificate" else "alice"] == SEEN


def test_own_login_needs_the_login_middleware(settings: Callable[..., None], alice: User, alice_pair: KeyPair) -> None:
    """A view that calls ``login()`` with our backend: only the middleware, which has the certificate, sets a user."""
    settings(ROOT_URLCONF="tests.django.sessions_urls")
    client = CertificateClient(alice_pair)
    client.get("/keyword")
    assert client.get("/").json()["user"] == "alice"
    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if name != LOGIN])
    without = CertificateClient(alice_pair)
    without.get("/keyword")
    assert without.cookies["sessionid"].value
    assert without.get("/").json()["user"] == ""
