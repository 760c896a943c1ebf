"""What the system checks find."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as current
from django.core.checks import run_checks
from django.urls import path
from rest_framework.views import APIView

from django_mtls.rest_framework.authentication import ClientCertificateAuthentication

from .urls import Users

MIDDLEWARE = "django_mtls.middleware.ClientCertificateMiddleware"
BACKEND = "django_mtls.backends.ClientCertificateBackend"


def found() -> set[str]:
    return {
        message.id.partition(".")[2]
        for message in run_checks()
        if message.id and message.id.startswith("django_mtls_rest_framework.")
    }


def without(settings: Callable[..., None], *names: str) -> None:
    settings(
        MIDDLEWARE=[name for name in current.MIDDLEWARE if name not in names and "ClientCertificateLogin" not in name],
        AUTHENTICATION_BACKENDS=[name for name in current.AUTHENTICATION_BACKENDS if name not in names],
    )


@pytest.mark.parametrize(("names", "expected"), [
    ((), set()), ((MIDDLEWARE,), {"W001"}), ((BACKEND,), {"E001"}), ((MIDDLEWARE, BACKEND), {"W001", "E001"}),
])  # fmt: skip
def test_views(settings: Callable[..., None], names: tuple[str, ...], expected: set[str]) -> None:
    without(settings, *names)
    assert found() == expected
    settings(ROOT_URLCONF="tests.django.urls")  # where no view has our classes
    assert found() == set()


def test_defaults(settings: Callable[..., None]) -> None:
    without(settings, BACKEND)
    settings(ROOT_URLCONF="tests.django.urls")
    name = "django_mtls.rest_framework.authentication.ClientCertificateAuthentication"
    settings(REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [name]})
    assert found() == {"E001"}


class Computed(APIView):
    @property
    def authentication_classes(self) -> Any:  # type: ignore[override]  # as projects do
        return [ClientCertificateAuthentication]


class Odd(APIView):
    authentication_classes: Any = "none"


class Plain(APIView):
    authentication_classes = ()


def test_classes_that_as_view_is_given(settings: Callable[..., None]) -> None:
    without(settings, BACKEND)
    given: Any = {"authentication_classes": [ClientCertificateAuthentication]}
    for view, expected in (
        (Plain.as_view(**given), {"E001"}),
        (Plain.as_view(), set()),
        (Users.as_view(authentication_classes=[]), set()),
        (Users.as_view(), {"E001"}),
    ):
        settings(ROOT_URLCONF=(path("", view),))
        assert found() == expected


def test_classes_that_are_no_list(settings: Callable[..., None]) -> None:
    """What can't be known is no reason to stop every command."""
    without(settings, BACKEND)
    settings(ROOT_URLCONF=(path("computed", Computed.as_view()), path("odd", Odd.as_view())))
    assert found() == set()
