"""Registrations that Authlib answers with HTML or a 500, or stores unchecked.

A body that is not JSON gets Werkzeug's 400 or 415, deep nesting a ``RecursionError``, ``{"redirect_uris": 5}`` a
``TypeError``; ``{"scope": null}`` is stored and fails once it is used, as a redirect URI with port 99999 once a browser
is sent there; and the answer lacks the defaults that the client was given (RFC 7591 sections 2, 3.2.1 and 3.2.2). The
values are checked by ``wsgi_mtls.registration``.

Needed up to Authlib 1.9, the newest release.
"""

import re
from typing import Any

from authlib.oauth2.rfc6749 import JsonPayload
from authlib.oauth2.rfc7591 import InvalidClientMetadataError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from wsgi_mtls.errors import InvalidRequest

from ..requests import limit_body

_NOT_IN_DESCRIPTION = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")


class CheckedPayload(JsonPayload):  # type: ignore[misc]
    """A registration's body, read on first use: after the endpoint knows the client."""

    def __init__(self, payload: JsonPayload) -> None:
        self._payload = payload

    @property
    def data(self) -> Any:
        """The metadata.

        Raises:
            InvalidClientMetadataError: If the body is not JSON, longer than ``MTLS_MAX_BODY``, or nested too deep.
        """
        try:
            limit_body()
            return self._payload.data
        except InvalidRequest as error:
            raise invalid_metadata(error.message) from None
        except (BadRequest, UnsupportedMediaType, RecursionError):
            raise invalid_metadata("Send application/json, not nested too deep.") from None


def invalid_metadata(description: str) -> InvalidClientMetadataError:
    """Return Authlib's error, which takes only some characters."""
    return InvalidClientMetadataError(description=_NOT_IN_DESCRIPTION.sub("'", description))
