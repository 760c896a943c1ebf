"""Who is logged in, for one request and over several: the login middleware, sync and async."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as current
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client, override_settings

from django_mtls.test import CertificateClient
from wsgi_mtls.testing import KeyPair, Profile, self_sign

from ..browser import Browser, reasons

pytestmark = pytest.mark.usefixtures("login_order")


def test_user_for_each_request(
    browser: Browser, alice: User, bob: User, alice_pair: KeyPair, bob_pair: KeyPair
) -> None:
    assert browser.user(None) == ""
    assert browser.user(alice_pair) == "alice"
    assert browser.user(bob_pair) == "bob"
    assert browser.user(None) == ""
    assert not Session.objects.exists()


def test_async_view_and_auser(alice: User, alice_pair: KeyPair) -> None:
    for browser in (Browser(), Browser(asynchronous=True)):
        assert browser.get("/async", alice_pair).json() == {"user": "alice", "same": "alice"}
        assert browser.get("/async", None).json() == {"user": "", "same": ""}


def test_chain_not_validated(
    browser: Browser, alice: User, alice_pair: KeyPair, failures: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert browser.user(alice_pair, verified=False) == ""
    assert reasons(caplog) == ["chain_not_verified"]
    assert len(failures) == 1
    assert browser.user(alice_pair) == "alice"


@pytest.mark.parametrize(("profile", "reason"), [
    (Profile(not_before=datetime.now(UTC) - timedelta(days=3), not_after=datetime.now(UTC) - timedelta(days=1)),
     "certificate_expired"),
    (Profile(not_before=datetime.now(UTC) + timedelta(days=1)), "certificate_not_yet_valid"),
    (Profile(extended_key_usage=()), None),
])  # fmt: skip
def test_validity(
    browser: Browser, alice: User, ca: KeyPair, profile: Profile, reason: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert browser.user(ca.issue("CN=alice", profile)) == ("" if reason else "alice")
    assert reasons(caplog) == ([reason] if reason else [])


def test_self_signed_with_the_right_name(browser: Browser, alice: User, caplog: pytest.LogCaptureFixture) -> None:
    assert browser.user(self_sign("CN=alice")) == ""
    assert reasons(caplog) == ["self_signed_certificate"]


def test_inactive_user(
    browser: Browser, alice: User, alice_pair: KeyPair, failures: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    User.objects.update(is_active=False)
    assert browser.user(alice_pair) == ""
    assert reasons(caplog) == ["inactive_user"]
    assert len(failures) == 1
    User.objects.update(is_active=True)
    assert browser.user(alice_pair) == "alice"


def test_backend_absent(browser: Browser, alice: User, alice_pair: KeyPair) -> None:
    with override_settings(AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"]):
        assert browser.user(alice_pair) == ""
    assert browser.user(alice_pair) == "alice"


def test_backend_takes_no_password(alice: User) -> None:
    with override_settings(AUTHENTICATION_BACKENDS=["django_mtls.backends.ClientCertificateBackend"]):
        assert authenticate(None, username="alice", password="alice's") is None
        assert authenticate(None, peer_certificate=None) is None
    assert authenticate(None, username="alice", password="alice's") == alice


def test_malformed_certificate_is_no_500(alice: User) -> None:
    refused: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"SSL_CLIENT_CERT": "x"}, (400, "invalid_request")),
        ({"SSL_CLIENT_VERIFY": "SUCCESS"}, (401, "invalid_client")),
    ]
    for keys, expected in refused:
        answer = Client().get("/", **keys)
        assert (answer.status_code, answer.json()["error"]) == expected
        assert Client().get("/health", **keys).status_code == 200


def reading_certificates(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Middleware of a project that looks at the certificate."""

    def middleware(request: Any) -> Any:
        request.peer_certificate  # noqa: B018  # what is being tested
        return get_response(request)

    return middleware


def test_malformed_certificate_is_no_500_where_middleware_looks(alice: User, alice_pair: KeyPair) -> None:
    certificate, *others = current.MIDDLEWARE
    with override_settings(MIDDLEWARE=[certificate, "tests.django.login.test_login.reading_certificates", *others]):
        for keys in ({"SSL_CLIENT_CERT": "x"}, {"SSL_CLIENT_VERIFY": "SUCCESS"}):
            assert Client().get("/health", **keys).status_code == 200  # type: ignore[arg-type]  # of the environ
            assert Client().get("/", **keys).status_code in (400, 401)  # type: ignore[arg-type]  # as above
        assert CertificateClient(alice_pair).get("/").json()["user"] == "alice"
        assert Client().get("/health").status_code == 200


@pytest.mark.parametrize("bad", [{"SSL_CLIENT_CERT": "x"}, {"SSL_CLIENT_VERIFY": "SUCCESS"}])
def test_malformed_certificate_ends_the_session_of_a_certificate(
    alice: User, alice_pair: KeyPair, mtls: Callable[..., None], bad: Any
) -> None:
    mtls(USE_SESSION=True)
    client = CertificateClient(alice_pair)
    client.get("/")
    plain = Client()
    plain.cookies["sessionid"] = client.cookies["sessionid"].value
    answer = plain.get("/", **bad)
    assert answer.status_code in (400, 401)
    assert answer["Cache-Control"] == "no-store"
    assert not Session.objects.exists()


def choosing_urls(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Middleware of a project that has URLs for each host."""

    def middleware(request: Any) -> Any:
        request.urlconf = "tests.django.sessions_urls"
        return get_response(request)

    return middleware


def test_the_urls_of_the_request_say_what_is_exempt(alice: User, alice_pair: KeyPair) -> None:
    changed = ["tests.django.login.test_login.choosing_urls", *current.MIDDLEWARE]
    with override_settings(MIDDLEWARE=changed, SILENCED_SYSTEM_CHECKS=["django_mtls.W003"]):
        assert CertificateClient(alice_pair).get("/exempt").json()["user"] == ""
        assert CertificateClient(alice_pair).get("/").json()["user"] == "alice"


def test_row_48_another_site_posts(alice: User, alice_pair: KeyPair) -> None:
    """A browser sends a certificate unasked: CSRF protection applies as with sessions."""
    client = CertificateClient(alice_pair, enforce_csrf_checks=True)
    for headers in ({}, {"origin": "https://evil.example"}, {"referer": "https://evil.example/"}):
        assert client.post("/class-machine", headers=headers).status_code == 403
    client.get("/admin/login/")  # sets the cookie
    token = client.cookies["csrftoken"].value
    assert client.post("/class-machine", headers={"X-CSRFToken": token}).status_code == 200


def test_order_of_middleware_is_told(alice_pair: KeyPair) -> None:
    wrong = [name for name in current.MIDDLEWARE if "AuthenticationMiddleware" not in name]
    with override_settings(MIDDLEWARE=wrong), pytest.raises(Exception, match="AuthenticationMiddleware"):
        CertificateClient(alice_pair).get("/")
