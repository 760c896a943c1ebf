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
    "django_mtls.rest_framework.authentication": "ClientCertificateAuthentication BoundTokenAuthentication",
    "django_mtls.rest_framework.permissions": "HasBoundToken BoundTokenHasScope",
    "django_mtls.rest_framework.test": "CertificateAPIClient CertificateAPIRequestFactory",
    "django_mtls.oauth_toolkit.validators": "MutualTLSValidator MutualTLSValidatorMixin",
    "django_mtls.oauth_toolkit.backends": "MutualTLSOAuthLibCore",
    "django_mtls.oauth_toolkit.protection": "protected_resource rw_protected_resource",
    "django_mtls.oauth_toolkit.admin": "MutualTLSApplicationAdmin",
    "django_mtls.oauth_toolkit.urls": "urlpatterns",
}
OF_OTHERS = {"django_mtls.rest_framework": "rest_framework", "django_mtls.oauth_toolkit": "oauth2_provider"}


@pytest.mark.parametrize("module", PLACES)
def test_places(module: str) -> None:
    needed = OF_OTHERS.get(".".join(module.split(".")[:2]))
    if needed is not None:
        pytest.importorskip(needed, reason=f"{needed} is not installed")
    imported = import_module(module)
    assert [name for name in PLACES[module].split() if not hasattr(imported, name)] == []
