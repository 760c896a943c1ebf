"""The names that projects import from ``django_mtls``; taking one away breaks its users."""

from importlib import import_module

import pytest

PLACES = {
    "django_mtls.middleware": "ClientCertificateMiddleware ClientCertificateLoginMiddleware",
    "django_mtls.backends": "ClientCertificateBackend",
    "django_mtls.decorators": """
        bound_token_required certificate_login_exempt certificate_required client_auth_required
    """,
    "django_mtls.models": "RegisteredClient AbstractRegisteredClient",
    "django_mtls.test": "CertificateClient AsyncCertificateClient",
    "django_mtls.signals": """
        client_authenticated client_rejected client_left_to_application token_accepted token_rejected untrusted_proxy
    """,
}


@pytest.mark.parametrize("module", PLACES)
def test_places(module: str) -> None:
    imported = import_module(module)
    assert [name for name in PLACES[module].split() if not hasattr(imported, name)] == []
