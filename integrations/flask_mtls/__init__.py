"""RFC 8705 for Flask: OAuth clients and certificate-bound access tokens."""

try:
    import flask as _flask  # noqa: F401
except ImportError as error:
    raise ImportError("flask_mtls needs Flask: pip install 'wsgi-mtls[flask]'.") from error

from .decorators import bound_token_required, certificate_required, client_auth_required
from .extension import MutualTLS
from .proxies import bound_token, current_client, peer_certificate
from .refusals import MutualTLSRefusal
from .signals import (
    mtls_client_authenticated,
    mtls_client_left_to_application,
    mtls_client_rejected,
    mtls_token_accepted,
    mtls_token_rejected,
    mtls_untrusted_proxy,
)

__all__ = [
    "MutualTLS",
    "MutualTLSRefusal",
    "bound_token",
    "bound_token_required",
    "certificate_required",
    "client_auth_required",
    "current_client",
    "mtls_client_authenticated",
    "mtls_client_left_to_application",
    "mtls_client_rejected",
    "mtls_token_accepted",
    "mtls_token_rejected",
    "mtls_untrusted_proxy",
    "peer_certificate",
]
__version__ = "0.1.0"
