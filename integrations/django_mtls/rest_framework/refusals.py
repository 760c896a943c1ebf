"""A refusal of the core as an exception of REST framework."""

from rest_framework.exceptions import APIException

from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.request.bearer import challenge

from ..conf import mtls_settings


class Refused(APIException):
    """A refused access token, with the status and the challenge of RFC 6750.

    It is not an ``AuthenticationFailed``: status and challenge of that depend on which class a view names first.

    Attributes:
        error: why; the caller learns its OAuth error alone.
        auth_header: the challenge; REST framework puts it into ``WWW-Authenticate``.
    """

    def __init__(self, error: MutualTLSError, scope: str | None = None) -> None:
        super().__init__(detail=error.error or "missing_token", code=error.error or "missing_token")
        self.error = error
        self.status_code = error.status
        if error.status != 503:  # the token may be good
            self.auth_header = challenge(error, realm=mtls_settings().realm, scope=scope)
