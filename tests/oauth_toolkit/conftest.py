"""The project of ``tests/django``, with OAuth Toolkit's endpoints and APIs."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest

from wsgi_mtls.testing import KeyPair, make_key

if find_spec("oauth2_provider") is None or find_spec("rest_framework") is None:
    collect_ignore_glob = ["test_[!i]*.py", "*/test_*.py"]
else:
    from tests.django.conftest import (  # noqa: F401  # fixtures
        _rollback,
        alice,
        alice_pair,
        database,
        mobile_pair,
        mtls,
        settings,
    )

    from .support import DN, AuthServer

    @pytest.fixture(autouse=True)
    def _project(settings: Callable[..., None], mtls: Callable[..., None]) -> None:  # noqa: F811
        settings(ROOT_URLCONF="tests.oauth_toolkit.urls")
        mtls(CLIENT_MODEL="django_mtls_oauth_toolkit.ApplicationRegistration")

    @pytest.fixture
    def toolkit(settings: Callable[..., None]) -> Callable[..., None]:  # noqa: F811
        """Change keys of ``OAUTH2_PROVIDER``: ``toolkit(ROTATE_REFRESH_TOKEN=False)``."""
        from django.conf import settings as current

        def change(**keys: Any) -> None:
            settings(OAUTH2_PROVIDER={**current.OAUTH2_PROVIDER, **keys})

        return change

    @pytest.fixture(scope="session")
    def oidc_key() -> str:
        """An RSA key as PEM: only some of the tests need one, and it takes a while to make."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return make_key("rsa").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @pytest.fixture
    def oidc(toolkit: Callable[..., None], oidc_key: str) -> None:
        """OpenID Connect, with a key of its own."""
        scopes = {"accounts": "Accounts", "openid": "OpenID"}
        toolkit(OIDC_ENABLED=True, OIDC_RSA_PRIVATE_KEY=oidc_key, SCOPES=scopes)

    @pytest.fixture
    def server(mobile_pair: KeyPair) -> AuthServer:  # noqa: F811
        return AuthServer(mobile_pair)

    @pytest.fixture(scope="session")
    def billing(ca: KeyPair) -> KeyPair:
        return ca.issue(DN)

    @pytest.fixture(scope="session")
    def other(ca: KeyPair) -> KeyPair:
        from wsgi_mtls.testing import Profile

        return ca.issue("CN=other", Profile(san_dns=["other.example.com"]))
