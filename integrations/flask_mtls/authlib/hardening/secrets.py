"""Client secrets that Authlib compares with None: a ``TypeError`` and a 500.

``OAuth2ClientMixin.check_client_secret`` compares whatever the row has; a client of mutual TLS has no secret.

Needed up to Authlib 1.9, the newest release.
"""

from hmac import compare_digest

from ..mixin import Mixin


class OptionalSecretMixin(Mixin):
    """Before Authlib's ``OAuth2ClientMixin``: a client may have no secret."""

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare a secret; for a client without one, none is right."""
        own: str | None = self.client_secret  # type: ignore[attr-defined]
        return bool(own) and own is not None and compare_digest(own.encode(), client_secret.encode())
