"""Metadata by which a client registers itself (RFC 7591).

They are checked before an adapter stores them.
"""

import json
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from .checks import require_certificate
from .clients import AUTH_METHODS, SUBJECT_KINDS, Client
from .errors import InvalidClientMetadata, MutualTLSError
from .impossible import only_expired, why_never
from .key_set_checks import why_not_now
from .verifier import Verifier
from .x509 import Peer

BOUND = "tls_client_certificate_bound_access_tokens"
_LISTS = frozenset({"redirect_uris", "grant_types", "response_types", "contacts"})
_OTHERS: dict[str, tuple[type, str]] = {
    "jwks": (dict, "a JSON object"),
    BOUND: (bool, "true or false"),
    "require_pushed_authorization_requests": (bool, "true or false"),
    "use_mtls_endpoint_aliases": (bool, "true or false"),
}
"""The members that are not text (RFC 7591 section 2, RFC 8705 section 3.4, RFC 9126 section 6, openid-client)."""
_OF_MUTUAL_TLS = ("token_endpoint_auth_method", "jwks", "jwks_uri", *SUBJECT_KINDS)
_EMPTY: tuple[object, ...] = (None, "", [], {})


def without_empty(given: Mapping[str, Any]) -> dict[str, Any]:
    """Remove null and empty members from an update (RFC 7592 section 2.2).

    Such members delete what was registered.
    """
    return {name: value for name, value in given.items() if value not in _EMPTY}


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


def set_defaults(metadata: MutableMapping[str, Any]) -> None:
    """Set what the client left out (RFC 7591 section 2)."""
    metadata.setdefault("token_endpoint_auth_method", "client_secret_basic")
    grant_types = metadata.setdefault("grant_types", ["authorization_code"])
    # Section 2.1: a client without authorization_code has no use for the response type "code".
    metadata.setdefault("response_types", ["code"] if "authorization_code" in grant_types else [])


def check_names(metadata: Mapping[str, Any], known: Iterable[str]) -> None:
    """Check that the server drops no condition on names (RFC 8705 section 2.1.2).

    Raises:
        InvalidClientMetadata: If one is not among the known members.
    """
    unknown = sorted(name for name in metadata.keys() - set(known) if name.startswith("tls_client_auth_"))
    if unknown:
        raise InvalidClientMetadata(f"{unknown[0]} cannot be registered here: leave it out.")


def check_satisfiable(metadata: Mapping[str, Any], verifier: Verifier, *, fetch: bool = False) -> None:
    """Check that some certificate can satisfy the metadata here.

    Args:
        metadata: what the client registers.
        verifier: has what the server allows, fetches and trusts.
        fetch: whether certificates must come from its ``jwks_uri`` now.

    Raises:
        InvalidClientMetadata: If none can.
    """
    names = [BOUND, "token_endpoint_auth_method", *SUBJECT_KINDS]
    if metadata.get("token_endpoint_auth_method") in AUTH_METHODS:
        names += ["jwks", "jwks_uri"]
    client = Client.from_metadata({"client_id": "new", **{name: metadata[name] for name in names if name in metadata}})
    if client.uses_mutual_tls and (problem := why_never(client, verifier)):
        raise InvalidClientMetadata(problem)
    if only_expired(client, verifier):
        raise InvalidClientMetadata("Expected a valid certificate in jwks, found only expired ones: register another.")
    if fetch and (problem := why_not_now(client, verifier)):
        raise InvalidClientMetadata(problem)


def check_possession(metadata: Mapping[str, Any], peer: Peer, verifier: Verifier) -> None:
    """Check that a client of mutual TLS registers what its own certificate satisfies.

    Raises:
        InvalidClientMetadata: If it does not.
    """
    if metadata["token_endpoint_auth_method"] not in AUTH_METHODS:
        return
    found = {name: metadata[name] for name in _OF_MUTUAL_TLS if name in metadata}
    try:
        client = Client.from_metadata({"client_id": "new", **found})
        verifier.rules.check(client, require_certificate(peer))
    except MutualTLSError:
        raise InvalidClientMetadata(
            "The certificate of this request does not authenticate the client that it registers."
        ) from None
