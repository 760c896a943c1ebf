"""Dynamic registration (RFC 7591) of clients of mutual TLS."""

import re
from typing import Any

from authlib.oauth2.rfc7591 import ClientMetadataClaims, InvalidClientMetadataError

from wsgi_mtls.clients import AUTH_METHODS, SUBJECT_KINDS, Client
from wsgi_mtls.errors import InvalidClientMetadata

_BOUND = "tls_client_certificate_bound_access_tokens"
_NOT_IN_DESCRIPTION = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")


class MutualTLSClientMetadataClaims(ClientMetadataClaims):  # type: ignore[misc]  # Authlib has no types
    """Keeps the members of RFC 8705, which Authlib drops, and refuses what no certificate could satisfy.

    ``ClientRegistrationEndpoint(claims_classes=[MutualTLSClientMetadataClaims])``
    """

    REGISTERED_CLAIMS = [*ClientMetadataClaims.REGISTERED_CLAIMS, *SUBJECT_KINDS, _BOUND]  # noqa: RUF012

    def validate(self, *args: Any, **options: Any) -> None:
        """Check the metadata.

        Raises:
            InvalidClientMetadataError: they are wrong.
        """
        names = [_BOUND, "token_endpoint_auth_method", *SUBJECT_KINDS]
        if self.get("token_endpoint_auth_method") in AUTH_METHODS:
            names += ["jwks", "jwks_uri"]
        try:
            Client.from_metadata({"client_id": "new", **{name: self[name] for name in names if name in self}})
        except InvalidClientMetadata as error:
            description = _NOT_IN_DESCRIPTION.sub("'", error.message)
            raise InvalidClientMetadataError(description=description) from error
        try:
            super().validate(*args, **options)
        except (TypeError, AttributeError) as error:  # what Authlib makes of a number where it expects a list
            raise InvalidClientMetadataError(description="A member has a value of the wrong type.") from error
