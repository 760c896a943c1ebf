"""OAuth 2.0 Mutual-TLS (RFC 8705) for WSGI.

Client authentication by certificate, and certificate-bound access tokens.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .binding import bind, bind_refresh_token, verify_confirmation, verify_grant, verify_refresh_token
    from .clients import CallbackRegistry, Client, ClientRegistry
    from .errors import InvalidClientMetadata, InvalidToken, MutualTLSError
    from .events import Event
    from .guard import Guard
    from .jwks import jwk
    from .verifier import AuthenticatedClient, Verifier
    from .wsgi import ClientAuthMiddleware, PeerMiddleware
    from .wsgi_tokens import AccessTokenMiddleware, accept_token
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

# A module is imported when one of its names is asked for (PEP 562), so that what needs only the errors, or the command
# line's help, loads neither cryptography nor Werkzeug.
_PLACES = {
    "binding": ("bind", "bind_refresh_token", "verify_confirmation", "verify_grant", "verify_refresh_token"),
    "clients": ("CallbackRegistry", "Client", "ClientRegistry"),
    "errors": ("InvalidClientMetadata", "InvalidToken", "MutualTLSError"),
    "events": ("Event",),
    "guard": ("Guard",),
    "jwks": ("jwk",),
    "verifier": ("AuthenticatedClient", "Verifier"),
    "wsgi": ("ClientAuthMiddleware", "PeerMiddleware"),
    "wsgi_tokens": ("AccessTokenMiddleware", "accept_token"),
    "x509": ("ClientCertificate", "PeerCertificate"),
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names}


if not TYPE_CHECKING:  # so that a misspelt name is an error for type checkers

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
