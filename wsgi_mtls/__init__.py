"""OAuth 2.0 Mutual-TLS Client Authentication and Certificate-Bound Access Tokens (RFC 8705) for WSGI."""

from . import errors
from .clients import CallbackRegistry, Client, ClientRegistry
from .errors import *  # noqa: F403
from .middleware import ClientAuthMiddleware
from .verifier import AuthenticatedClient, Verifier
from .x509 import ClientCertificate, PeerCertificate

__all__ = [
    "AuthenticatedClient",
    "CallbackRegistry",
    "Client",
    "ClientAuthMiddleware",
    "ClientCertificate",
    "ClientRegistry",
    "PeerCertificate",
    "Verifier",
]
__all__ += errors.__all__
