"""Other backends that take any credentials: whom they find does not log in by certificate."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from wsgi_mtls.testing import KeyPair

from ..browser import Browser

OURS = "django_mtls.backends.ClientCertificateBackend"
HERE = "tests.django.login.test_other_backends"


class Bearer:
    """As OAuth Toolkit's: it finds the user of a token, whatever else came."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User:
        return User.objects.get(username="bob")

    def get_user(self, user_id: Any) -> None:
        return None


class Locked(Bearer):
    """As those that count failed logins."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User:
        raise PermissionDenied


class Permissions:
    """A backend that authenticates no user."""

    def has_perm(self, user: object, permission: str, obj: object = None) -> bool:
        return False


ORDERS = [[OURS, f"{HERE}.Bearer"], [f"{HERE}.Bearer", OURS], [f"{HERE}.Permissions", f"{HERE}.Bearer", OURS]]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("use_session", [False, True])
def test_only_our_backend_logs_in(
    browser: Browser, alice: User, bob: User, alice_pair: KeyPair, ca: KeyPair, settings: Callable[..., None],
    mtls: Callable[..., None], order: list[str], use_session: bool, failures: list[Any],
) -> None:  # fmt: skip
    settings(AUTHENTICATION_BACKENDS=order)
    mtls(USE_SESSION=use_session)
    assert browser.user(ca.issue("CN=stranger")) == ""
    assert browser.user(ca.issue("CN=stranger"), verified=False) == ""
    assert [list(credentials) for credentials in failures] == [["peer_certificate"]]
    assert browser.user(alice_pair) == "alice"
    assert browser.user(None) == ""
    assert len(failures) == 1


def test_others_alone_log_nobody_in(
    browser: Browser, bob: User, bob_pair: KeyPair, settings: Callable[..., None], failures: list[Any]
) -> None:
    settings(AUTHENTICATION_BACKENDS=[f"{HERE}.Bearer"])
    assert browser.user(bob_pair) == ""
    assert len(failures) == 1
    settings(AUTHENTICATION_BACKENDS=[f"{HERE}.Bearer", OURS])
    assert browser.user(bob_pair) == "bob"


def test_another_backend_may_refuse(
    browser: Browser, alice: User, alice_pair: KeyPair, settings: Callable[..., None], failures: list[Any]
) -> None:
    settings(AUTHENTICATION_BACKENDS=[f"{HERE}.Locked", OURS])
    assert browser.user(alice_pair) == ""
    assert len(failures) == 1
    settings(AUTHENTICATION_BACKENDS=[OURS, f"{HERE}.Locked"])
    assert browser.user(alice_pair) == "alice"
