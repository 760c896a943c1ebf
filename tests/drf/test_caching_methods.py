"""Row 56: a page that a view's method caches, where every decorator sees REST framework's wrapper of the request."""

from collections.abc import Callable
from itertools import permutations
from typing import Any, TypeVar

import pytest
from django.conf import settings as current
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import JsonResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.vary import vary_on_cookie, vary_on_headers
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from django_mtls.rest_framework.authentication import BoundTokenAuthentication, ClientCertificateAuthentication
from django_mtls.rest_framework.test import CertificateAPIClient
from wsgi_mtls.rules.token import BoundToken
from wsgi_mtls.testing import KeyPair


class Tokens:
    def decode(self, token: str, /) -> dict[str, Any]:
        return {"client_id": token}


class MayBeUnbound(BoundTokenAuthentication):
    binding_required = False


class View(APIView):
    authentication_classes: Any = (ClientCertificateAuthentication,)
    permission_classes: Any = (AllowAny,)

    def told(self, request: Any) -> Any:
        if isinstance(request.auth, BoundToken):
            return {"holder": request.auth.client_id}
        return {"holder": request.user.get_username()}


Method = TypeVar("Method", bound=Callable[..., Any])


def cached(*vary: Any) -> Callable[[Method], Method]:
    """Cache a method as REST framework's own page on caching has it."""

    def decorate(method: Any) -> Any:
        for decorator in (*vary, cache_page(60)):
            method = method_decorator(decorator)(method)
        return method

    return decorate


class Plainly(View):
    @cached()
    def get(self, request: Any) -> Response:
        return Response(self.told(request))


class ByCookie(View):
    @cached(vary_on_cookie)
    def get(self, request: Any) -> Response:
        return Response(self.told(request))


class ByAuthorization(View):
    @cached(vary_on_headers("Authorization"))
    def get(self, request: Any) -> Response:
        return Response(self.told(request))


class ByCertificate(View):
    @cached(vary_on_headers("Client-Cert"))
    def get(self, request: Any) -> Response:
        return Response(self.told(request))


class OfDjango(View):
    """Django's response is kept before REST framework finalizes it."""

    @cached(vary_on_headers("Client-Cert", "Authorization"))
    def get(self, request: Any) -> JsonResponse:
        return JsonResponse(self.told(request))


class OfDjangoByCookie(View):
    @cached(vary_on_cookie)
    def get(self, request: Any) -> JsonResponse:
        return JsonResponse(self.told(request))


class Lazy(ByCookie):
    def perform_authentication(self, request: Any) -> None:
        """The method authenticates by itself, as REST framework's documentation has it."""


class Set(ViewSet):
    authentication_classes: Any = (ClientCertificateAuthentication,)
    permission_classes: Any = (AllowAny,)

    @cached(vary_on_cookie)
    def list(self, request: Any) -> Response:
        return Response({"holder": request.user.get_username()})


@api_view(["GET"])
@authentication_classes([ClientCertificateAuthentication])
@permission_classes([AllowAny])
def function(request: Any) -> Response:
    return Response({"holder": request.user.get_username()})


class Session(ByCookie):
    authentication_classes = (SessionAuthentication,)


class NotStored(View):
    @method_decorator(never_cache)
    def get(self, request: Any) -> Response:
        return Response(self.told(request))


VIEWS: dict[str, Any] = {
    "plainly": Plainly.as_view(),
    "cookie": ByCookie.as_view(),
    "authorization": ByAuthorization.as_view(),
    "certificate": ByCertificate.as_view(),
    "django": OfDjango.as_view(),
    "lazy": Lazy.as_view(),
    "set": Set.as_view({"get": "list"}),
    "function": cache_page(60)(vary_on_cookie(function)),
    "outside": cache_page(60)(NotStored.as_view()),
}
OTHERS = {"session": Session, "django-cookie": OfDjangoByCookie, "no-store": NotStored}
NONE = [name for name in current.MIDDLEWARE if "django_mtls" not in name]
STACKS = {"both": current.MIDDLEWARE, "one": [current.MIDDLEWARE[0], *NONE], "none": NONE}


@pytest.fixture(params=STACKS, autouse=True)
def stack(request: pytest.FixtureRequest, settings: Callable[..., None], mtls: Callable[..., None]) -> str:
    tokens = {
        f"token-{view.__name__}": view.as_view(authentication_classes=(MayBeUnbound,))
        for view in (Plainly, ByCookie, ByAuthorization, OfDjango)
    }
    others = {name: view.as_view() for name, view in OTHERS.items()}
    urls = [path(name, view) for name, view in {**VIEWS, **tokens, **others}.items()]
    settings(ROOT_URLCONF=tuple(urls), MIDDLEWARE=STACKS[request.param])
    mtls(TOKENS=Tokens())
    cache.clear()
    return str(request.param)


ORDERS = list(permutations(("alice", "bob", "")))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
@pytest.mark.parametrize("where", VIEWS)
def test_each_holder_gets_its_own(
    alice: Any, bob: Any, alice_pair: KeyPair, bob_pair: KeyPair, where: str, order: tuple[str, ...]
) -> None:
    pairs = {"alice": alice_pair, "bob": bob_pair, "": None}
    for holder in (*order, *order):
        answer = CertificateAPIClient(pairs[holder]).get(f"/{where}")
        assert answer.json() == {"holder": holder}
        assert {"private", "no-store"} & set(answer["Cache-Control"].split(", "))


@pytest.mark.parametrize("view", ["Plainly", "ByCookie", "ByAuthorization", "OfDjango"])
def test_each_token_gets_its_own(view: str) -> None:
    for token in ("a", "b", "", "a", "b"):
        headers: Any = {"Authorization": f"Bearer {token}"} if token else {}
        answer = CertificateAPIClient().get(f"/token-{view}", headers=headers)
        assert answer.json() == {"holder": token}
        assert "private" in answer["Cache-Control"]


def test_a_response_of_djangos_that_is_kept_too_early(
    alice: Any, bob: Any, alice_pair: KeyPair, bob_pair: KeyPair
) -> None:
    for pair in (alice_pair, bob_pair, None):
        with pytest.raises(ImproperlyConfigured, match="Client-Cert"):
            CertificateAPIClient(pair).get("/django-cookie")


def test_the_login_middlewares_user(stack: str, alice: Any, bob: Any, alice_pair: KeyPair, bob_pair: KeyPair) -> None:
    """``SessionAuthentication`` takes the user whom the login middleware has set."""
    for pair, user in ((alice_pair, "alice"), (bob_pair, "bob"), (None, "")):
        answer = CertificateAPIClient(pair).get("/session")
        assert answer.json() == {"holder": user if stack == "both" else ""}


def test_no_store_stays(alice: Any, alice_pair: KeyPair) -> None:
    for pair in (alice_pair, None):
        assert "no-store" in CertificateAPIClient(pair).get("/no-store")["Cache-Control"]


def test_refusals_are_private(ca: KeyPair) -> None:
    answer = CertificateAPIClient(ca.issue("CN=machine")).get("/no-store")
    assert (answer.status_code, answer["Cache-Control"]) == (403, "private")
