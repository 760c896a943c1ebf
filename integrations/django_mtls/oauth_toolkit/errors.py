"""Refusals of the core as errors of oauthlib, and the errors of its requests."""

from collections.abc import Mapping
from typing import Any

from oauthlib.oauth2 import OAuth2Error

from wsgi_mtls.errors import MutualTLSError


class MutualTLSOAuth2Error(OAuth2Error):  # type: ignore[misc]  # oauthlib has no types
    """oauthlib's error for a refusal, without a challenge.

    It has the OAuth error and the status of the refusal.

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


UNAVAILABLE = "temporarily_unavailable"
"""The OAuth error where another server could not be asked about a token, which may be good."""


def oauth_error(request: object) -> object:
    """Return the OAuth error that a validator has put on oauthlib's request, or None."""
    told = getattr(request, "oauth2_error", None)
    return told.get("error") if isinstance(told, Mapping) else None  # oauthlib finds a parameter of that name there too


def is_unavailable(request: object) -> bool:
    """Return whether a request was refused because introspection is unavailable."""
    return oauth_error(request) == UNAVAILABLE
