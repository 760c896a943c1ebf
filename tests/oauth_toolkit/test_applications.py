"""Applications that their owners delete, and the registrations that go with them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.test import Client
from django.urls import path, reverse
from oauth2_provider import views as toolkits
from oauth2_provider.models import get_access_token_model, get_application_model
from oauth2_provider.settings import oauth2_settings

from django_mtls.oauth_toolkit.models import ApplicationRegistration
from django_mtls.test import CertificateClient
from wsgi_mtls.testing import KeyPair

from .support import application, registered

BY_NAME = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=alice"}


@pytest.fixture
def owner() -> User:
    return User.objects.create_user("owner")


def delete(owner: User, of: Any, *, method: str = "post") -> int:
    browser = Client()
    browser.force_login(owner, "django.contrib.auth.backends.ModelBackend")
    url = reverse("oauth2_provider:delete", args=[of.pk])
    status: int = getattr(browser, method)(url).status_code
    return status


def user(pair: KeyPair) -> Any:
    return CertificateClient(pair).get("/anybody").json()["user"]


def test_the_owner_brings_no_lost_card_back(owner: User, alice: User, alice_pair: KeyPair) -> None:
    lost = application("card", user=owner)
    assert user(alice_pair) == "alice"
    registration = registered(lost, BY_NAME, user=alice, enabled=False)
    assert user(alice_pair) == ""
    assert (delete(owner, lost), delete(owner, lost, method="get")) == (403, 403)
    assert user(alice_pair) == ""
    for changed in ({"is_superuser": True}, {"is_superuser": False}):
        User.objects.filter(pk=owner.pk).update(**changed)
        assert delete(owner, lost, method="get") == (200 if changed["is_superuser"] else 403)
    registration.user = None
    registration.save()
    assert delete(owner, lost) == 302
    assert not ApplicationRegistration.objects.exists()


def test_an_application_without_a_user(owner: User) -> None:
    assert delete(owner, application("plain", user=owner)) == 302
    others = application("others", user=User.objects.create_user("other"))
    assert delete(owner, others) == 404
    assert get_application_model().objects.get() == others


@pytest.mark.skipif(not hasattr(toolkits, "DynamicClientRegistrationManagementView"), reason="an older OAuth Toolkit")
def test_a_client_that_deletes_itself(alice: User, toolkit: Callable[..., None]) -> None:
    toolkit(DCR_ENABLED=True)
    dynamic = application("dynamic", registration_source="dcr")
    registration = registered(dynamic, BY_NAME, user=alice, enabled=False)
    scope, expires = oauth2_settings.DCR_REGISTRATION_SCOPE, "2999-01-01T00:00:00Z"
    get_access_token_model().objects.create(token="tok", application=dynamic, scope=scope, expires=expires)
    url = reverse("oauth2_provider:dcr-register-management", args=["dynamic"])
    bearer: Any = {"headers": {"Authorization": "Bearer tok"}}
    assert Client().delete(url).status_code == 401
    assert Client().delete(url, **bearer).status_code == 403
    registration.user = None
    registration.save()
    assert Client().delete(url, **bearer).status_code == 204


def test_check(settings: Callable[..., None]) -> None:
    settings(ROOT_URLCONF=(path("delete", toolkits.ApplicationDelete.as_view()),))
    assert "django_mtls_oauth_toolkit.E005" in {message.id for message in run_checks()}
