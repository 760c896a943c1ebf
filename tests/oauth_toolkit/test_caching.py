"""Django's caches show the answer to a token to no other caller, also without our middleware."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as current
from django.core.cache import cache
from django.urls import path
from django.views.decorators.cache import cache_page

from django_mtls.oauth_toolkit.protection import protected_resource
from wsgi_mtls.testing import KeyPair

from . import urls
from .support import SECRET, AuthServer

VIEWS: dict[str, Any] = {
    "decorated": protected_resource(["accounts"])(urls.told),
    "async-decorated": protected_resource(["accounts"])(urls.atold),
    "challenging": urls.Challenging.as_view(),
    "async-challenging": urls.AsyncChallenging.as_view(),
    "plain": urls.Plain.as_view(),
    "drf": urls.Accounts.as_view(),
}


@pytest.fixture(params=["with our middleware", "without"], autouse=True)
def _cached(request: pytest.FixtureRequest, settings: Callable[..., None]) -> None:
    cached = [path(name, cache_page(60)(view)) for name, view in VIEWS.items()]
    dropped = "none" if request.param.startswith("with ") else "django_mtls"
    kept = [name for name in current.MIDDLEWARE if dropped not in name]
    settings(ROOT_URLCONF=(*cached, *urls.urlpatterns), MIDDLEWARE=kept)
    cache.clear()


@pytest.mark.parametrize("view", VIEWS)
def test_resources(server: AuthServer, billing: KeyPair, view: str) -> None:
    for client_id, pair, secret in (("machine", billing, None), ("unbound", None, SECRET)):
        token = server.access_token(client_id, pair, secret=secret)
        answer = server.get(f"/{view}", token, pair)
        assert answer.status_code == 200
        if view not in ("plain", "drf"):  # OAuth Toolkit's own
            assert answer["Cache-Control"] == "private"
        assert server.get(f"/{view}", None).status_code in (401, 403)
