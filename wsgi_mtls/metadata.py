"""The metadata of a server (RFC 8414 and RFC 9728).

They have the members of RFC 8705 sections 3.3 and 5.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from werkzeug.wrappers import Response

from .clients import AUTH_METHODS
from .errors import InvalidServerMetadata
from .metadata_aliases import aliases
from .metadata_checks import (
    ALGORITHMS,
    ALIASES,
    BOUND,
    METHODS,
    Metadata,
    check_identifier,
    check_resource,
    check_server,
    check_url,
    texts,
    uses_signatures,
)
from .request.bearer import RESOURCE_METADATA

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# RFC 8414 section 2 has members for the methods of these.
_WITH_METHODS = ("token_endpoint", "revocation_endpoint", "introspection_endpoint")


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
            ``mtls_endpoint_aliases`` (RFC 8705 section 5) of all endpoints below ``base`` but those for browsers. One
            elsewhere needs an alias of its own, if clients authenticate there.
        auth_methods: of the token, revocation and introspection endpoints; the verifier's ``allowed_methods``, and what
            else the server offers. ``private_key_jwt`` and ``client_secret_jwt`` need
            ``token_endpoint_auth_signing_alg_values_supported``, which also applies to the others.
        tls_client_certificate_bound_access_tokens: whether the server binds tokens (RFC 8705 section 3.3).
        members: all others, as ``jwks_uri=…``; further endpoints too. ``mtls_endpoint_aliases`` here goes, endpoint by
            endpoint, before ``mtls_base``.

    Raises:
        InvalidServerMetadata: If a client could not use them, or they promise something impossible.
    """
    check_identifier("issuer", base)
    _refuse_members(members, "issuer", "resource", *endpoints)
    methods = texts("auth_methods", auth_methods)
    urls = {name: _url(name, path, base) for name, path in {**endpoints, **_endpoints_among(members)}.items()}
    metadata: dict[str, object] = {"issuer": base, **urls}
    metadata |= {f"{name}{METHODS}": methods for name in _WITH_METHODS if name in urls}
    metadata[BOUND] = tls_client_certificate_bound_access_tokens
    if "authorization_endpoint" in urls:
        metadata["response_types_supported"] = ["code"]
    metadata |= members | urls
    _add_algorithms(metadata)
    if mtls_base is not None:
        metadata[ALIASES] = aliases(base, mtls_base, urls, members.get(ALIASES, {}))
    check_server(metadata)
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
        InvalidServerMetadata: If a client could not use them.
    """
    _refuse_members(members, "issuer")
    metadata: dict[str, object] = {
        "resource": resource,
        "authorization_servers": texts("authorization_servers", authorization_servers),
        "bearer_methods_supported": ["header"],
        BOUND: tls_client_certificate_bound_access_tokens,
        **members,
    }
    check_resource(metadata)
    return metadata


class MetadataMiddleware:
    """A middleware that serves metadata at their well-known paths.

    The paths are those of RFC 8414 section 3 and RFC 9728 section 3. All other requests go on to the application.
    Scripts of every origin may read them: they are public. Around an API, it also has the challenge to a refused access
    token name the API's own document (RFC 9728 section 5.1).

    Args:
        app: the application to wrap.
        documents: what :func:`authorization_server_metadata` and :func:`protected_resource_metadata` returned; others
            are checked as theirs.

    Raises:
        InvalidServerMetadata: If a document is neither, or not JSON, or a client could not use it, or two have the
            same path.
    """

    def __init__(self, app: "WSGIApplication", *documents: Metadata) -> None:
        self._app = app
        self._documents: dict[str, bytes] = {}
        self._resources: list[tuple[str, str]] = []
        for document in documents:
            paths = tuple(_paths(document))
            (check_server if "issuer" in document else check_resource)(document)
            for path in paths:
                if path in self._documents:
                    raise InvalidServerMetadata(f"Two documents belong at {path}.")
                self._documents[path] = _json(path, document)
            if "resource" in document:
                self._resources.append(_resource(document))
        self._resources.sort(reverse=True)  # the one below another comes before it

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        document = self._documents.get(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))
        if document is None:
            self._name_resource(environ)
            return self._app(environ, start_response)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return Response(status=405, headers={"Allow": "GET, HEAD"})(environ, start_response)
        headers = {"Access-Control-Allow-Origin": "*"}
        return Response(document, content_type="application/json", headers=headers)(environ, start_response)

    def _name_resource(self, environ: "WSGIEnvironment") -> None:
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        for root, url in self._resources:
            if path == root or path.startswith(f"{root}/"):
                environ[RESOURCE_METADATA] = url
                return


def well_known_path(document: Metadata) -> str:
    """Return a document's path in a URL, which starts with the well-known path.

    The path of its issuer or resource follows.

    Raises:
        InvalidServerMetadata: If the document has neither ``issuer`` nor ``resource``, or both.
    """
    if not isinstance(document, Mapping) or ("issuer" in document) == ("resource" in document):
        raise InvalidServerMetadata("A document has an issuer or a resource: this one has neither, or both.")
    member = "issuer" if "issuer" in document else "resource"
    name = "oauth-authorization-server" if member == "issuer" else "oauth-protected-resource"
    return f"/.well-known/{name}{check_identifier(member, document[member]).rstrip('/')}"


def _paths(document: Metadata) -> Iterator[str]:
    """Yield the paths at which clients look, as PEP 3333 writes them."""
    # RFC 9728 keeps a slash at a resource's end.
    path = _path_info(well_known_path(document))
    yield path
    if "resource" in document and len(check_identifier("resource", document["resource"])) > 1:
        yield f"{path}/"


def _resource(document: Metadata) -> tuple[str, str]:
    """Return a resource's path, and the URL of its document.

    The path is as PEP 3333 writes it, without a slash at its end.
    """
    parts = urlsplit(str(document["resource"]))
    return _path_info(parts.path.rstrip("/")), f"https://{parts.netloc}{well_known_path(document)}"


def _path_info(path: str) -> str:
    """Return a URL's path as PEP 3333 has it: decoded, its octets as latin-1."""
    return unquote_to_bytes(path).decode("latin-1")


def _json(path: str, document: Metadata) -> bytes:
    try:
        return json.dumps(document, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InvalidServerMetadata(f"The document for {path} is not JSON: {error}.") from None


def _refuse_members(members: Metadata, *given: str) -> None:
    twice = sorted(members.keys() & set(given))
    if twice:
        raise InvalidServerMetadata(f"{', '.join(twice)} can't be a further member: use the argument for it.")


def _endpoints_among(members: Metadata) -> dict[str, object]:
    return {name: value for name, value in members.items() if name.endswith("_endpoint")}


def _url(name: str, path: object, base: str) -> str:
    if not name.endswith("_endpoint"):
        raise InvalidServerMetadata(f"endpoints holds {name!r}, which is not an *_endpoint.")
    if not isinstance(path, str):
        raise InvalidServerMetadata(f"{name} must be a path or a URL, not {path!r}.")
    url = base.rstrip("/") + path if path.startswith("/") else path
    check_url(name, url)
    return url


def _add_algorithms(metadata: dict[str, object]) -> None:
    """Add the algorithms of each endpoint with signed assertions.

    RFC 8414 section 2 requires them.
    """
    algorithms = metadata.get(f"token_endpoint{ALGORITHMS}")
    for name in _WITH_METHODS if algorithms is not None else ():
        methods = metadata.get(f"{name}{METHODS}")
        if methods is not None and uses_signatures(texts(f"{name}{METHODS}", methods)):
            metadata.setdefault(f"{name}{ALGORITHMS}", algorithms)
