"""Row 56: a cache inside of the guard, or at a view that nothing guards; row 57: caches outside."""

from collections.abc import Callable
from inspect import getsource
from time import perf_counter_ns
from typing import Any

import pytest
from django.conf import settings as current
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse, JsonResponse
from django.middleware.cache import UpdateCacheMiddleware
from django.template import engines
from django.template.response import TemplateResponse
from django.test import Client
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.vary import vary_on_cookie, vary_on_headers

from django_mtls.decorators import bound_token_required, certificate_login_exempt, certificate_required
from django_mtls.login.authentication import authenticate_certificate
from django_mtls.mixins import CertificateRequiredMixin
from django_mtls.test import CertificateClient
from wsgi_mtls.testing import KeyPair
from wsgi_mtls.x509 import PeerCertificate

from .browser import Browser
from .support import anyone


def holder(request: Any) -> JsonResponse:
    found = request.mtls.peer
    return JsonResponse({"holder": found and found.certificate.thumbprint})


async def aholder(request: Any) -> JsonResponse:
    return holder(request)


def attribute(request: Any) -> JsonResponse:
    found = request.peer_certificate
    return JsonResponse({"holder": found and found.certificate.thumbprint})


async def aattribute(request: Any) -> JsonResponse:
    return attribute(request)


def asking(request: Any) -> JsonResponse:
    found = authenticate_certificate(request, request.mtls.peer) if request.mtls.peer else None
    return JsonResponse({"user": found and found.username})


def template(request: Any) -> TemplateResponse:
    found = request.mtls.peer
    made = engines["django"].from_string("{{ holder|default:'' }}")
    return TemplateResponse(request, made, {"holder": found and found.certificate.thumbprint})


def user(request: Any) -> JsonResponse:
    return JsonResponse({"user": request.user.get_username()})


async def auser(request: Any) -> JsonResponse:
    return JsonResponse({"user": (await request.auser()).get_username()})


def bearer(request: Any) -> JsonResponse:
    return JsonResponse({"client_id": request.bound_token.client_id})


def for_all(request: Any) -> HttpResponse:
    return HttpResponse(f"{perf_counter_ns()}")


def gone(request: Any) -> HttpResponse:
    return HttpResponse(status=404)


class Cached(CertificateRequiredMixin, View):
    def authorize(self, peer: PeerCertificate) -> bool:
        return anyone(peer)

    @method_decorator(cache_page(60))
    def get(self, request: Any) -> JsonResponse:
        return holder(request)

    def post(self, request: Any) -> JsonResponse:
        return holder(request)


VARIES_ON_TOKENS = "Authorization" in getsource(UpdateCacheMiddleware)
"""Whether this release of Django lets every page vary on ``Authorization`` that it keeps for a request with one."""


class Tokens:
    def decode(self, token: str, /) -> dict[str, Any]:
        return {"client_id": token}


unbound = bound_token_required(required=False)
guard = certificate_required(authorize=anyone)
apart = vary_on_headers("Client-Cert")
VIEWS: dict[str, Any] = {
    "inside": cache_page(60)(guard(holder)),
    "ainside": cache_page(60)(guard(aholder)),
    "apart-inside": cache_page(60)(apart(guard(holder))),
    "optional-inside": cache_page(60)(certificate_required(optional=True, authorize=anyone)(holder)),
    "outside": guard(cache_page(60)(holder)),
    "aoutside": guard(cache_page(60)(aholder)),
    "by-cookie": guard(cache_page(60)(vary_on_cookie(holder))),
    "method": Cached.as_view(),
    "apart": guard(cache_page(60)(apart(holder))),
    "optional-apart": certificate_required(optional=True, authorize=anyone)(cache_page(60)(apart(holder))),
    "template": guard(cache_page(60)(template)),
    "unguarded-template": cache_page(60)(template),
    "unguarded": cache_page(60)(attribute),
    "aunguarded": cache_page(60)(aattribute),
    "asking": cache_page(60)(asking),
    "unguarded-for-all": cache_page(60)(for_all),
    "gone": guard(cache_page(60)(gone)),
    "tokens": csrf_exempt(unbound(cache_page(60)(bearer))),
    "tokens-by-certificate": csrf_exempt(unbound(cache_page(60)(apart(bearer)))),
    "tokens-apart": csrf_exempt(unbound(cache_page(60)(vary_on_headers("Authorization")(bearer)))),
    "user": cache_page(60)(user),
    "auser": cache_page(60)(auser),
    "user-by-cookie": cache_page(60)(vary_on_cookie(user)),
}
NONE: list[str] = [name for name in current.MIDDLEWARE if "django_mtls" not in name]
STACKS = {"both": current.MIDDLEWARE, "one": [current.MIDDLEWARE[0], *NONE], "none": NONE}


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest, settings: Callable[..., None]) -> str:
    settings(MIDDLEWARE=STACKS[request.param])
    return str(request.param)


@pytest.fixture(autouse=True)
def _views(settings: Callable[..., None], mtls: Callable[..., None], alice: User, bob: User) -> None:
    settings(ROOT_URLCONF=tuple(path(name, view) for name, view in VIEWS.items()))
    mtls(TOKENS=Tokens())
    cache.clear()


def answered(pair: KeyPair | None, where: str) -> Any:
    return CertificateClient(pair).get(f"/{where}")


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(
    "where", ["inside", "ainside", "apart-inside", "optional-inside", "apart", "optional-apart", "template"]
)
def test_each_holder_gets_its_own(alice_pair: KeyPair, bob_pair: KeyPair, where: str) -> None:
    for _ in range(2):
        for pair in (alice_pair, bob_pair):
            answer = answered(pair, where)
            assert pair.certificate.thumbprint in answer.content.decode()
            assert "private" in answer["Cache-Control"]
        answer = answered(None, where)
        if "optional" in where:
            assert answer.json() == {"holder": None}
            assert "private" in answer["Cache-Control"]
        else:
            assert answer.status_code == 401


def test_a_forged_client_cert_chooses_no_page(stack: str, alice_pair: KeyPair) -> None:
    forged: Any = {"HTTP_CLIENT_CERT": alice_pair.certificate.thumbprint}
    for where in ("apart-inside", "optional-inside", "optional-apart"):
        answered(alice_pair, where)
        assert alice_pair.certificate.thumbprint not in Client().get(f"/{where}", **forged).content.decode()


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("where", ["outside", "aoutside", "by-cookie", "method"])
def test_a_cache_inside_of_the_guard_is_told_at_once(alice_pair: KeyPair, bob_pair: KeyPair, where: str) -> None:
    """And nothing that it has kept is shown: neither to another holder, nor to the same one again."""
    for pair in (alice_pair, bob_pair, alice_pair):
        with pytest.raises(ImproperlyConfigured, match="Client-Cert"):
            answered(pair, where)
    assert answered(None, where).status_code == 401


@pytest.mark.usefixtures("stack")
def test_what_django_does_not_cache_is_answered(alice_pair: KeyPair) -> None:
    assert answered(alice_pair, "gone").status_code == 404
    assert CertificateClient(alice_pair).post("/method").json() == {"holder": alice_pair.certificate.thumbprint}


def told(where: str, token: str) -> Any:
    return Client().get(f"/{where}", headers={"Authorization": f"Bearer {token}"}).json()["client_id"]


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("where", ["tokens", "tokens-by-certificate", "tokens-apart"])
def test_a_token_gets_its_own_page(where: str) -> None:
    """Newer releases of Django let every page vary on a token that came; with older ones it is the same error."""
    for token in ("a", "b", "a"):
        if where == "tokens-apart" or VARIES_ON_TOKENS:
            assert told(where, token) == token
        else:
            with pytest.raises(ImproperlyConfigured, match="Authorization"):
                told(where, token)
    assert Client().get(f"/{where}").status_code == 401


def test_a_template_of_a_view_that_nothing_guards(
    settings: Callable[..., None], alice_pair: KeyPair, bob_pair: KeyPair
) -> None:
    for stack in (STACKS["both"], STACKS["one"]):
        settings(MIDDLEWARE=stack)
        cache.clear()
        for pair in (alice_pair, bob_pair):
            assert answered(pair, "unguarded-template").content.decode() == pair.certificate.thumbprint
        assert answered(None, "unguarded-template").content.decode() == ""
        assert "Age" in answered(None, "unguarded-template")


@pytest.mark.parametrize("where", ["unguarded", "aunguarded"])
@pytest.mark.parametrize("stack", ["both", "one"])
def test_a_view_that_nothing_guards(
    settings: Callable[..., None], alice_pair: KeyPair, bob_pair: KeyPair, where: str, stack: str
) -> None:
    """Its page is kept for requests without a certificate alone; middleware that looks as well changes nothing."""
    settings(MIDDLEWARE=[*STACKS[stack], f"{__name__}.looking"])
    for pair in (alice_pair, bob_pair, alice_pair):
        answer = answered(pair, where)
        assert answer.json() == {"holder": pair.certificate.thumbprint}
        assert answer["Cache-Control"] == "private"
    assert answered(None, where).json() == {"holder": None}
    assert "Age" in answered(None, where)


def looking(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def middleware(request: Any) -> Any:
        assert request.peer_certificate is None or request.peer_certificate.certificate
        return get_response(request)

    return middleware


def test_a_view_that_asks_for_the_user_itself(
    settings: Callable[..., None], alice_pair: KeyPair, bob_pair: KeyPair
) -> None:
    settings(MIDDLEWARE=STACKS["one"])
    for pair, name in ((alice_pair, "alice"), (bob_pair, "bob"), (None, None)):
        assert answered(pair, "asking").json() == {"user": name}


def test_a_view_that_is_the_same_for_all_is_kept(
    settings: Callable[..., None], alice_pair: KeyPair, bob_pair: KeyPair
) -> None:
    settings(MIDDLEWARE=[*STACKS["both"], f"{__name__}.looking"])
    pages = {answered(pair, "unguarded-for-all").content for pair in (alice_pair, bob_pair, None)}
    assert len(pages) == 1


@pytest.mark.parametrize("session", [False, True])
@pytest.mark.parametrize("where", ["user", "auser", "user-by-cookie"])
def test_a_page_that_knows_its_user_is_not_kept(
    browser: Browser, alice_pair: KeyPair, bob_pair: KeyPair, mtls: Callable[..., None], where: str, session: bool
) -> None:
    mtls(USE_SESSION=session)
    for pair, expected in ((alice_pair, "alice"), (bob_pair, "bob"), (alice_pair, "alice"), (None, "")):
        browser.client.cookies.clear()
        assert browser.get(f"/{where}", pair).json() == {"user": expected}


def stored(request: Any) -> HttpResponse:
    answer = HttpResponse("x", headers={"Cache-Control": request.GET["stored"]})
    for name in ("X-Accel-Expires", "CDN-Cache-Control", "Surrogate-Control"):
        answer[name] = "60"
    return answer


@pytest.mark.parametrize(("told", "expected"), [
    ("public, max-age=60", {"max-age=60", "private"}),
    ("s-maxage=60", {"private"}),
    ("Public, S-MaxAge=60, max-age=1", {"max-age=1", "private"}),
    ('private="X-Name, public", max-age=1', {"max-age=1", "private"}),
    ('no-cache="Set-Cookie, X"', {'no-cache="Set-Cookie', 'X"', "private"}),
    ("no-store", {"no-store"}),
    ("No-Store, public, s-maxage=9", {"no-store"}),
    ("private", {"private"}),
    ("", {"private"}),
])  # fmt: skip
@pytest.mark.parametrize("where", ["guarded", "unguarded", "exempt"])
def test_row_57_answers_to_a_certificate(
    settings: Callable[..., None], alice_pair: KeyPair, told: str, expected: set[str], where: str
) -> None:
    views = {"guarded": guard(stored), "exempt": certificate_login_exempt(stored), "unguarded": stored}
    settings(ROOT_URLCONF=tuple(path(name, view) for name, view in views.items()))
    answer = CertificateClient(alice_pair).get(f"/{where}", {"stored": told})
    assert set(answer["Cache-Control"].split(", ")) == expected
    assert not {"X-Accel-Expires", "CDN-Cache-Control", "Surrogate-Control"} & answer.headers.keys()


def test_row_57_without_a_certificate(settings: Callable[..., None]) -> None:
    """A page for all stays one; a guard's answer is private, for it depends on the certificate."""
    optional = certificate_required(optional=True, authorize=anyone)(stored)
    settings(ROOT_URLCONF=(path("for-all", stored), path("guarded", optional)))
    answer = Client().get("/for-all", {"stored": "public, s-maxage=60"})
    assert (answer["Cache-Control"], answer["X-Accel-Expires"]) == ("public, s-maxage=60", "60")
    answer = Client().get("/guarded", {"stored": "public, s-maxage=60"})
    assert answer["Cache-Control"] == "private"
    assert "X-Accel-Expires" not in answer


def test_no_look_of_ours_makes_a_page_vary_on_cookies(
    browser: Browser, settings: Callable[..., None], alice: User
) -> None:
    settings(ROOT_URLCONF=(path("", stored), path("user", user)))
    assert "Vary" not in browser.get("/?stored=public", None)
    browser.client.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    assert "Vary" not in browser.get("/?stored=public", None)
    assert "Cookie" in browser.get("/user", None)["Vary"]


def test_what_we_ended_or_changed_varies_on_cookies(
    browser: Browser, settings: Callable[..., None], mtls: Callable[..., None], alice_pair: KeyPair
) -> None:
    mtls(USE_SESSION=True)
    settings(ROOT_URLCONF=(path("", stored),))
    assert "Cookie" in browser.get("/?stored=public", alice_pair)["Vary"]
    answer = browser.get("/?stored=public", None)
    assert "Cookie" in answer["Vary"]
    assert answer["Cache-Control"] == "private"
    assert answer.cookies["sessionid"].value == ""
