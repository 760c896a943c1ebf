"""Who is logged in, for one request and over several: the login middleware, sync and async."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as current
from django.contrib.auth import authenticate
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.contrib.sessions.models import Session
from django.db import IntegrityError
from django.test import Client, override_settings

from django_mtls.test import AsyncCertificateClient, CertificateClient
from wsgi_mtls.certificate import PeerCertificate
from wsgi_mtls.events import Event
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign

from .support import common_names


class Browser:
    """A browser that keeps its cookies while certificates come and go, over WSGI or ASGI."""

    def __init__(self, *, asynchronous: bool = False) -> None:
        self.client: Any = AsyncCertificateClient() if asynchronous else CertificateClient()
        self.asynchronous = asynchronous

    def get(self, path: str, pair: KeyPair | None, *, verified: bool = True) -> Any:
        self.client.present(pair, verified=verified)
        get = async_to_sync(self.client.get) if self.asynchronous else self.client.get
        return get(path)

    def user(self, pair: KeyPair | None, *, verified: bool = True) -> str:
        answer = self.get("/", pair, verified=verified)
        assert answer.status_code == 200
        user: str = answer.json()["user"]
        return user

    def session(self, pair: KeyPair | None) -> Any:
        return self.get("/", pair).json()["session"]


@pytest.fixture(autouse=True, params=["after AuthenticationMiddleware", "last"])
def _order(request: pytest.FixtureRequest, settings: Callable[..., None]) -> None:
    """Where ClientCertificateLoginMiddleware stands."""
    if request.param == "last":
        login = "django_mtls.middleware.ClientCertificateLoginMiddleware"
        settings(MIDDLEWARE=[*(path for path in current.MIDDLEWARE if path != login), login])


@pytest.fixture(params=["wsgi", "asgi"])
def browser(request: pytest.FixtureRequest) -> Browser:
    return Browser(asynchronous=request.param == "asgi")


@pytest.fixture
def failures() -> Iterator[list[Any]]:
    """The failed logins that Django told of."""
    seen: list[Any] = []

    def note(sender: object, credentials: Any, **_: object) -> None:
        seen.append(credentials)

    user_login_failed.connect(note)
    yield seen
    user_login_failed.disconnect(note)


def reasons(caplog: pytest.LogCaptureFixture) -> list[str | None]:
    events: list[Event] = [record.mtls_event for record in caplog.records if hasattr(record, "mtls_event")]
    return [event.reason for event in events if event.name == "client_rejected"]


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


def test_unknown_user(browser: Browser, alice: User, ca: KeyPair, mtls: Callable[..., None]) -> None:
    carol = ca.issue("CN=carol")
    assert browser.user(carol) == ""
    assert not User.objects.filter(username="carol").exists()
    mtls(CREATE_UNKNOWN_USERS=True)
    assert browser.user(carol) == "carol"
    made = User.objects.get(username="carol")
    assert not made.has_usable_password()
    assert (made.is_staff, made.is_superuser, made.get_all_permissions()) == (False, False, set())
    for name in ("a b", "x/y", "<script>", " ", "ﬀ"):
        assert browser.user(ca.issue(common_names(name))) == ""
    assert browser.user(make_ca("CN=Another").issue("CN=dave"), verified=False) == ""
    assert set(User.objects.values_list("username", flat=True)) == {"alice", "carol"}


@pytest.mark.parametrize("field", ["id", "date_joined"])
def test_username_that_is_no_text(
    alice: User, alice_pair: KeyPair, ca: KeyPair, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No 500, and no user whose number the text happens to be."""
    browser = Browser()
    assert browser.user(alice_pair) == "alice"
    monkeypatch.setattr(User, "USERNAME_FIELD", field)
    for name in ("alice", "9" * 40, str(alice.pk), "2000-13-13", "true"):
        pair = ca.issue(f"CN={name}")
        assert browser.get("/class-machine", pair).status_code == 200
        assert authenticate(None, peer_certificate=PeerCertificate(pair.certificate, verified=True)) is None


def test_user_that_can_not_be_made(
    browser: Browser, ca: KeyPair, mtls: Callable[..., None], monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """The model wants more than a name: that is no race, and is said."""
    mtls(CREATE_UNKNOWN_USERS=True)

    def save(self: User, **options: object) -> None:
        raise IntegrityError("NOT NULL constraint failed: birthday")

    monkeypatch.setattr(User, "save", save)
    assert browser.user(ca.issue("CN=carol")) == ""
    assert reasons(caplog) == ["unknown_user"]
    assert "could not be made" in caplog.text
    monkeypatch.undo()
    assert browser.user(ca.issue("CN=carol")) == "carol"


@pytest.mark.parametrize(("username_from", "profile", "expected"), [
    ("san_email", Profile(san_email=["u@example.com"]), "u@example.com"),
    ("san_email", Profile(san_email=["u@example.com", "v@example.com"]), ""),
    ("san_email", Profile(san_dns=["u@example.com"]), ""),
    ("san_email", Profile(san_email=["U@example.com"]), ""),
    ("san_dns", Profile(san_dns=["u.example.com"]), "u.example.com"),
    ("san_dns", Profile(san_dns=["u.example.com"] * 2), ""),
    ("san_uri", Profile(san_uri=["urn:u"]), "urn:u"),
    ("san_uri", Profile(san_uri=["urn:v"]), ""),
    (lambda certificate: certificate.san_dns[0].split(".")[0], Profile(san_dns=["u.example.com"]), "u"),
    (lambda certificate: certificate.san_dns[0].split(".")[0], Profile(), ""),
    (lambda certificate: 7, Profile(), ""),
    ("tests.django.test_login.serial", Profile(), "serial"),
    (None, Profile(san_email=["u@example.com"]), ""),
])  # fmt: skip
def test_username_from(
    browser: Browser, ca: KeyPair, mtls: Callable[..., None], username_from: Any, profile: Profile, expected: str
) -> None:
    for name in ("u@example.com", "v@example.com", "u.example.com", "urn:u", "u", "x", "serial"):
        User.objects.create(username=name)
    mtls(USERNAME_FROM=username_from)
    assert browser.user(ca.issue("CN=x", profile)) == expected


def serial(certificate: object) -> str:
    return "serial"


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
    monkeypatch.setattr(verification.verifier(), "_clock", lambda: datetime.now(UTC) + timedelta(days=3))
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
    """A browser sends its certificate to every site that asks: one that means nobody here logs nobody out."""
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
    with override_settings(MIDDLEWARE=[certificate, "tests.django.test_login.reading_certificates", *others]):
        for keys in ({"SSL_CLIENT_CERT": "x"}, {"SSL_CLIENT_VERIFY": "SUCCESS"}):
            assert Client().get("/health", **keys).status_code == 400  # type: ignore[arg-type]  # of the environ
        assert CertificateClient(alice_pair).get("/").json()["user"] == "alice"
        assert Client().get("/health").status_code == 200


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
