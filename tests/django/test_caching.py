"""Pages that were made for a certificate, or for none, where Django's caches and others keep pages."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as current
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import JsonResponse
from django.test import Client
from django.urls import path

from django_mtls.decorators import certificate_login_exempt, certificate_required
from django_mtls.test import CertificateClient
from wsgi_mtls import sources
from wsgi_mtls.testing import KeyPair

from .browser import Browser
from .support import anyone, register

LOGIN = "django_mtls.middleware.ClientCertificateLoginMiddleware"
UPDATE, FETCH = "django.middleware.cache.UpdateCacheMiddleware", "django.middleware.cache.FetchFromCacheMiddleware"


@pytest.fixture(autouse=True)
def _urls(settings: Callable[..., None]) -> None:
    settings(ROOT_URLCONF="tests.django.sessions_urls")
    cache.clear()


@pytest.fixture(params=[0, 1], ids=["cache first", "certificate first"])
def site_cache(request: pytest.FixtureRequest, settings: Callable[..., None]) -> None:
    position = request.param
    settings(MIDDLEWARE=[*current.MIDDLEWARE[:position], UPDATE, *current.MIDDLEWARE[position:], FETCH])


@pytest.fixture(params=[False, True], ids=["request", "session"])
def _use_session(request: pytest.FixtureRequest, mtls: Callable[..., None]) -> None:
    mtls(USE_SESSION=request.param)


@pytest.mark.usefixtures("_use_session", "site_cache")
def test_site_cache(browser: Browser, alice: User, bob: User, alice_pair: KeyPair, bob_pair: KeyPair) -> None:
    assert browser.user(alice_pair) == "alice"
    assert browser.user(bob_pair) == "bob"
    assert browser.user(None) == ""
    assert browser.user(alice_pair) == "alice"
    browser.client.cookies.clear()
    assert browser.user(None) == ""
    assert browser.user(alice_pair) == "alice"


@pytest.mark.usefixtures("site_cache")
def test_site_cache_keeps_what_was_made_for_nobody(browser: Browser, alice: User, alice_pair: KeyPair) -> None:
    first = browser.get("/health", None)
    assert "Age" in browser.get("/health", None)
    assert "Client-Cert" in browser.get("/", None)["Vary"]
    assert first.status_code == 200
    assert "Age" not in browser.get("/", alice_pair)


@pytest.mark.usefixtures("site_cache")
def test_no_client_says_whose_page_the_cache_is_to_keep(browser: Browser, alice: User, alice_pair: KeyPair) -> None:
    thumbprint = alice_pair.certificate.thumbprint
    if not browser.asynchronous:
        assert browser.client.get("/", HTTP_CLIENT_CERT=thumbprint).json()["user"] == ""
    assert browser.user(alice_pair) == "alice"


@pytest.mark.usefixtures("site_cache")
def test_site_cache_and_the_password_session_of_another(
    browser: Browser, alice: User, bob: User, bob_pair: KeyPair
) -> None:
    browser.client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    assert browser.user(None) == "alice"
    assert browser.user(bob_pair) == "bob"


@pytest.mark.usefixtures("site_cache")
def test_site_cache_without_the_login_middleware(
    settings: Callable[..., None], alice: User, alice_pair: KeyPair, bob_pair: KeyPair
) -> None:
    """``check`` wants the cache first then; a view that nothing guards may read the certificate."""
    settings(MIDDLEWARE=[UPDATE, *(name for name in current.MIDDLEWARE if name not in (UPDATE, LOGIN))])
    for pair in (None, alice_pair, bob_pair, None, alice_pair):
        seen = CertificateClient(pair).get("/peer").json()
        assert seen == {"thumbprint": pair and pair.certificate.thumbprint}


@pytest.mark.usefixtures("_use_session")
@pytest.mark.parametrize("where", ["/cached-outside", "/cached-for-all"])
def test_cached_views(
    browser: Browser, alice: User, bob: User, alice_pair: KeyPair, bob_pair: KeyPair, where: str
) -> None:
    for pair, user in ((alice_pair, "alice"), (bob_pair, "bob")):
        browser.client.cookies.clear()
        assert browser.get(where, pair).json()["user"] == user
    answer = browser.get(where, None)
    assert answer.status_code == 302 or answer.json()["user"] == ""


@pytest.mark.usefixtures("_use_session")
def test_a_cache_inside_of_login_required_is_told_at_once(
    browser: Browser, alice: User, bob: User, alice_pair: KeyPair, bob_pair: KeyPair
) -> None:
    """Django's own decorator looks at the user before the cache, which keeps one page for all of them."""
    for pair in (alice_pair, bob_pair, alice_pair):
        browser.client.cookies.clear()
        with pytest.raises(ImproperlyConfigured, match="Client-Cert"):
            browser.get("/cached-inside", pair)
    browser.client.cookies.clear()
    assert browser.get("/cached-inside", None).status_code == 302
    assert browser.get("/cached-inside-apart", alice_pair).json()["user"] == "alice"
    browser.client.cookies.clear()
    assert browser.get("/cached-inside-apart", bob_pair).json()["user"] == "bob"


def test_a_cache_inside_of_login_required_middleware(
    browser: Browser, settings: Callable[..., None], alice: User, alice_pair: KeyPair
) -> None:
    settings(MIDDLEWARE=[*current.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"])
    for _ in range(2):
        with pytest.raises(ImproperlyConfigured, match="Client-Cert"):
            browser.get("/cached-same", alice_pair)
        assert browser.get("/cached-apart", alice_pair).json()["user"] == "alice"
        assert browser.get("/cached-same-exempt", alice_pair).status_code == 302
        assert browser.get("/cached-same-open", alice_pair).content == b"the same"


def test_a_cached_page_that_is_the_same_for_all(browser: Browser, alice: User, alice_pair: KeyPair) -> None:
    for _ in range(2):
        answer = browser.get("/cached-same", alice_pair)
        assert (answer.content, answer["Cache-Control"]) == (b"the same", "max-age=60, private")
    assert "Age" in browser.get("/cached-same", None)


def test_cached_view_that_tells_certificates_apart(browser: Browser, alice: User, alice_pair: KeyPair) -> None:
    assert browser.get("/cached-apart", None).json()["user"] == ""
    assert browser.get("/cached-apart", alice_pair).json()["user"] == "alice"


@pytest.mark.parametrize("where", ["/token", "/async-token", "/class-token"])
def test_caches_without_the_middleware(settings: Callable[..., None], alice_pair: KeyPair, where: str) -> None:
    """The decorators look at the certificate by themselves."""
    settings(MIDDLEWARE=[])
    register("rp", {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_email": "alice@example.com"})
    body, form = "client_id=rp", "application/x-www-form-urlencoded"
    answer = CertificateClient(alice_pair).post(where, body, content_type=form)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private")
    answer = CertificateClient(None).post(where, body, content_type=form)
    assert (answer.status_code, answer["Cache-Control"]) == (401, "no-store")


def test_other_caches(
    browser: Browser, alice: User, alice_pair: KeyPair, ca: KeyPair, mtls: Callable[..., None]
) -> None:
    assert browser.get("/", alice_pair)["Cache-Control"] == "private"
    assert browser.get("/", ca.issue("CN=machine"))["Cache-Control"] == "private"
    assert browser.get("/machine", alice_pair)["Cache-Control"] == "private"
    assert "no-store" in browser.get("/no-store", alice_pair)["Cache-Control"]
    assert "Cache-Control" not in browser.get("/", None)
    assert browser.get("/health", alice_pair)["Cache-Control"] == "private"
    assert "Cache-Control" not in browser.get("/health", None)
    mtls(USE_SESSION=True)
    browser.get("/", alice_pair)
    assert browser.get("/", None)["Cache-Control"] == "private"
    assert "Cache-Control" not in browser.get("/", None)


def reading_headers(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Middleware of a project that reads headers, which Django then keeps."""

    def middleware(request: Any) -> Any:
        request.headers.get("Client-Cert")
        return get_response(request)

    return middleware


def client_cert(request: Any) -> JsonResponse:
    return JsonResponse({"header": request.headers.get("Client-Cert"), "meta": request.META.get("HTTP_CLIENT_CERT")})


@pytest.mark.parametrize("read_before", [False, True])
def test_client_cert_is_ours(
    alice: User, alice_pair: KeyPair, settings: Callable[..., None], read_before: bool
) -> None:
    """The client's own is gone, also where it was read before, and from an exempt view."""
    first, *others = current.MIDDLEWARE
    reading = ["tests.django.test_caching.reading_headers"] if read_before else []
    views = [path("seen", client_cert), path("exempt", certificate_login_exempt(client_cert))]
    settings(ROOT_URLCONF=tuple(views), MIDDLEWARE=[first, *reading, *others])
    for pair, expected in ((None, None), (alice_pair, alice_pair.certificate.thumbprint)):
        client = CertificateClient(pair)
        sent: Any = {"HTTP_CLIENT_CERT": "forged"}
        assert client.get("/seen", **sent).json() == {"header": expected, "meta": expected}
        assert client.get("/exempt", **sent).json() == {"header": expected, "meta": expected}
    assert Client().get("/exempt", SSL_CLIENT_CERT="x", **sent).json() == {"header": None, "meta": None}


def forgetful(request: Any) -> Any:
    """A view that returns nothing."""


def test_view_without_an_answer_gets_djangos_message(alice_pair: KeyPair, settings: Callable[..., None]) -> None:
    settings(ROOT_URLCONF=(path("", certificate_required(authorize=anyone)(forgetful)),))
    with pytest.raises(ValueError, match="forgetful didn't return an HttpResponse"):
        CertificateClient(alice_pair).get("/")


def test_function_that_reads_client_cert_itself(
    alice: User, alice_pair: KeyPair, settings: Callable[..., None], mtls: Callable[..., None]
) -> None:
    """What it reads is not taken from it, also where the login middleware stands alone."""
    rfc9440 = sources.rfc9440(trusted_proxies=["127.0.0.1"], underscores_dropped=True, terminator_verifies=True)
    mtls(SOURCE=lambda environ: rfc9440(environ))
    sent: Any = {"HTTP_CLIENT_CERT": f":{b64encode(alice_pair.certificate.der).decode()}:"}
    assert Client().get("/", **sent).json()["user"] == "alice"
    settings(MIDDLEWARE=current.MIDDLEWARE[1:])
    assert Client().get("/", **sent).json()["user"] == "alice"
    assert Client().get("/", **sent, REMOTE_ADDR="192.0.2.1").json()["user"] == ""
