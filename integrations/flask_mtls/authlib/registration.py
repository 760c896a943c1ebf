"""Dynamic registration (RFC 7591) of clients of mutual TLS."""

from collections.abc import Iterable, Mapping
from typing import Any

from authlib.oauth2.rfc7591 import ClientMetadataClaims

from wsgi_mtls.clients import AUTH_METHODS, SUBJECT_KINDS, Client
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.impossible import why_never

from .errors import current_verifier
from .hardening.registration import check_uris, check_values, invalid_metadata, set_defaults

_BOUND = "tls_client_certificate_bound_access_tokens"
_ALIASES = "use_mtls_endpoint_aliases"
_PUSHED = "require_pushed_authorization_requests"


class MutualTLSClientMetadataClaims(ClientMetadataClaims):  # type: ignore[misc]  # Authlib has no types
    """Keep the members of RFC 8705, which Authlib drops, and reject what no certificate could satisfy.

    What is left out gets the default of RFC 7591 section 2, and ``use_mtls_endpoint_aliases`` stays for the client.

    ``ClientRegistrationEndpoint(claims_classes=[MutualTLSClientMetadataClaims])``
    """

    REGISTERED_CLAIMS = [*ClientMetadataClaims.REGISTERED_CLAIMS, *SUBJECT_KINDS, _BOUND, _ALIASES, _PUSHED]  # noqa: RUF012

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
            _check_names(self, self.REGISTERED_CLAIMS)
            _check_mutual_tls(self)
        except InvalidClientMetadata as error:
            raise invalid_metadata(error.message) from error
        try:
            super().validate(*args, **options)
        except (TypeError, AttributeError, ValueError) as error:  # as for a number instead of a list, or "https://["
            raise invalid_metadata("A member has a value of the wrong type.") from error


def _check_names(metadata: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse a condition that would be dropped: the client would rely on it (RFC 8705 section 2.1.2)."""
    unknown = sorted(name for name in metadata.keys() - set(known) if name.startswith("tls_client_auth_"))
    if unknown:
        raise InvalidClientMetadata(f"{unknown[0]} cannot be registered here: leave it out.")


def _check_mutual_tls(metadata: Mapping[str, Any]) -> None:
    names = [_BOUND, "token_endpoint_auth_method", *SUBJECT_KINDS]
    if metadata.get("token_endpoint_auth_method") in AUTH_METHODS:
        names += ["jwks", "jwks_uri"]
    client = Client.from_metadata({"client_id": "new", **{name: metadata[name] for name in names if name in metadata}})
    if client.uses_mutual_tls and (problem := why_never(client, current_verifier())):
        raise InvalidClientMetadata(problem)
