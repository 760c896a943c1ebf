"""The metadata of RFC 7591 that an application and its registration keep.

A client gets a part of it.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from oauth2_provider.generators import generate_client_secret

from wsgi_mtls.clients import AUTH_METHODS, SUBJECT_KINDS
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.jwks import registered_keys
from wsgi_mtls.registration import BOUND, check_names, check_satisfiable, check_uris, check_values, set_defaults

from ..clients.validation import registration_errors
from ..verification import verifier
from .hardening.device import GRANT_TYPE
from .metadata import device_path
from .models import ApplicationRegistration

SECRETS = ("client_secret_basic", "client_secret_post")
METHODS = frozenset({*AUTH_METHODS, *SECRETS, "none"})
"""The methods for which clients are registered here; OAuth Toolkit decides about others."""
_KEPT = (
    "client_uri", "logo_uri", "contacts", "tos_uri", "policy_uri", "software_id", "software_version",
    "use_mtls_endpoint_aliases",
)  # fmt: skip
_KNOWN = (
    "redirect_uris", "token_endpoint_auth_method", "grant_types", "response_types", "client_name", "jwks", "jwks_uri",
    BOUND, *SUBJECT_KINDS, *_KEPT,
)  # fmt: skip
_GRANTS = {
    "authorization_code": "authorization-code",
    "client_credentials": "client-credentials",
    GRANT_TYPE: GRANT_TYPE,
}


def read_metadata(given: Mapping[str, Any], *, fetch: bool = False) -> dict[str, Any]:
    """Return the members that can be registered, with defaults for missing ones.

    Args:
        given: what the client registers.
        fetch: whether certificates must come from its ``jwks_uri`` now.

    Raises:
        InvalidClientMetadata: If one cannot, or no certificate can satisfy them.
    """
    check_names(given, _KNOWN)
    metadata = {name: given[name] for name in _KNOWN if name in given}
    check_values(metadata, _KNOWN)
    if any(_has_nul(value) for value in metadata.values()):
        raise InvalidClientMetadata("A member can't be stored: it holds NUL.")
    set_defaults(metadata)
    uris = metadata.get("redirect_uris", [])
    check_uris(uris)
    if any("*" in uri for uri in uris):
        raise InvalidClientMetadata("redirect_uris must be exact: leave the asterisk out.")
    _check_grant(metadata)
    check_satisfiable(metadata, verifier(), fetch=fetch)
    _check_self_signed(metadata)
    return metadata


def save(application: Any, registration: ApplicationRegistration, metadata: Mapping[str, Any]) -> str | None:
    """Replace what is registered of a client.

    Returns:
        The secret, where it has a new one.

    Raises:
        InvalidClientMetadata: If OAuth Toolkit or the database cannot keep it.
    """
    method = metadata["token_endpoint_auth_method"]
    secret = None
    if method in SECRETS and registration.token_endpoint_auth_method not in SECRETS:  # a new one is of mutual TLS
        secret = application.client_secret = generate_client_secret()
    application.name = metadata.get("client_name", "")
    application.redirect_uris = " ".join(metadata.get("redirect_uris", []))
    application.authorization_grant_type = _GRANTS[_grant(metadata)]
    application.client_type = "public" if method == "none" else "confidential"
    kinds = [kind for kind in SUBJECT_KINDS if kind in metadata]
    of_mutual_tls = method in AUTH_METHODS
    registration.token_endpoint_auth_method = method
    registration.subject_kind = kinds[0] if kinds else ""
    registration.subject_value = metadata[kinds[0]] if kinds else ""
    registration.jwks = metadata.get("jwks") if of_mutual_tls else None
    registration.jwks_uri = metadata.get("jwks_uri", "") if of_mutual_tls else ""
    registration.tls_client_certificate_bound_access_tokens = metadata.get(BOUND, False)
    registration.metadata = {name: metadata[name] for name in _KEPT if name in metadata}
    try:
        application.full_clean()
        registration.application = application
        registration.clean_fields(exclude=["application", "user"])
    except ValidationError as error:
        raise InvalidClientMetadata(" ".join(error.messages)) from None
    if errors := registration_errors(registration):
        raise InvalidClientMetadata(" ".join(errors.values()))
    application.save()
    registration.application = application
    registration.save()
    return secret


def description(application: Any, registration: ApplicationRegistration) -> dict[str, Any]:
    """Return the registration for the answer to its client (RFC 7591 section 3.2.1)."""
    own = application.authorization_grant_type
    grant = next((name for name, other in _GRANTS.items() if other == own), own)
    is_code = grant == "authorization_code"
    told = registration.to_metadata() | {
        "redirect_uris": application.redirect_uris.split(),
        "grant_types": [grant, "refresh_token"] if is_code else [grant],
        "response_types": ["code"] if is_code else [],
        "client_name": application.name,
    }
    return {name: value for name, value in told.items() if value not in ("", {}) and (value or name != "redirect_uris")}


def _grant(metadata: Mapping[str, Any]) -> str:
    found = [grant for grant in metadata["grant_types"] if grant != "refresh_token"]
    return str(found[0]) if len(set(found)) == 1 else ""


def _check_grant(metadata: Mapping[str, Any]) -> None:
    """Check the grants of an application.

    OAuth Toolkit's applications have one grant each; that of codes includes refresh tokens.
    """
    grant = _grant(metadata)
    offered = [name for name in _GRANTS if name != GRANT_TYPE or device_path() is not None]
    if grant not in offered:
        raise InvalidClientMetadata(
            f"grant_types must have one of {', '.join(offered)}, and optionally also refresh_token."
        )
    is_code = grant == "authorization_code"
    if metadata["response_types"] != (["code"] if is_code else []):
        raise InvalidClientMetadata('response_types must be ["code"] for authorization_code, and empty for others.')
    if is_code and not metadata.get("redirect_uris"):
        raise InvalidClientMetadata("redirect_uris must have a URI for authorization_code.")
    if grant == "client_credentials" and metadata["token_endpoint_auth_method"] == "none":
        raise InvalidClientMetadata("client_credentials needs a client that authenticates (RFC 6749 section 4.4).")


def _check_self_signed(metadata: Mapping[str, Any]) -> None:
    """Check that certificates are self-signed.

    One of a CA may be that of a user, who could then not log in.
    """
    if metadata["token_endpoint_auth_method"] != "self_signed_tls_client_auth" or "jwks" not in metadata:
        return
    if any(not certificate.is_self_signed for certificate in registered_keys(metadata["jwks"]).certificates):
        raise InvalidClientMetadata("The certificates in x5c must be self-signed; register others by their name.")


def _has_nul(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(item) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\0" in value
