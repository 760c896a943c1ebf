"""Views for programs: an OAuth client is no user, so nobody logs in to them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as current
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.test import Client
from django.views import View

from django_mtls import signals
from django_mtls.decorators import bound_token_required, certificate_login_exempt, client_auth_required
from django_mtls.test import CertificateClient
from wsgi_mtls.events import Event
from wsgi_mtls.testing import KeyPair, Profile

from .support import register

FORM = "application/x-www-form-urlencoded"
BY_DNS = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"}
TOKENS = ["/token", "/async-token", "/class-token"]


@pytest.fixture
def told() -> Iterator[list[str | None]]:
    """The outcomes that receivers are told of: reasons of refusals, None for the rest, failed logins."""
    seen: list[str | None] = []

    def note(sender: object, event: Event, **_: object) -> None:
        seen.append(event.reason)

    def failed(sender: object, **_: object) -> None:
        seen.append("user_login_failed")

    signals.client_authenticated.connect(note)
    signals.client_rejected.connect(note)
    user_login_failed.connect(failed)
    yield seen
    signals.client_authenticated.disconnect(note)
    signals.client_rejected.disconnect(note)
    user_login_failed.disconnect(failed)


@pytest.fixture
def rp(ca: KeyPair) -> KeyPair:
    register("rp", BY_DNS)
    return ca.issue("CN=x", Profile(san_dns=["rp.example.com"]))


def post(pair: KeyPair | None, path: str) -> Any:
    return CertificateClient(pair).post(path, "client_id=rp", content_type=FORM)


@pytest.mark.parametrize("path", TOKENS)
def test_a_client_is_no_failed_login(rp: KeyPair, ca: KeyPair, told: list[str | None], path: str) -> None:
    assert post(rp, path).status_code == 200
    assert told == [None]
    assert post(ca.issue("CN=x"), path).status_code == 401
    assert told == [None, "subject_mismatch"]
    CertificateClient(ca.issue("CN=nobody")).get("/")
    assert told[2:] == ["unknown_user", "user_login_failed"]


def test_no_login_is_required_of_programs(
    rp: KeyPair, alice: User, alice_pair: KeyPair, settings: Callable[..., None], mtls: Callable[..., None]
) -> None:
    mtls(TOKENS="tests.django.test_attacks_on_api.tokens")
    middleware = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings(MIDDLEWARE=[*current.MIDDLEWARE, middleware])
    for path in TOKENS:
        assert post(rp, path).status_code == 200
        assert post(None, path).status_code == 401
    for path in ("/accounts", "/async-accounts"):
        assert Client().get(path).status_code == 401
    assert Client().get("/").status_code == 302
    assert CertificateClient(alice_pair).get("/").status_code == 200


def test_a_user_is_not_logged_in_where_a_token_is_asked_for(alice: User, alice_pair: KeyPair) -> None:
    marked: Any = bound_token_required(lambda request: None)
    assert marked.certificate_login_exempt
    assert not marked.login_required


@pytest.mark.parametrize("decorator", [certificate_login_exempt, client_auth_required, bound_token_required])
def test_decorators_go_on_functions(decorator: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="as_view"):
        decorator(View)
    assert callable(decorator(View.as_view()))
