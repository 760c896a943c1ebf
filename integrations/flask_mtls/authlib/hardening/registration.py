"""Registrations that Authlib answers with a page of HTML or a 500, or stores as they came.

A body that is not JSON gets Werkzeug's 400 or 415, deep nesting a ``RecursionError``, ``{"redirect_uris": 5}`` a
``TypeError``; ``{"scope": null}`` is stored and fails once it is used, as a redirect URI with port 99999 once a browser
is sent there; and the answer lacks the defaults that the client was given (RFC 7591 sections 2, 3.2.1 and 3.2.2).

Needed up to Authlib 1.9, the newest release.
"""

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749 import JsonPayload
from authlib.oauth2.rfc7591 import InvalidClientMetadataError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from wsgi_mtls.errors import InvalidClientMetadata, InvalidRequest

from ..requests import limit_body

_LISTS = frozenset({"redirect_uris", "grant_types", "response_types", "contacts"})
_OTHERS: dict[str, tuple[type, str]] = {
    "jwks": (dict, "a JSON object"),
    "tls_client_certificate_bound_access_tokens": (bool, "true or false"),
    "require_pushed_authorization_requests": (bool, "true or false"),
    "use_mtls_endpoint_aliases": (bool, "true or false"),
}
"""The members that are not text (RFC 7591 section 2, RFC 8705 section 3.4, RFC 9126 section 6, openid-client)."""
_NOT_IN_DESCRIPTION = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")


class CheckedPayload(JsonPayload):  # type: ignore[misc]
    """A registration's body, read when it is asked for: after the endpoint knows who registers."""

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


def check_values(metadata: dict[str, Any], names: Iterable[str]) -> None:
    """Check the types of these members, and that all can be stored.

    Raises:
        InvalidClientMetadata: If one has another type, such as null, or holds half a character.
    """
    for name in metadata.keys() & set(names):
        value = metadata[name]
        kind, wanted = _OTHERS.get(name, (str, "a text"))
        if name in _LISTS:
            right, wanted = isinstance(value, list) and all(isinstance(item, str) for item in value), "a list of texts"
        else:
            right = isinstance(value, kind)
        if not right:
            raise InvalidClientMetadata(f"{name} must be {wanted}; leave it out where there is none.")
    try:
        json.dumps(metadata, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise InvalidClientMetadata("A member can't be stored: no Unicode, no number of JSON, or too deep.") from None


def check_uris(uris: Iterable[str]) -> None:
    """Check that browsers can be sent to these redirect URIs (RFC 3986).

    Raises:
        InvalidClientMetadata: If Werkzeug cannot write one into an answer, such as one with port 99999.
    """
    for uri in uris:
        try:
            right = bool(uri) and uri.isascii() and uri.isprintable() and not set(uri) & set(' "<>\\^`{|}')
            right = right and urlsplit(uri).port != 0  # which raises an error for what is not a port
        except ValueError:
            right = False
        if not right:
            raise InvalidClientMetadata("redirect_uris must be URIs, in ASCII (RFC 3986 section 4.3).")


def set_defaults(metadata: dict[str, Any]) -> None:
    """Set what the client left out (RFC 7591 section 2)."""
    metadata.setdefault("token_endpoint_auth_method", "client_secret_basic")
    grant_types = metadata.setdefault("grant_types", ["authorization_code"])
    # Section 2.1: a client without authorization_code has no use for the response type "code".
    metadata.setdefault("response_types", ["code"] if "authorization_code" in grant_types else [])
