"""OAuth 2.0 Mutual-TLS Client Authentication and Certificate-Bound Access Tokens (RFC 8705) for WSGI."""

from . import errors
from .clients import CallbackRegistry, Client, ClientRegistry
from .errors import *  # noqa: F403
from .guard import Guard
from .verifier import AuthenticatedClient, Verifier
from .wsgi import AccessTokenMiddleware, ClientAuthMiddleware, PeerMiddleware
from .x509 import ClientCertificate, PeerCertificate

__all__ = [
    "AccessTokenMiddleware",
    "AuthenticatedClient",
    "CallbackRegistry",
    "Client",
    "ClientAuthMiddleware",
    "ClientCertificate",
    "ClientRegistry",
    "Guard",
    "PeerCertificate",
    "PeerMiddleware",
    "Verifier",
]
__all__ += errors.__all__
