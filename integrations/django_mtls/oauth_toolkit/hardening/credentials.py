"""Client credentials that OAuth Toolkit answers with a 500, or accepts blank.

``Authorization: Basic`` with octets that are not ASCII is a ``ValueError``. The charset of the credentials is taken
from a parameter ``encoding`` of the request's body, and one that does not exist is a ``LookupError``. A secret that is
stored blank is authenticated by a blank one (RFC 6749 section 2.3.1). A ``client_id`` with NUL reaches the database,
where PostgreSQL's drivers raise an error.

Needed up to OAuth Toolkit 3.4, the newest release.
"""

from base64 import b64decode
from typing import Any

from oauthlib.common import Request

from .device import GRANT_TYPE


class CredentialsValidatorMixin:
    """The validator's part that reads secrets."""

    def _authenticate_basic_auth(self, request: Any) -> bool:
        if isinstance(request, Request):
            request.encoding = "utf-8"  # or OAuth Toolkit takes the codec's name from a parameter "encoding"
        basic = self._extract_basic_auth(request) or ""  # type: ignore[attr-defined]
        if not basic.isascii():
            return False  # OAuth Toolkit's decoder raises an error for it
        authenticated: bool = super()._authenticate_basic_auth(request)  # type: ignore[misc]
        return authenticated and _may_come(request, _secret_of(basic))

    def _authenticate_request_body(self, request: Any) -> bool:
        authenticated: bool = super()._authenticate_request_body(request)  # type: ignore[misc]
        return authenticated and _may_come(request, getattr(request, "client_secret", None))

    def _load_application(self, client_id: str, request: Any) -> Any:
        if "\0" in (client_id or ""):
            return None  # no client has it, and PostgreSQL's drivers raise an error for it
        return super()._load_application(client_id, request)  # type: ignore[misc]


def _secret_of(basic: str) -> bytes:
    """Return the secret in ``Authorization: Basic``, or nothing if unreadable."""
    try:
        return b64decode(basic).partition(b":")[2]
    except ValueError:
        return b""


def _may_come(request: Any, secret: Any) -> bool:
    """Reject a blank secret, though it may be stored (RFC 6749 section 2.3.1).

    OAuth Toolkit also accepts a public client with the device grant here: it has no secret, and only names itself.
    """
    return bool(secret) or (request.client.client_type == "public" and request.grant_type == GRANT_TYPE)
