"""Whose a session is, whoever writes to it and however somebody logged in to it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as current
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from django_mtls.test import AsyncCertificateClient, CertificateClient
from wsgi_mtls.testing import KeyPair

from ..browser import Browser

pytestmark = pytest.mark.usefixtures("login_order")


@pytest.fixture(autouse=True)
def _views(settings: Callable[..., None]) -> None:
    settings(
        ROOT_URLCONF="tests.django.sessions_urls",
        MESSAGE_STORAGE="django.contrib.messages.storage.session.SessionStorage",
    )


@pytest.fixture(params=["db", "cache", "cached_db", "signed_cookies"])
def engine(request: pytest.FixtureRequest, settings: Callable[..., None]) -> str:
    settings(SESSION_ENGINE=f"django.contrib.sessions.backends.{request.param}")
    return str(request.param)


@pytest.mark.parametrize("path", ["/leave", "/flush"])
def test_what_other_middleware_stores_is_the_certificates(
    browser: Browser, engine: str, alice: User, bob: User, alice_pair: KeyPair, bob_pair: KeyPair, path: str
) -> None:
    browser.get(path, alice_pair)
    assert browser.get("/show", bob_pair).json() == {"user": "bob", "messages": []}
    browser.get(path, alice_pair)
    assert browser.get("/show", None).json() == {"user": "", "messages": []}
    browser.get(path, alice_pair)
    assert browser.get("/show", alice_pair).json() == {"user": "alice", "messages": ["for alice"]}


@pytest.mark.parametrize("at_close", [False, True])
def test_a_view_that_ends_the_session(
    browser: Browser, engine: str, settings: Callable[..., None], alice: User, alice_pair: KeyPair, at_close: bool
) -> None:
    """Its cookie ends, too, and what other middleware writes afterwards is kept in another session."""
    settings(SESSION_EXPIRE_AT_BROWSER_CLOSE=at_close)
    browser.get("/note?text=old", alice_pair)
    before = browser.client.cookies["sessionid"].value
    browser.get("/logout", alice_pair)
    assert browser.client.cookies["sessionid"].value == ""
    assert browser.session(alice_pair) == {}
    browser.get("/note?text=old", alice_pair)
    browser.get("/flush", alice_pair)
    assert browser.client.cookies["sessionid"].value not in ("", before)
    assert browser.client.cookies["sessionid"]["max-age"] == ("" if at_close else 1209600)
    assert browser.get("/show", alice_pair).json() == {"user": "alice", "messages": ["for alice"]}
    assert "note" not in browser.session(alice_pair)


def test_csrf_token_in_the_session(
    browser: Browser, settings: Callable[..., None], alice: User, alice_pair: KeyPair, bob_pair: KeyPair
) -> None:
    settings(CSRF_USE_SESSIONS=True)
    browser.get("/admin/login/", alice_pair)
    assert browser.session(alice_pair)["_csrftoken"]
    assert browser.session(None) == {}


def test_nothing_is_stored_for_want_of_anything(
    browser: Browser, settings: Callable[..., None], alice: User, alice_pair: KeyPair, bob: User, bob_pair: KeyPair
) -> None:
    assert "Set-Cookie" not in browser.get("/", alice_pair).headers
    browser.get("/logout", alice_pair)
    assert not Session.objects.exists()
    settings(SESSION_SAVE_EVERY_REQUEST=True)  # then Django stores what a session carries: whose it is
    browser.client.handler.load_middleware(is_async=browser.asynchronous)
    browser.user(alice_pair)
    (stored,) = Session.objects.all()
    assert browser.user(bob_pair) == "bob"
    assert not Session.objects.filter(session_key=stored.session_key).exists()


@pytest.mark.parametrize("path", ["/keyword", "/exempt-keyword"])
def test_login_by_keyword(
    browser: Browser, alice: User, bob: User, alice_pair: KeyPair, bob_pair: KeyPair, path: str
) -> None:
    """``login(request, user, backend=…)`` sets no ``user.backend``."""
    browser.get(path, alice_pair)
    assert browser.user(alice_pair) == "alice"
    for other, user in ((None, ""), (bob_pair, "bob")):
        browser.get(path, alice_pair)
        assert browser.user(other) == user
        assert browser.user(None) == ""


def test_session_of_the_backend_without_a_thumbprint(
    browser: Browser, alice: User, alice_pair: KeyPair, bob_pair: KeyPair
) -> None:
    """However it came about, it is nobody's."""
    for pair, user in ((None, ""), (bob_pair, ""), (alice_pair, "alice")):
        Client.force_login(browser.client, alice, "django_mtls.backends.ClientCertificateBackend")
        session = browser.client.session
        session.pop("_mtls_thumbprint", None)
        session.save()
        assert browser.user(pair) == user
        assert not Session.objects.filter(session_key=session.session_key).exists()


@pytest.mark.parametrize("path", ["/logout", "/alogout"])
def test_logout_in_a_view(browser: Browser, alice: User, alice_pair: KeyPair, path: str) -> None:
    assert browser.get(path, alice_pair).json() == {"user": "", "auser": ""}
    assert browser.get("/async", alice_pair).json() == {"user": "alice", "same": "alice"}


def test_force_login(alice: User, bob_pair: KeyPair, bob: User) -> None:
    client = CertificateClient()
    client.force_login(alice)
    assert client.get("/").json()["user"] == "alice"
    client.present(bob_pair)
    assert client.get("/").json()["user"] == "bob"
    other = Client()
    other.force_login(alice)
    assert other.get("/").json()["user"] == ""  # the first backend's session, which belongs to a certificate
    other.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    assert other.get("/").json()["user"] == "alice"


async def _force(client: AsyncCertificateClient, user: User) -> Any:
    await client.aforce_login(user)
    return await client.get("/")


def test_force_login_async(alice: User) -> None:
    from asgiref.sync import async_to_sync

    assert async_to_sync(_force)(AsyncCertificateClient(), alice).json()["user"] == "alice"


def test_force_login_needs_another_backend(alice: User, settings: Callable[..., None]) -> None:
    settings(AUTHENTICATION_BACKENDS=current.AUTHENTICATION_BACKENDS[:1])
    with pytest.raises(ImproperlyConfigured, match="present"):
        CertificateClient().force_login(alice)


def test_force_login_needs_a_backend_with_users(alice: User, settings: Callable[..., None]) -> None:
    ours, passwords = current.AUTHENTICATION_BACKENDS
    settings(AUTHENTICATION_BACKENDS=[ours, "tests.django.login.test_other_backends.Permissions", passwords])
    client = CertificateClient()
    client.force_login(alice)
    assert client.get("/").json()["user"] == "alice"
