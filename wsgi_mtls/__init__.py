"""OAuth 2.0 Mutual-TLS Client Authentication and Certificate-Bound Access Tokens (RFC 8705) for WSGI."""

from .binding import bind, bind_refresh_token, verify_confirmation, verify_grant, verify_refresh_token
from .clients import CallbackRegistry, Client, ClientRegistry
from .errors import InvalidClientMetadata, InvalidToken, MutualTLSError
from .events import Event
from .guard import Guard
from .jwks import jwk
from .verifier import AuthenticatedClient, Verifier
from .wsgi import AccessTokenMiddleware, ClientAuthMiddleware, PeerMiddleware, accept_token
from .x509 import ClientCertificate, PeerCertificate

__all__ = [
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
]
