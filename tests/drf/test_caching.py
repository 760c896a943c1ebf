"""What was answered to a certificate or a token, Django's caches show to nobody else, also without our middleware."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as current
from django.core.cache import cache
from django.urls import path
from django.views.decorators.cache import cache_page
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from django_mtls.rest_framework.test import CertificateAPIClient
from wsgi_mtls.testing import KeyPair

from .urls import Unbound, Users


class Public(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Any) -> Response:
        return Response({})


class Tokens:
    def decode(self, token: str, /) -> dict[str, Any]:
        return {"client_id": "machine", "scope": "accounts"}


VIEWS = {"users": Users, "unbound": Unbound, "public": Public}
BEARER: Any = {"headers": {"Authorization": "Bearer x"}}


@pytest.fixture(params=["with our middleware", "without"], autouse=True)
def _cached(request: pytest.FixtureRequest, settings: Callable[..., None], mtls: Callable[..., None]) -> None:
    cached = [path(name, cache_page(60)(view.as_view())) for name, view in VIEWS.items()]
    dropped = "ClientCertificateLogin" if request.param.startswith("with ") else "ClientCertificate"
    kept = [name for name in current.MIDDLEWARE if dropped not in name]
    settings(ROOT_URLCONF=tuple(cached), MIDDLEWARE=kept)
    mtls(TOKENS=Tokens())
    cache.clear()


def test_users(alice: Any, alice_pair: KeyPair, bob: Any, bob_pair: KeyPair) -> None:
    for _ in range(2):
        assert CertificateAPIClient(alice_pair).get("/users").json() == {"user": "alice"}
        assert CertificateAPIClient(bob_pair).get("/users").json() == {"user": "bob"}
        assert CertificateAPIClient().get("/users").status_code == 403


def test_tokens() -> None:
    assert CertificateAPIClient().get("/unbound", **BEARER).json()["client_id"] == "machine"
    assert CertificateAPIClient().get("/unbound").status_code == 401


def test_what_is_for_all_is_kept(alice_pair: KeyPair) -> None:
    for pair in (alice_pair, None, None, alice_pair):
        answer = CertificateAPIClient(pair).get("/public")
        assert answer.json() == {}
    assert "max-age=60" in answer["Cache-Control"]
    assert "Age" in answer
