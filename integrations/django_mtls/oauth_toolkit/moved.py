"""Names that OAuth Toolkit moved to other modules after 3.4.

The old names warn.
"""

try:
    from oauth2_provider.core.backends_oauthlib import OAuthLibCore, get_oauthlib_core
    from oauth2_provider.core.scopes import get_scopes_backend
    from oauth2_provider.core.utils import get_timezone
except ImportError:
    from oauth2_provider.oauth2_backends import OAuthLibCore, get_oauthlib_core
    from oauth2_provider.scopes import get_scopes_backend
    from oauth2_provider.utils import get_timezone

__all__ = ["OAuthLibCore", "get_oauthlib_core", "get_scopes_backend", "get_timezone"]
