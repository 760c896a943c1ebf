"""The names that the packages hand on, and where they are imported from; taking one away breaks its users."""

from importlib import import_module

import pytest

import wsgi_mtls
from wsgi_mtls.sources.presets import PRESETS

NAMES = """
    AccessTokenMiddleware AuthenticatedClient CallbackRegistry Client ClientAuthMiddleware ClientCertificate
    ClientRegistry Event Guard InvalidClientMetadata InvalidToken MutualTLSError PeerCertificate PeerMiddleware Verifier
    accept_token bind bind_refresh_token jwk verify_confirmation verify_grant verify_refresh_token
"""

PLACES = {
    "wsgi_mtls": NAMES,
    "wsgi_mtls.sources": f"from_config header subject_header first_of Status {' '.join(PRESETS)}",
    "wsgi_mtls.tokens": "JWTAccessTokens IntrospectedTokens",
    "wsgi_mtls.metadata": "authorization_server_metadata protected_resource_metadata MetadataMiddleware",
    "wsgi_mtls.testing": "make_ca self_sign Profile KeyPair environ_for to_pem",
    "flask_mtls": """
        MutualTLS client_auth_required bound_token_required certificate_required current_client bound_token
        peer_certificate mtls_client_authenticated mtls_client_rejected mtls_client_left_to_application
        mtls_token_accepted mtls_token_rejected mtls_untrusted_proxy
    """,
    "flask_mtls.authlib": """
        BoundIntrospectionMixin BoundJWTMixin BoundTokenValidatorMixin ClientModelRegistry MutualTLSClientMetadataClaims
        MutualTLSServerMixin registered
    """,
}


def test_public_names() -> None:
    assert sorted(wsgi_mtls.__all__) == sorted(NAMES.split())


@pytest.mark.parametrize("module", PLACES)
def test_places(module: str) -> None:
    names = PLACES[module].split()
    imported = import_module(module)
    assert [name for name in names if not hasattr(imported, name)] == []
    if hasattr(imported, "__all__"):
        assert [name for name in names if name not in imported.__all__] == []
