"""The project in which REST framework's own tests run, with our classes in the place of its own.

Copied beside a release's ``tests`` folder. Each request is one of our test client, without a certificate, and our
authentication classes come before its own where a view names none.
"""

# ruff: noqa: E402  # Django is set up before its models are imported

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

MIDDLEWARE = [
    "django_mtls.middleware.ClientCertificateMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_mtls.middleware.ClientCertificateLoginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
APPS = ["admin", "auth", "contenttypes", "sessions", "sites", "staticfiles"]
DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
OURS = "django_mtls.rest_framework.authentication."
STOCK = "rest_framework.authentication."


class NoTokens:
    """No token is good: REST framework's tests have no bound ones."""

    def decode(self, token: str, /) -> Any:
        from wsgi_mtls.errors import InvalidToken

        raise InvalidToken("No such token.")


settings.configure(
    DEBUG_PROPAGATE_EXCEPTIONS=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={"default": DATABASE, "secondary": DATABASE},
    SITE_ID=1,
    SECRET_KEY="not very secret in tests",
    USE_I18N=True,
    STATIC_URL="/static/",
    ROOT_URLCONF="tests.urls",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    MIDDLEWARE=MIDDLEWARE,
    INSTALLED_APPS=[
        *(f"django.contrib.{app}" for app in APPS),
        *("rest_framework", "rest_framework.authtoken", "django_mtls", "django_mtls.rest_framework"),
        *("tests.authentication", "tests.generic_relations", "tests.importable", "tests"),
    ],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    AUTHENTICATION_BACKENDS=[
        "django_mtls.backends.ClientCertificateBackend",
        "django.contrib.auth.backends.ModelBackend",
    ],
    MTLS={"SOURCE": "mod_ssl", "TOKENS": NoTokens()},
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [
            *(f"{OURS}{name}Authentication" for name in ("BoundToken", "ClientCertificate")),
            *(f"{STOCK}{name}Authentication" for name in ("Session", "Basic")),
        ],
    },
)
import django

django.setup()

import rest_framework.test
from django.test.utils import setup_databases, setup_test_environment, teardown_databases, teardown_test_environment
from rest_framework import throttling

from django_mtls.rest_framework.test import CertificateAPIClient, CertificateAPIRequestFactory
from django_mtls.rest_framework.throttling import ClientRateThrottle, ScopedClientRateThrottle

rest_framework.test.APIClient = CertificateAPIClient  # type: ignore[misc, assignment]
rest_framework.test.APIRequestFactory = CertificateAPIRequestFactory  # type: ignore[misc, assignment]
throttling.UserRateThrottle = ClientRateThrottle  # type: ignore[misc, assignment]
throttling.ScopedRateThrottle = ScopedClientRateThrottle  # type: ignore[misc]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "django_db: the test uses the database")


@pytest.fixture(scope="session", autouse=True)
def _database() -> Iterator[None]:
    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(made, verbosity=0)
    teardown_test_environment()


@pytest.fixture
def reset_sequences() -> None:
    """Do nothing, as REST framework's own does but with PostgreSQL."""
