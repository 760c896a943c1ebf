"""Access tokens: from the text in a request to verified claims."""

from .tokens import AccessTokens

__all__ = ["AccessTokens"]
