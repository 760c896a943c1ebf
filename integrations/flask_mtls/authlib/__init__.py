"""RFC 8705 for Authlib's authorization server and ``ResourceProtector``."""

try:
    import authlib as _authlib  # noqa: F401
except ImportError as error:
    raise ImportError("flask_mtls.authlib needs Authlib: pip install 'wsgi-mtls[authlib]'.") from error

from .clients import ClientModelRegistry, registered
from .errors import MutualTLSOAuth2Error
from .protector import BoundTokenValidatorMixin
from .registration import MutualTLSClientMetadataClaims
from .server import MutualTLSServerMixin
from .tokens import BoundIntrospectionMixin, BoundJWTMixin

__all__ = [
    "BoundIntrospectionMixin",
    "BoundJWTMixin",
    "BoundTokenValidatorMixin",
    "ClientModelRegistry",
    "MutualTLSClientMetadataClaims",
    "MutualTLSOAuth2Error",
    "MutualTLSServerMixin",
    "registered",
]
