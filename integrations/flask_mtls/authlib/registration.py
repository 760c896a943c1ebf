"""Dynamic registration (RFC 7591) of clients of mutual TLS."""

import json
import re
from typing import Any

from authlib.oauth2.rfc6749 import JsonPayload
from authlib.oauth2.rfc7591 import ClientMetadataClaims, InvalidClientMetadataError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from wsgi_mtls.clients import AUTH_METHODS, SUBJECT_KINDS, Client
from wsgi_mtls.errors import InvalidClientMetadata, InvalidRequest

from .errors import current_verifier
from .requests import limit_body

_BOUND = "tls_client_certificate_bound_access_tokens"
_LISTS = frozenset({"redirect_uris", "grant_types", "response_types", "contacts"})
_ALIASES = "use_mtls_endpoint_aliases"
_OTHERS: dict[str, tuple[type, str]] = {
    "jwks": (dict, "a JSON object"),
    _BOUND: (bool, "true or false"),
    _ALIASES: (bool, "true or false"),
}
"""The members that are no text (RFC 7591 section 2, RFC 8705 section 3.4), and one that openid-client has."""
_NOT_IN_DESCRIPTION = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")


class MutualTLSClientMetadataClaims(ClientMetadataClaims):  # type: ignore[misc]  # Authlib has no types
    """Keeps the members of RFC 8705, which Authlib drops, and refuses what no certificate could satisfy.

    What is left out gets the default of RFC 7591 section 2, and ``use_mtls_endpoint_aliases`` stays for the client.

    ``ClientRegistrationEndpoint(claims_classes=[MutualTLSClientMetadataClaims])``
    """

    REGISTERED_CLAIMS = [*ClientMetadataClaims.REGISTERED_CLAIMS, *SUBJECT_KINDS, _BOUND, _ALIASES]  # noqa: RUF012

    def validate(self, *args: Any, **options: Any) -> None:
        """Check the metadata.

        Raises:
            InvalidClientMetadataError: they are wrong.
        """
        try:
            _check_values({name: self[name] for name in self.REGISTERED_CLAIMS if name in self})
            _set_defaults(self)
            _check_mutual_tls(self)
        except InvalidClientMetadata as error:
            raise _invalid_metadata(error.message) from error
        try:
            super().validate(*args, **options)
        except (TypeError, AttributeError) as error:  # what Authlib makes of a number where it expects a list
            raise _invalid_metadata("A member has a value of the wrong type.") from error


class CheckedPayload(JsonPayload):  # type: ignore[misc]
    """A registration's body, read when it is asked for: after the endpoint knows who registers."""

    def __init__(self, payload: JsonPayload) -> None:
        self._payload = payload

    @property
    def data(self) -> Any:
        """The metadata.

        Raises:
            InvalidClientMetadataError: the body is no JSON, longer than ``MTLS_MAX_BODY``, or nested too deep.
        """
        try:
            limit_body()
            return self._payload.data
        except InvalidRequest as error:
            raise _invalid_metadata(error.message) from None
        except (BadRequest, UnsupportedMediaType, RecursionError):
            raise _invalid_metadata("Send application/json, not nested too deep.") from None


def _invalid_metadata(description: str) -> InvalidClientMetadataError:
    """Return Authlib's error, which takes only some characters."""
    return InvalidClientMetadataError(description=_NOT_IN_DESCRIPTION.sub("'", description))


def _check_values(metadata: dict[str, Any]) -> None:
    """What Authlib stores as it comes is an error when it is used: null for a scope, half a character, …."""
    for name in metadata.keys() & set(MutualTLSClientMetadataClaims.REGISTERED_CLAIMS):  # not those of a subclass
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


def _set_defaults(metadata: dict[str, Any]) -> None:
    """RFC 7591 section 2; section 2.1: a client without ``authorization_code`` has no use for ``code``."""
    metadata.setdefault("token_endpoint_auth_method", "client_secret_basic")
    grant_types = metadata.setdefault("grant_types", ["authorization_code"])
    metadata.setdefault("response_types", ["code"] if "authorization_code" in grant_types else [])


def _check_mutual_tls(metadata: dict[str, Any]) -> None:
    names = [_BOUND, "token_endpoint_auth_method", *SUBJECT_KINDS]
    method = metadata.get("token_endpoint_auth_method")
    if method in AUTH_METHODS:
        names += ["jwks", "jwks_uri"]
    Client.from_metadata({"client_id": "new", **{name: metadata[name] for name in names if name in metadata}})
    if method == "self_signed_tls_client_auth" and "jwks" not in metadata and not current_verifier().fetches_key_sets:
        raise InvalidClientMetadata("jwks_uri is not fetched here: register the certificate in jwks.")
