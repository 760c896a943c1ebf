"""Checks of a server's own metadata.

The rules are in RFC 8414, RFC 9728, and RFC 8705 sections 3.3 and 5.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from .errors import InvalidServerMetadata
from .urls import https_url

Metadata = Mapping[str, object]

ALIASES = "mtls_endpoint_aliases"
BOUND = "tls_client_certificate_bound_access_tokens"
METHODS = "_auth_methods_supported"
ALGORITHMS = "_auth_signing_alg_values_supported"
# The browser goes there, and has no client certificate: RFC 8705 section 5, OpenID Connect RP-Initiated Logout.
FOR_BROWSERS = frozenset({"authorization_endpoint", "end_session_endpoint"})
SIGNED_METHODS = frozenset({"private_key_jwt", "client_secret_jwt"})


def check_server(metadata: Metadata) -> None:
    """Check an authorization server's metadata (RFC 8414 section 2).

    Raises:
        InvalidServerMetadata: If a client could not use them, or they promise something impossible.
    """
    check_identifier("issuer", metadata["issuer"])
    endpoints = {name: value for name, value in metadata.items() if name.endswith("_endpoint")}
    for name, value in endpoints.items():
        check_url(name, value)
    if "jwks_uri" in metadata:
        check_url("jwks_uri", metadata["jwks_uri"])
    if "token_endpoint" not in endpoints:
        raise InvalidServerMetadata("token_endpoint is missing (RFC 8414 section 2).")
    for name in metadata:
        if name.endswith(METHODS):
            _check_methods(metadata, name)
    _check_bound(metadata)
    if ALIASES in metadata:
        _check_aliases(metadata[ALIASES], endpoints)


def check_resource(metadata: Metadata) -> None:
    """Check an API's metadata (RFC 9728 section 2).

    Raises:
        InvalidServerMetadata: If a client could not use them.
    """
    check_identifier("resource", metadata["resource"])
    if "authorization_servers" in metadata:
        for issuer in texts("authorization_servers", metadata["authorization_servers"]):
            check_identifier("authorization_servers", issuer)
    _check_bound(metadata)


def check_url(name: str, value: object) -> str:
    """Return the path of an https URL.

    Raises:
        InvalidServerMetadata: If it is not.
    """
    try:
        return https_url(value).path  # type: ignore[arg-type]  # https_url checks the type
    except ValueError as error:
        raise InvalidServerMetadata(f"{name}: {error}") from None


def check_identifier(name: str, value: object) -> str:
    """Return the path of an issuer or resource that clients can find metadata for.

    Raises:
        InvalidServerMetadata: If it is not an https URL, has a query, or dot segments, which clients resolve.
    """
    path = check_url(name, value)
    if "?" in str(value):
        # An issuer has none (RFC 8414 section 2); a resource may, but several would be found at one path.
        raise InvalidServerMetadata(f"{name} must have no query: give each a path of its own.")
    if {".", ".."} & set(unquote(path).split("/")):
        raise InvalidServerMetadata(f"{name} must have no . and no .. in its path: clients resolve them.")
    return path


def texts(name: str, values: object) -> list[str]:
    """Return a list of texts, at least one.

    Raises:
        InvalidServerMetadata: If it is not.
    """
    listed = [] if isinstance(values, str) or not isinstance(values, Iterable) else list(values)
    if not listed or not all(isinstance(value, str) and value for value in listed):
        raise InvalidServerMetadata(f"{name} must be a list of texts that is not empty.")
    return listed


def uses_signatures(methods: Iterable[str]) -> bool:
    """Return whether a client may authenticate by a JWT that it signs (RFC 7523)."""
    return not SIGNED_METHODS.isdisjoint(methods)


def _check_methods(metadata: Metadata, name: str) -> None:
    """Check that signed methods have algorithms, without ``none``.

    RFC 8414 section 2 requires both.
    """
    algorithms = name.removesuffix(METHODS) + ALGORITHMS
    if uses_signatures(texts(name, metadata[name])) and algorithms not in metadata:
        raise InvalidServerMetadata(
            f'{name} has {" or ".join(sorted(SIGNED_METHODS))}: give {algorithms}=["ES256", …].'
        )
    if algorithms in metadata and "none" in texts(algorithms, metadata[algorithms]):
        raise InvalidServerMetadata(f"{algorithms} must not hold none (RFC 8414 section 2).")


def _check_aliases(aliases: object, endpoints: Metadata) -> None:
    """Check the aliases of endpoints that clients call themselves.

    See RFC 8705 section 5.
    """
    if not isinstance(aliases, Mapping) or not aliases:
        raise InvalidServerMetadata(f"{ALIASES} must be an object with at least one endpoint.")
    for name, value in aliases.items():
        if name in FOR_BROWSERS:
            raise InvalidServerMetadata(f"{ALIASES} can't hold {name}: browsers go there, which have no certificate.")
        if name not in endpoints:
            raise InvalidServerMetadata(f"{ALIASES} holds {name!r}, which is not an *_endpoint of this server.")
        check_url(f"{ALIASES}.{name}", value)


def _check_bound(metadata: Metadata) -> None:
    if not isinstance(metadata.get(BOUND, False), bool):
        raise InvalidServerMetadata(f"{BOUND} must be true or false.")
