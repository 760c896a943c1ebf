"""What exempted views see of a session, and what they do to it."""

import json
from collections.abc import Callable

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session

from wsgi_mtls.testing import KeyPair

from .browser import Browser


@pytest.fixture(autouse=True)
def _urls(settings: Callable[..., None], mtls: Callable[..., None]) -> None:
    storage = "django.contrib.messages.storage.session.SessionStorage"
    settings(ROOT_URLCONF="tests.django.sessions_urls", MESSAGE_STORAGE=storage)
    mtls(USE_SESSION=True)


@pytest.fixture
def visitor(browser: Browser, alice: User) -> Browser:
    """A browser in which alice is logged in by password."""
    browser.client.force_login(alice)
    browser.get("/note?text=alice's", None)
    return browser


def streamed(browser: Browser, path: str) -> bytes:
    answer = browser.get(path, None)

    async def read() -> bytes:
        return b"".join([chunk async for chunk in answer])

    return async_to_sync(read)() if answer.is_async else b"".join(answer)


def test_exempted_views_see_no_session(browser: Browser, alice: User, alice_pair: KeyPair) -> None:
    browser.get("/note?text=alice's", alice_pair)
    for pair in (None, alice_pair):
        answer = browser.get("/exempt", pair).json()
        assert (answer["user"], answer["session"]) == ("", {})
    assert browser.session(alice_pair)["note"] == "alice's"


def test_nor_does_what_they_stream(visitor: Browser) -> None:
    """It is read once the middleware is through."""
    path = "/exempt-astream" if visitor.asynchronous else "/exempt-stream"
    assert json.loads(streamed(visitor, path)) == ["", {}]
    assert visitor.session(None)["note"] == "alice's"
    assert streamed(visitor, "/exempt-file") == b"a file"
    assert visitor.session(None)["note"] == "alice's"


@pytest.mark.parametrize("path", ["/exempt-own", "/exempt-leave"])
def test_what_they_write_ends_no_session(visitor: Browser, path: str) -> None:
    """Another site's page can make a browser go there."""
    before = visitor.client.cookies["sessionid"].value
    assert visitor.get(path, None).status_code == 200
    assert visitor.client.cookies["sessionid"].value == before
    session = visitor.session(None)
    assert session["note"] == "alice's"
    assert not session.keys() & {"own", "_messages"}
    assert visitor.user(None) == "alice"


@pytest.mark.parametrize("stale", [False, True])
def test_they_begin_a_visitors_first_session(browser: Browser, stale: bool) -> None:
    if stale:
        browser.client.cookies["sessionid"] = "of-a-session-that-is-gone"
    assert browser.get("/exempt-own", None).json()["session"] == {"own": "x"}
    assert browser.session(None) == {"own": "x"}


def test_they_log_in_and_out(visitor: Browser, alice: User, alice_pair: KeyPair) -> None:
    before = visitor.client.cookies["sessionid"].value
    visitor.get("/exempt-keyword", alice_pair)
    assert not Session.objects.filter(session_key=before).exists()
    assert "note" not in visitor.session(alice_pair)
    assert visitor.user(alice_pair) == "alice"
    assert Session.objects.exists()
    visitor.get("/exempt-logout", None)
    assert not Session.objects.exists()
    assert visitor.user(None) == ""
