"""Sessions follow the certificate."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.models import Session
from django.test import Client

from wsgi_mtls.testing import KeyPair, Profile

from ..browser import Browser

pytestmark = pytest.mark.usefixtures("login_order")


def test_session_follows_the_certificate(
    browser: Browser, alice: User, bob: User, alice_pair: KeyPair, bob_pair: KeyPair, mtls: Callable[..., None]
) -> None:
    seen: list[tuple[str, str]] = []

    def logged_in(sender: object, user: User, **_: object) -> None:
        seen.append(("in", user.username))

    def logged_out(sender: object, user: User, **_: object) -> None:
        seen.append(("out", user.username))

    mtls(USE_SESSION=True)
    user_logged_in.connect(logged_in)
    user_logged_out.connect(logged_out)
    try:
        assert browser.user(alice_pair) == "alice"
        first = browser.client.cookies["sessionid"].value
        assert browser.user(alice_pair) == "alice"
        assert browser.client.cookies["sessionid"].value == first
        assert browser.user(bob_pair) == "bob"
        assert not Session.objects.filter(session_key=first).exists()
        assert browser.user(None) == ""
        assert not Session.objects.exists()
    finally:
        user_logged_in.disconnect(logged_in)
        user_logged_out.disconnect(logged_out)
    assert seen == [("in", "alice"), ("out", "alice"), ("in", "bob"), ("out", "bob")]


def test_session_ends_when_the_certificate_is_no_longer_accepted(
    browser: Browser, alice: User, ca: KeyPair, alice_pair: KeyPair, mtls: Callable[..., None]
) -> None:
    mtls(USE_SESSION=True)
    for verified, active in ((False, True), (True, False)):
        User.objects.update(is_active=True)
        assert browser.user(alice_pair) == "alice"
        User.objects.update(is_active=active)
        assert browser.user(alice_pair, verified=verified) == ""
        assert not Session.objects.exists()


def test_session_ends_at_expiry(
    browser: Browser, alice: User, ca: KeyPair, mtls: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django_mtls import verification

    mtls(USE_SESSION=True)
    pair = ca.issue("CN=alice", Profile(days=2))
    assert browser.user(pair) == "alice"
    verifier = verification.verifier()
    later = replace(verifier.rules, clock=lambda: datetime.now(UTC) + timedelta(days=3))
    monkeypatch.setattr(verifier, "rules", later)
    assert browser.user(pair) == ""
    assert not Session.objects.exists()


def test_renewed_certificate_gets_a_session_of_its_own(
    browser: Browser, alice: User, ca: KeyPair, alice_pair: KeyPair, mtls: Callable[..., None]
) -> None:
    mtls(USE_SESSION=True)
    browser.get("/note?text=old", alice_pair)
    assert browser.session(alice_pair)["note"] == "old"
    renewed = ca.issue("CN=alice", Profile(key=alice_pair.key))
    assert "note" not in browser.session(renewed)
    assert browser.user(renewed) == "alice"


@pytest.mark.parametrize("use_session", [False, True])
def test_certificate_over_the_password_session_of_another(
    browser: Browser, alice: User, bob: User, bob_pair: KeyPair, mtls: Callable[..., None], use_session: bool
) -> None:
    """The session of A, flushed before anyone sees it together with B."""
    mtls(USE_SESSION=use_session)
    browser.client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    browser.get("/note?text=alice's", None)
    stolen = browser.client.cookies["sessionid"].value
    assert browser.user(None) == "alice"
    answer = browser.get("/", bob_pair).json()
    assert answer["user"] == "bob"
    assert "note" not in answer["session"]
    assert not Session.objects.filter(session_key=stolen).exists()
    assert browser.user(None) == ""


def test_password_session_with_the_certificate_of_nobody(browser: Browser, alice: User, ca: KeyPair) -> None:
    """A browser sends its certificate to every site that asks: one of no user does not log a user out."""
    browser.client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    assert browser.user(ca.issue("CN=machine 7")) == "alice"


def test_data_of_one_certificate_is_not_shown_to_another(
    browser: Browser, alice: User, bob: User, alice_pair: KeyPair, bob_pair: KeyPair
) -> None:
    """Without a login session too: what a view stores belongs to who came with that certificate."""
    browser.get("/note?text=alice's", alice_pair)
    assert browser.session(alice_pair)["note"] == "alice's"
    assert browser.session(bob_pair) == {}
    browser.get("/note?text=bob's", bob_pair)
    assert browser.session(None) == {}


def test_stolen_session_cookie_without_the_certificate(
    browser: Browser, alice: User, alice_pair: KeyPair, mtls: Callable[..., None]
) -> None:
    mtls(USE_SESSION=True)
    browser.user(alice_pair)
    thief = Client()
    thief.cookies["sessionid"] = browser.client.cookies["sessionid"].value
    assert thief.get("/").json()["user"] == ""


def test_exempted_views_see_nobody(
    browser: Browser, alice: User, alice_pair: KeyPair, mtls: Callable[..., None]
) -> None:
    mtls(USE_SESSION=True)
    browser.user(alice_pair)
    for path in ("/health", "/async-health"):
        assert browser.get(path, alice_pair).json() == {"user": ""}
        assert browser.get(path, None).json() == {"user": ""}
    assert browser.user(alice_pair) == "alice"


def test_login_by_a_view_is_bound_too(alice: User, alice_pair: KeyPair, bob_pair: KeyPair) -> None:
    """Who calls ``login`` with our backend's user gets a session that lives as long as the certificate is there."""
    browser = Browser()
    browser.client.present(alice_pair)
    from django.contrib.auth import login
    from django.http import HttpRequest

    request = HttpRequest()
    request.META |= {"wsgi_mtls.peer": browser.client.defaults["wsgi_mtls.peer"]}
    request.session = browser.client.session
    request.user = AnonymousUser()
    user = authenticate(request, peer_certificate=request.META["wsgi_mtls.peer"])
    assert user == alice
    login(request, user)
    request.session.save()
    browser.client.cookies["sessionid"] = request.session.session_key
    assert browser.user(alice_pair) == "alice"
    assert browser.user(None) == ""
    assert not Session.objects.exists()
