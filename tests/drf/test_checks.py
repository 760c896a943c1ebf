"""What the system checks find."""

from collections.abc import Callable

import pytest
from django.conf import settings as current
from django.core.checks import run_checks

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
