"""Dynamic registration (RFC 7591) of clients of mutual TLS."""

from typing import Any

from authlib.oauth2.rfc7591 import ClientMetadataClaims

from wsgi_mtls.clients import SUBJECT_KINDS
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.registration import BOUND, check_names, check_satisfiable, check_uris, check_values, set_defaults

from .errors import current_verifier
from .hardening.registration import invalid_metadata

_ALIASES = "use_mtls_endpoint_aliases"
_PUSHED = "require_pushed_authorization_requests"


class MutualTLSClientMetadataClaims(ClientMetadataClaims):  # type: ignore[misc]  # Authlib has no types
    """Metadata with the members of RFC 8705, which Authlib drops.

    Members that no certificate could satisfy are rejected. What is left out gets the default of RFC 7591 section 2, and
    ``use_mtls_endpoint_aliases`` stays for the client.

    ``ClientRegistrationEndpoint(claims_classes=[MutualTLSClientMetadataClaims])``

    Attributes:
        fetches_jwks_uri: whether a ``jwks_uri`` is fetched at registration, and refused unless certificates come. A
            subclass sets it to True; each registration then takes up to ``timeout`` of ``MTLS_KEY_SETS``.
    """

    fetches_jwks_uri = False
    REGISTERED_CLAIMS = [*ClientMetadataClaims.REGISTERED_CLAIMS, *SUBJECT_KINDS, BOUND, _ALIASES, _PUSHED]  # noqa: RUF012

    def validate(self, *args: Any, **options: Any) -> None:
        """Check the metadata.

        Raises:
            InvalidClientMetadataError: If they are wrong.
        """
        try:
            ours = MutualTLSClientMetadataClaims.REGISTERED_CLAIMS  # a subclass checks its own
            check_values({name: self[name] for name in self.REGISTERED_CLAIMS if name in self}, ours)
            check_uris(self.get("redirect_uris", []))
            set_defaults(self)
            check_names(self, self.REGISTERED_CLAIMS)
            check_satisfiable(self, current_verifier(), fetch=self.fetches_jwks_uri)
        except InvalidClientMetadata as error:
            raise invalid_metadata(error.message) from error
        try:
            super().validate(*args, **options)
        except (TypeError, AttributeError, ValueError) as error:  # as for a number instead of a list, or "https://["
            raise invalid_metadata("A member has a value of the wrong type.") from error
