"""Access tokens: from the text in a request to verified claims.

:class:`JWTAccessTokens`, :class:`IntrospectedTokens` and :class:`DPoP` need the extra ``jwt``; nothing else of the
package does.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .tokens import AccessTokens

if TYPE_CHECKING:
    from .dpop import DPoP
    from .introspection import IntrospectedTokens
    from .jwt import JWTAccessTokens

__all__ = ["AccessTokens", "DPoP", "IntrospectedTokens", "JWTAccessTokens"]


_HOMES = {"DPoP": "dpop", "JWTAccessTokens": "jwt", "IntrospectedTokens": "introspection"}
_EXTRA = ("joserfc", "urllib3")


def __getattr__(name: str) -> object:
    """Import a name that needs the extra when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise ImportError(f"{name} needs {error.name}: pip install 'wsgi-mtls[jwt]'.") from error
