"""Asynchronous views of REST framework, as adrf has them, with our authentication classes."""

from collections.abc import Callable
from typing import Any

import pytest
from adrf.views import APIView
from adrf.viewsets import ViewSet
from asgiref.sync import async_to_sync
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import JsonResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_page
from rest_framework.response import Response

from django_mtls.rest_framework.authentication import BoundTokenAuthentication, ClientCertificateAuthentication
from django_mtls.test import AsyncCertificateClient, CertificateClient
from wsgi_mtls.testing import KeyPair


class Users(APIView):  # type: ignore[misc]  # adrf has no types
    authentication_classes = (ClientCertificateAuthentication,)

    async def get(self, request: Any) -> Response:
        return Response({"name": request.user.get_username()})


class Cached(APIView):  # type: ignore[misc]  # adrf has no types
    authentication_classes = (ClientCertificateAuthentication,)

    @method_decorator(cache_page(60))
    async def get(self, request: Any) -> JsonResponse:
        return JsonResponse({"name": request.user.get_username()})


class UserSet(ViewSet):  # type: ignore[misc]  # adrf has no types
    authentication_classes = (ClientCertificateAuthentication,)

    async def list(self, request: Any) -> Response:
        return Response({"name": request.user.get_username()})


class AnyToken(BoundTokenAuthentication):
    binding_required = False


class Tokens(APIView):  # type: ignore[misc]  # adrf has no types
    authentication_classes = (AnyToken,)

    async def get(self, request: Any) -> Response:
        return Response({"name": request.auth.client_id if request.auth else ""})


class Decoder:
    def decode(self, token: str, /) -> dict[str, Any]:
        return {"client_id": token}


@pytest.fixture(autouse=True)
def _views(settings: Callable[..., None], mtls: Callable[..., None]) -> None:
    views: dict[str, Any] = {
        "users": Users.as_view(),
        "cached": Cached.as_view(),
        "set": UserSet.as_view({"get": "list"}),
        "tokens": Tokens.as_view(),
    }
    settings(ROOT_URLCONF=tuple(path(name, view) for name, view in views.items()))
    mtls(TOKENS=Decoder())
    cache.clear()


def answered(asynchronous: bool, pair: KeyPair | None, where: str, token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if asynchronous:
        return async_to_sync(AsyncCertificateClient(pair).get)(f"/{where}", headers=headers)
    return CertificateClient(pair).get(f"/{where}", headers=headers)


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("where", ["users", "set"])
def test_user(alice: Any, alice_pair: KeyPair, asynchronous: bool, where: str) -> None:
    for pair, name in ((alice_pair, "alice"), (None, "")):
        answer = answered(asynchronous, pair, where)
        assert (answer.status_code, answer.json()) == (200, {"name": name})
        assert answer["Cache-Control"] == "private"


@pytest.mark.parametrize("asynchronous", [False, True])
def test_refused(bob_pair: KeyPair, asynchronous: bool) -> None:
    assert answered(asynchronous, bob_pair, "users").status_code == 403  # there is no bob


@pytest.mark.parametrize("asynchronous", [False, True])
def test_token(asynchronous: bool) -> None:
    answer = answered(asynchronous, None, "tokens", "app")
    assert (answer.status_code, answer.json(), answer["Cache-Control"]) == (200, {"name": "app"}, "private")


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_cached_method(alice: Any, bob: Any, alice_pair: KeyPair, bob_pair: KeyPair, asynchronous: bool) -> None:
    """As with synchronous views: what the cache has kept is shown to nobody."""
    for pair in (alice_pair, bob_pair):
        with pytest.raises(ImproperlyConfigured, match="Client-Cert"):
            answered(asynchronous, pair, "cached")
