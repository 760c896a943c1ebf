"""The names that the package hands on; taking one away breaks its users."""

import wsgi_mtls

NAMES = {
    "AccessTokenMiddleware",
    "AuthenticatedClient",
    "CallbackRegistry",
    "Client",
    "ClientAuthMiddleware",
    "ClientCertificate",
    "ClientRegistry",
    "Event",
    "Guard",
    "InvalidClientMetadata",
    "InvalidToken",
    "MutualTLSError",
    "PeerCertificate",
    "PeerMiddleware",
    "Verifier",
    "accept_token",
    "bind",
    "bind_refresh_token",
    "jwk",
    "verify_confirmation",
    "verify_grant",
    "verify_refresh_token",
}


def test_public_names() -> None:
    assert set(wsgi_mtls.__all__) == NAMES
    assert len(wsgi_mtls.__all__) == len(NAMES)
    assert all(hasattr(wsgi_mtls, name) for name in NAMES)
