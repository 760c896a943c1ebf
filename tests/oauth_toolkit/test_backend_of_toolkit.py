"""OAuth Toolkit's authentication backend with ours: a token logs no user in by certificate."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as current
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_application_model

from django_mtls.rest_framework.test import CertificateAPIClient
from django_mtls.test import AsyncCertificateClient, CertificateClient
from wsgi_mtls.testing import KeyPair, self_sign

from .support import AuthServer

TOOLKIT = "oauth2_provider.backends.OAuth2Backend"
BEARER: Any = {"headers": {"Authorization": "Bearer tok"}}


@pytest.fixture(params=["before", "after"])
def _backends(server: AuthServer, settings: Callable[..., None], request: pytest.FixtureRequest) -> None:
    """OAuth Toolkit's backend, and a token of anna, who may do everything."""
    type(server.user).objects.update(is_staff=True, is_superuser=True)
    tomorrow = timezone.now() + timedelta(days=1)
    application = get_application_model().objects.get(client_id="unbound")
    get_access_token_model().objects.create(user=server.user, token="tok", application=application, expires=tomorrow)
    ours = current.AUTHENTICATION_BACKENDS
    settings(AUTHENTICATION_BACKENDS=[TOOLKIT, *ours] if request.param == "before" else [*ours, TOOLKIT])


@pytest.mark.usefixtures("_backends")
def test_login(settings: Callable[..., None], alice: Any, alice_pair: KeyPair) -> None:
    settings(ROOT_URLCONF="tests.django.urls")
    stranger = self_sign("CN=stranger")
    assert CertificateClient(stranger, verified=False).get("/admin/", **BEARER).status_code == 302
    for pair, user in ((stranger, ""), (alice_pair, "alice")):
        assert CertificateClient(pair).get("/", **BEARER).json()["user"] == user
        assert async_to_sync(AsyncCertificateClient(pair).get)("/", **BEARER).json()["user"] == user


@pytest.mark.usefixtures("_backends")
def test_rest_framework(settings: Callable[..., None], alice: Any, alice_pair: KeyPair) -> None:
    settings(ROOT_URLCONF="tests.drf.urls")
    assert CertificateAPIClient(self_sign("CN=stranger"), verified=False).get("/users", **BEARER).status_code == 403
    assert CertificateAPIClient(alice_pair).get("/users", **BEARER).json() == {"user": "alice"}
