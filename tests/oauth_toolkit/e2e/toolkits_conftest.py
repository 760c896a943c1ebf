"""What OAuth Toolkit's own tests expect of its ``conftest.py``, ``presets.py`` and ``utils.py``, which no release has.

Copied next to a release's ``tests/test_oauth2_validators.py`` and run there, with our validator in place of its own.
"""

# ruff: noqa: E402  # Django is set up before its models are imported

import base64
import json
import os
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.oauth_toolkit.e2e.toolkits_settings")
import django

django.setup()

from django.conf import settings as current
from django.db import transaction
from django.test import RequestFactory, TestCase, TransactionTestCase, override_settings
from django.test.utils import setup_databases, setup_test_environment, teardown_databases, teardown_test_environment
from django.utils import timezone
from jwcrypto import jwk, jwt
from oauth2_provider import oauth2_validators
from oauth2_provider.settings import oauth2_settings as toolkit

from django_mtls.oauth_toolkit.validators import MutualTLSValidator

oauth2_validators.OAuth2Validator = MutualTLSValidator
RSA = jwk.JWK.generate(kty="RSA", size=2048)
OIDC_SETTINGS_RW = {
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": "http://localhost/o",
    "OIDC_RSA_PRIVATE_KEY": RSA.export_to_pem(private_key=True, password=None).decode(),
    "SCOPES": {"read": "Read", "write": "Write", "openid": "OpenID"},
    "DEFAULT_SCOPES": ["read", "write"],
    "PKCE_REQUIRED": False,
}


def get_basic_auth_header(user: str, password: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def module(name: str, **members: Any) -> None:
    made: Any = ModuleType(f"toolkits_tests.{name}")
    made.__dict__.update(members)
    sys.modules[made.__name__] = made


module("presets", OIDC_SETTINGS_RW=OIDC_SETTINGS_RW)
module("common_testing", OAuth2ProviderTestCase=TestCase, OAuth2ProviderTransactionTestCase=TransactionTestCase)
module("utils", get_basic_auth_header=get_basic_auth_header)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "oauth2_settings(value): OAUTH2_PROVIDER")
    config.addinivalue_line("markers", "django_db: the test uses the database")


@pytest.fixture(scope="session", autouse=True)
def _database() -> Iterator[None]:
    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(made, verbosity=0)
    teardown_test_environment()


@pytest.fixture(autouse=True)
def _rollback(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.cls is not None:  # Django's own TestCase
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Settings:
    """The toolkit's settings, to be changed by attribute."""

    def __getattr__(self, name: str) -> Any:
        return getattr(toolkit, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(toolkit, name, value)


@pytest.fixture
def oauth2_settings(request: pytest.FixtureRequest) -> Iterator[Settings]:
    marker = request.node.get_closest_marker("oauth2_settings")
    before = dict(vars(toolkit))
    with override_settings(OAUTH2_PROVIDER={**current.OAUTH2_PROVIDER, **(marker.args[0] if marker else {})}):
        found = Settings()
        if request.cls is not None:
            request.cls.oauth2_settings = found
        yield found
    vars(toolkit).clear()
    vars(toolkit).update(before)
    toolkit.reload()


@pytest.fixture
def settings() -> Iterator[Any]:
    with override_settings():
        yield current


@pytest.fixture
def rf() -> RequestFactory:
    return RequestFactory()


@pytest.fixture
def mocker() -> Iterator[Any]:
    def patch(*args: Any, **options: Any) -> Any:
        return start(mock.patch(*args, **options))

    def patch_object(*args: Any, **options: Any) -> Any:
        return start(mock.patch.object(*args, **options))

    def start(patcher: Any) -> Any:
        return patcher.start()

    patch.object = patch_object  # type: ignore[attr-defined]  # as pytest-mock has it
    yield SimpleNamespace(patch=patch, MagicMock=mock.MagicMock, sentinel=mock.sentinel)
    mock.patch.stopall()


@pytest.fixture
def oidc_key() -> jwk.JWK:
    return RSA


@pytest.fixture
def oidc_tokens(oauth2_settings: Settings) -> Any:
    from oauth2_provider.models import get_application_model, get_id_token_model

    application = get_application_model().objects.create(
        client_type="confidential", authorization_grant_type="authorization-code", algorithm="RS256", redirect_uris="x:"
    )
    row = get_id_token_model().objects.create(
        application=application, jti=uuid.uuid4(), expires=timezone.now() + timedelta(hours=1), scope="openid"
    )
    claims = json.dumps({"aud": application.client_id, "jti": str(row.jti)})
    token = jwt.JWT(header=json.dumps({"alg": "RS256"}), claims=claims)
    token.make_signed_token(RSA)
    return SimpleNamespace(application=application, id_token=token.serialize())
