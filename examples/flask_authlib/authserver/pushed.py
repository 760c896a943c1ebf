"""Pushed authorization requests (RFC 9126)."""

from flask_mtls.authlib.pushed_authorization import PushedAuthorizationEndpoint, PushedAuthorizationRequests
from flask_mtls.authlib.pushed_requests import SQLPushedRequests

from .models import OAuth2Client, PushedRequest, db
from .profiles import profile

store = SQLPushedRequests(db.session, PushedRequest)


class PushedAuthorization(PushedAuthorizationEndpoint):
    """The endpoint at which clients push, authenticated as at the token endpoint."""

    CLIENT_AUTH_METHODS = ("client_secret_basic", "none")

    @property
    def REDIRECT_URI_REQUIRED(self) -> bool:  # noqa: N802  # the endpoint's name
        """Whether ``redirect_uri`` must be sent."""
        return profile().pushed_only


class PushedRequests(PushedAuthorizationRequests):
    """The authorization endpoint's part."""

    def is_required(self, client: OAuth2Client) -> bool:
        """Return whether this client must push: all must, or it has registered so."""
        return profile().pushed_only or super().is_required(client)


endpoint = PushedAuthorization(store)
extension = PushedRequests(store)
