"""A refusal of the core as an error of oauthlib."""

from typing import Any

from oauthlib.oauth2 import OAuth2Error

from wsgi_mtls.errors import MutualTLSError


class MutualTLSOAuth2Error(OAuth2Error):  # type: ignore[misc]  # oauthlib has no types
    """What oauthlib answers for a refusal: its OAuth error and status, and no challenge.

    Attributes:
        reason: why, for the log.
    """

    def __init__(self, error: MutualTLSError, request: Any) -> None:
        self.error = error.error
        self.reason = error.reason
        super().__init__(request=request, status_code=error.status)

    @property
    def headers(self) -> dict[str, str]:
        """None: oauthlib would offer ``Bearer``, and mutual TLS has no scheme to offer."""
        return {}
