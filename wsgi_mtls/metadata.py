"""What a server says of itself: RFC 8414 and RFC 9728, with the members of RFC 8705 sections 3.3 and 5."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from .clients import AUTH_METHODS
from .errors import InvalidServerMetadata
from .urls import https_url

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Metadata = Mapping[str, object]

_ALIASES = "mtls_endpoint_aliases"
_BOUND = "tls_client_certificate_bound_access_tokens"
# The browser goes there, and has no client certificate: RFC 8705 section 5, OpenID Connect RP-Initiated Logout.
_FOR_BROWSERS = frozenset({"authorization_endpoint", "end_session_endpoint"})
_AUTHENTICATED = ("token_endpoint", "revocation_endpoint", "introspection_endpoint")


def authorization_server_metadata(
    base: str,
    *,
    endpoints: Mapping[str, str],
    mtls_base: str | None = None,
    auth_methods: Collection[str] = AUTH_METHODS,
    tls_client_certificate_bound_access_tokens: bool = True,
    **members: object,
) -> dict[str, object]:
    """Return an authorization server's metadata (RFC 8414 section 2), checked.

    Args:
        base: the issuer, an https URL. Nothing here is ever taken from a request's ``Host``.
        endpoints: ``token_endpoint``, … to its path below ``base``, or to its URL.
        mtls_base: where clients find the same endpoints with mutual TLS, if not at ``base``: they become the
            ``mtls_endpoint_aliases`` (RFC 8705 section 5) of all paths but those for browsers.
        auth_methods: of the token, revocation and introspection endpoints; the verifier's ``allowed_methods``, and what
            else the server offers.
        tls_client_certificate_bound_access_tokens: whether the server binds tokens (RFC 8705 section 3.3).
        members: all others, as ``jwks_uri=…``; ``mtls_endpoint_aliases`` here goes before ``mtls_base``.

    Raises:
        InvalidServerMetadata: a client could not use them, or they promise what can't be.
    """
    _check_url("issuer", base, query=False)
    for name, path in endpoints.items():
        if not name.endswith("_endpoint"):
            raise InvalidServerMetadata(f"endpoints holds {name!r}, which is no *_endpoint.")
        if not isinstance(path, str):
            raise InvalidServerMetadata(f"{name} must be a path or a URL, not {path!r}.")
    methods = _texts("auth_methods", auth_methods)
    metadata: dict[str, object] = {"issuer": base, **{name: _below(base, path) for name, path in endpoints.items()}}
    metadata |= {f"{name}_auth_methods_supported": methods for name in _AUTHENTICATED if name in endpoints}
    metadata[_BOUND] = tls_client_certificate_bound_access_tokens
    if "authorization_endpoint" in endpoints:
        metadata["response_types_supported"] = ["code"]
    if mtls_base is not None:
        metadata[_ALIASES] = _aliases(mtls_base, endpoints)
    metadata |= members
    _check_server(metadata)
    return metadata


def protected_resource_metadata(
    resource: str,
    *,
    authorization_servers: Collection[str],
    tls_client_certificate_bound_access_tokens: bool = True,
    **members: object,
) -> dict[str, object]:
    """Return an API's metadata (RFC 9728 section 2).

    Args:
        resource: the API's identifier, an https URL.
        authorization_servers: the issuers whose tokens it accepts.
        tls_client_certificate_bound_access_tokens: whether tokens must be bound.
        members: all others, as ``scopes_supported=[…]``.

    Raises:
        InvalidServerMetadata: a client could not use them.
    """
    metadata: dict[str, object] = {
        "resource": resource,
        "authorization_servers": _texts("authorization_servers", authorization_servers),
        "bearer_methods_supported": ["header"],
        _BOUND: tls_client_certificate_bound_access_tokens,
        **members,
    }
    _check_url("resource", metadata["resource"])
    for issuer in _texts("authorization_servers", metadata["authorization_servers"]):
        _check_url("authorization_servers", issuer, query=False)
    _check_bound(metadata)
    return metadata


class MetadataMiddleware:
    """Serves metadata at their well-known paths (RFC 8414 section 3, RFC 9728 section 3); all else goes on.

    Args:
        app: the application to wrap.
        documents: what :func:`authorization_server_metadata` and :func:`protected_resource_metadata` returned.

    Raises:
        InvalidServerMetadata: a document is neither, or no JSON, or two have the same path.
    """

    def __init__(self, app: "WSGIApplication", *documents: Metadata) -> None:
        self._app = app
        self._documents: dict[str, bytes] = {}
        for document in documents:
            path = well_known_path(document)
            if path in self._documents:
                raise InvalidServerMetadata(f"Two documents belong at {path}.")
            self._documents[path] = _json(path, document)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        document = self._documents.get(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))
        if document is None:
            return self._app(environ, start_response)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return Response(status=405, headers={"Allow": "GET, HEAD"})(environ, start_response)
        return Response(document, content_type="application/json")(environ, start_response)


def well_known_path(document: Metadata) -> str:
    """Return the path of a document: the well-known one before the path of the issuer or resource.

    Raises:
        InvalidServerMetadata: the document has neither ``issuer`` nor ``resource``.
    """
    for member, name in (("issuer", "oauth-authorization-server"), ("resource", "oauth-protected-resource")):
        if member in document:
            return f"/.well-known/{name}{_check_url(member, document[member]).rstrip('/')}"
    raise InvalidServerMetadata("The document has neither an issuer nor a resource.")


def _json(path: str, document: Metadata) -> bytes:
    try:
        return json.dumps(document, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InvalidServerMetadata(f"The document for {path} is no JSON: {error}.") from None


def _aliases(mtls_base: str, endpoints: Mapping[str, str]) -> dict[str, str]:
    _check_url("mtls_base", mtls_base, query=False)
    return {
        name: _below(mtls_base, path)
        for name, path in endpoints.items()
        if path.startswith("/") and name not in _FOR_BROWSERS
    }


def _below(base: str, path: str) -> str:
    return base.rstrip("/") + path if path.startswith("/") else path


def _check_server(metadata: Metadata) -> None:
    endpoints = {name: value for name, value in metadata.items() if name.endswith("_endpoint")}
    for name, value in endpoints.items():
        _check_url(name, value)
    _check_url("issuer", metadata["issuer"], query=False)
    if "jwks_uri" in metadata:
        _check_url("jwks_uri", metadata["jwks_uri"])
    if "token_endpoint" not in endpoints:
        raise InvalidServerMetadata("token_endpoint is missing (RFC 8414 section 2).")
    for name in metadata:
        if name.endswith("_auth_methods_supported"):
            _texts(name, metadata[name])
    _check_bound(metadata)
    if _ALIASES in metadata:
        _check_aliases(metadata[_ALIASES], endpoints)


def _check_aliases(aliases: object, endpoints: Metadata) -> None:
    """RFC 8705 section 5: other URLs of endpoints that the server has, and to which clients go by themselves."""
    if not isinstance(aliases, Mapping) or not aliases:
        raise InvalidServerMetadata(f"{_ALIASES} must be an object with at least one endpoint.")
    for name, value in aliases.items():
        if name in _FOR_BROWSERS:
            raise InvalidServerMetadata(f"{_ALIASES} can't hold {name}: browsers go there, which have no certificate.")
        if name not in endpoints:
            raise InvalidServerMetadata(f"{_ALIASES} holds {name!r}, which is no *_endpoint of this server.")
        _check_url(f"{_ALIASES}.{name}", value)


def _check_bound(metadata: Metadata) -> None:
    if not isinstance(metadata[_BOUND], bool):
        raise InvalidServerMetadata(f"{_BOUND} must be true or false.")


def _check_url(name: str, value: object, *, query: bool = True) -> str:
    """Return the path of an https URL."""
    try:
        parts = https_url(value)  # type: ignore[arg-type]  # it says so itself
    except ValueError as error:
        raise InvalidServerMetadata(f"{name}: {error}") from None
    if not query and "?" in str(value):
        raise InvalidServerMetadata(f"{name} must have no query (RFC 8414 section 2).")
    return parts.path


def _texts(name: str, values: object) -> list[str]:
    listed = [] if isinstance(values, str) or not isinstance(values, Iterable) else list(values)
    if not listed or not all(isinstance(value, str) and value for value in listed):
        raise InvalidServerMetadata(f"{name} must be a list of texts that is not empty.")
    return listed
