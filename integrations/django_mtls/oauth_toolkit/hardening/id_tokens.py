"""Bearer tokens that OAuth Toolkit takes for ID tokens and answers with a 500.

With OpenID Connect, what is not an access token is read as a JWT: one that is none, has odd claims, or names a client
that signs none, is an error that nothing catches.

Needed up to OAuth Toolkit 3.4, the newest release.
"""

from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import DataError
from jwcrypto.common import JWException

UNREADABLE = (
    JWException, ImproperlyConfigured, ValidationError, DataError, ValueError, LookupError, TypeError, AttributeError,
    ArithmeticError, RecursionError,
)  # fmt: skip
"""What OAuth Toolkit raises for such a token."""


class IDTokenValidatorMixin:
    """The validator's part that reads ID tokens."""

    def _load_id_token(self, token: str) -> Any:
        try:
            return super()._load_id_token(token)  # type: ignore[misc]
        except UNREADABLE:
            return None
