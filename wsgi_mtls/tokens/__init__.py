"""Access tokens: from the text in a request to verified claims.

:class:`JWTAccessTokens` and :class:`IntrospectedTokens` need the extra ``jwt``; nothing else of the package does.
"""

from typing import TYPE_CHECKING

from .tokens import AccessTokens

if TYPE_CHECKING:
    from .introspection import IntrospectedTokens
    from .jwt import JWTAccessTokens

__all__ = ["AccessTokens", "IntrospectedTokens", "JWTAccessTokens"]


def __getattr__(name: str) -> object:
    """Import what needs the extra when it is asked for (PEP 562)."""
    if name == "JWTAccessTokens":
        from .jwt import JWTAccessTokens

        return JWTAccessTokens
    if name == "IntrospectedTokens":
        from .introspection import IntrospectedTokens

        return IntrospectedTokens
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
