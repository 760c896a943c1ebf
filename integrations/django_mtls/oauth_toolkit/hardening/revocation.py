"""Tokens that OAuth Toolkit revokes for a client that does not own them.

RFC 7009 section 2.1 forbids it. Needed up to OAuth Toolkit 3.3; 3.4 checks to which client the token belongs.
"""

from typing import Any

from ..confirmations import find_access_token, find_refresh_token


class RevocationValidatorMixin:
    """The validator's part that revokes."""

    def revoke_token(self, token: str, token_type_hint: str | None, request: Any, *args: Any, **options: Any) -> None:
        """Revoke a token of this client's."""
        rows = [row for row in (find_access_token(token), find_refresh_token(token)) if row is not None]
        client = getattr(request.client, "pk", None)
        if not rows or any(row.application_id == client for row in rows):
            super().revoke_token(token, token_type_hint, request, *args, **options)  # type: ignore[misc]
