"""What exempt views see of a session, and what they do to it: a certificate's is hidden, any other is as it is."""

import json
from collections.abc import Callable

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as current
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session

from wsgi_mtls.testing import KeyPair

from ..browser import Browser

pytestmark = pytest.mark.usefixtures("login_order")


@pytest.fixture(autouse=True)
def _urls(settings: Callable[..., None], mtls: Callable[..., None]) -> None:
    storage = "django.contrib.messages.storage.session.SessionStorage"
    settings(ROOT_URLCONF="tests.django.sessions_urls", MESSAGE_STORAGE=storage)
    mtls(USE_SESSION=True)


@pytest.fixture
def holder(browser: Browser, alice: User, alice_pair: KeyPair) -> Browser:
    """A browser with a session of alice's certificate."""
    browser.get("/note?text=alice's", alice_pair)
    return browser


@pytest.fixture
def visitor(browser: Browser, alice: User) -> Browser:
    """A browser in which alice is logged in by password."""
    browser.client.force_login(alice)
    browser.get("/note?text=alice's", None)
    return browser


def cookie(browser: Browser) -> str:
    value: str = browser.client.cookies["sessionid"].value
    return value


def streamed(browser: Browser, path: str) -> bytes:
    answer = browser.get(path, None)

    async def read() -> bytes:
        return b"".join([chunk async for chunk in answer])

    return async_to_sync(read)() if answer.is_async else b"".join(answer)


def test_they_see_no_session_of_a_certificate(holder: Browser, alice_pair: KeyPair) -> None:
    for pair in (None, alice_pair):
        answer = holder.get("/exempt", pair).json()
        assert (answer["user"], answer["session"]) == ("", {})
    assert holder.session(alice_pair)["note"] == "alice's"


def test_they_see_the_session_of_anybody_else(visitor: Browser, alice_pair: KeyPair) -> None:
    for pair in (None, alice_pair):
        answer = visitor.get("/exempt", pair).json()
        assert (answer["user"], answer["session"]["note"]) == ("", "alice's")
    assert visitor.user(None) == "alice"


def test_nor_does_what_they_stream(holder: Browser, alice_pair: KeyPair) -> None:
    """It is read once the middleware is through."""
    path = "/exempt-astream" if holder.asynchronous else "/exempt-stream"
    assert json.loads(streamed(holder, path)) == ["", {}]
    assert streamed(holder, "/exempt-file") == b"a file"
    assert holder.session(alice_pair)["note"] == "alice's"


@pytest.mark.parametrize("path", ["/exempt-own", "/exempt-leave", "/exempt-write-stream"])
@pytest.mark.parametrize("every_request", [False, True])
def test_what_they_write_ends_no_session_of_a_certificate(
    holder: Browser, alice_pair: KeyPair, settings: Callable[..., None], path: str, every_request: bool
) -> None:
    """Another site's page can make a browser go there."""
    settings(SESSION_SAVE_EVERY_REQUEST=every_request)
    before = cookie(holder)
    for pair in (None, alice_pair):
        assert holder.get(path, pair).status_code == 200
        assert cookie(holder) == before
    session = holder.session(alice_pair)
    assert session["note"] == "alice's"
    assert "own" not in session
    assert holder.user(alice_pair) == "alice"
    assert cookie(holder) == before


def test_csrf_tokens_in_the_session_end_it_neither(
    browser: Browser, settings: Callable[..., None], alice: User, alice_pair: KeyPair
) -> None:
    settings(CSRF_USE_SESSIONS=True)
    browser.get("/note?text=alice's", alice_pair)
    before = cookie(browser)
    assert browser.get("/exempt-form", None).status_code == 200
    assert cookie(browser) == before
    assert browser.session(alice_pair)["note"] == "alice's"


def test_what_they_write_is_kept_for_anybody_else(visitor: Browser) -> None:
    before = cookie(visitor)
    assert visitor.get("/exempt-own", None).status_code == 200
    assert cookie(visitor) == before
    assert (visitor.session(None)["own"], visitor.session(None)["note"]) == ("x", "alice's")
    assert visitor.user(None) == "alice"


@pytest.mark.parametrize("stale", [False, True])
def test_they_begin_a_visitors_first_session(browser: Browser, stale: bool) -> None:
    if stale:
        browser.client.cookies["sessionid"] = "of-a-session-that-is-gone"
    assert browser.get("/exempt-own", None).json()["session"] == {"own": "x"}
    assert browser.session(None) == {"own": "x"}


def test_they_log_in(holder: Browser, alice_pair: KeyPair) -> None:
    before = cookie(holder)
    holder.get("/exempt-keyword", alice_pair)
    assert not Session.objects.filter(session_key=before).exists()
    assert cookie(holder) != before
    assert "note" not in holder.session(alice_pair)
    assert holder.user(alice_pair) == "alice"
    assert holder.user(None) == ""


def test_they_log_a_visitor_in(visitor: Browser, alice_pair: KeyPair) -> None:
    visitor.get("/exempt-keyword", alice_pair)
    assert visitor.user(alice_pair) == "alice"
    assert visitor.user(None) == ""


def test_they_log_out(holder: Browser) -> None:
    holder.get("/exempt-logout", None)
    assert not Session.objects.exists()
    assert cookie(holder) == ""


def test_they_log_a_visitor_out(visitor: Browser) -> None:
    visitor.get("/exempt-logout", None)
    assert not Session.objects.exists()
    assert visitor.user(None) == ""


def other_urls(get_response: Callable[..., object]) -> Callable[..., object]:
    """Middleware of a project that chooses the URLs once the login middleware has run."""

    def middleware(request: object) -> object:
        request.urlconf = "tests.django.other_urls"  # type: ignore[attr-defined]  # as Django's documentation has it
        return get_response(request)

    return middleware


def test_a_view_that_only_looked_exempt(
    holder: Browser, settings: Callable[..., None], alice_pair: KeyPair, bob_pair: KeyPair
) -> None:
    """The login middleware has not looked at the session for it, so it gets none of another certificate, nor a user."""
    settings(MIDDLEWARE=[*current.MIDDLEWARE, "tests.django.login.test_exempted_sessions.other_urls"])
    other = Browser(asynchronous=holder.asynchronous)
    other.client.cookies["sessionid"] = cookie(holder)
    for pair in (None, bob_pair):
        assert other.get("/exempt", pair).json()["session"] == {}
    assert other.get("/exempt", alice_pair).json()["user"] == ""
