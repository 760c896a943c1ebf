"""The servers' metadata, served at their well-known paths."""

from typing import Any

import pytest

from tests.support import request
from wsgi_mtls.errors import InvalidServerMetadata
from wsgi_mtls.metadata import (
    MetadataMiddleware,
    authorization_server_metadata,
    protected_resource_metadata,
    well_known_path,
)

AS = "https://as.example.com"
ENDPOINTS = {
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "introspection_endpoint": "/introspect",
    "revocation_endpoint": "/revoke",
    "end_session_endpoint": "/logout",
    "userinfo_endpoint": "https://users.example.com/me",
}


def test_authorization_server() -> None:
    methods = ["tls_client_auth", "self_signed_tls_client_auth"]
    found = authorization_server_metadata(
        AS, endpoints=ENDPOINTS, mtls_base="https://mtls.example.com/as/", scopes_supported=["accounts"]
    )
    assert found == {
        "issuer": AS,
        "authorization_endpoint": AS + "/authorize",
        "token_endpoint": AS + "/token",
        "introspection_endpoint": AS + "/introspect",
        "revocation_endpoint": AS + "/revoke",
        "end_session_endpoint": AS + "/logout",
        "userinfo_endpoint": "https://users.example.com/me",
        "token_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "tls_client_certificate_bound_access_tokens": True,
        "response_types_supported": ["code"],
        "scopes_supported": ["accounts"],
        "mtls_endpoint_aliases": {
            "token_endpoint": "https://mtls.example.com/as/token",
            "introspection_endpoint": "https://mtls.example.com/as/introspect",
            "revocation_endpoint": "https://mtls.example.com/as/revoke",
        },
    }


def test_authorization_server_with_little() -> None:
    found = authorization_server_metadata(
        AS, endpoints={"token_endpoint": "/token"}, auth_methods=["tls_client_auth", "private_key_jwt"]
    )
    assert found == {
        "issuer": AS,
        "token_endpoint": AS + "/token",
        "token_endpoint_auth_methods_supported": ["tls_client_auth", "private_key_jwt"],
        "tls_client_certificate_bound_access_tokens": True,
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base": "http://as.example.com"}, "issuer.*https"),
        ({"base": "https://"}, "issuer.*host"),
        ({"base": "as.example.com"}, "issuer"),
        ({"base": "https://as.example.com?x"}, "query"),
        ({"base": "https://as.example.com/#x"}, "fragment"),
        ({"base": "https://u@as.example.com"}, "user information"),
        ({"base": "https://as.example.com:port"}, "issuer"),
        ({"base": "https://[as"}, "issuer"),
        ({"base": "https://as.example.com/\n"}, "issuer"),
        ({"base": None}, "issuer"),
        ({"mtls_base": "http://mtls.example.com"}, "mtls_base.*https"),
        ({"mtls_base": ""}, "mtls_base"),
        ({"endpoints": {}}, "token_endpoint is missing"),
        ({"endpoints": {"token_endpoint": "token"}}, "token_endpoint"),
        ({"endpoints": {"token_endpoint": "http://as.example.com/token"}}, "token_endpoint.*https"),
        ({"endpoints": {"token_endpoint": "/token", "token": "/token"}}, "no .*_endpoint"),
        ({"endpoints": {"token_endpoint": "/to ken"}}, "token_endpoint"),
        ({"endpoints": {"token_endpoint": "/token#x"}}, "fragment"),
        ({"auth_methods": []}, "auth_methods"),
        ({"auth_methods": "tls_client_auth"}, "auth_methods"),
        ({"auth_methods": [None]}, "auth_methods"),
        ({"token_endpoint_auth_methods_supported": "none"}, "token_endpoint_auth_methods_supported"),
        ({"registration_endpoint": "http://as.example.com"}, "registration_endpoint"),
        ({"mtls_base": "https://mtls.example.com", "endpoints": {"token_endpoint": AS + "/token"}}, "at least one"),
    ],
)
def test_refused(options: dict[str, Any], message: str) -> None:
    base = options.pop("base", AS)
    with pytest.raises(InvalidServerMetadata, match=message):
        authorization_server_metadata(base, **{"endpoints": {"token_endpoint": "/token"}, **options})


def test_protected_resource() -> None:
    api = "https://api.example.com/accounts"
    found = protected_resource_metadata(api, authorization_servers=[AS], scopes_supported=["accounts"])
    assert found == {
        "resource": api,
        "authorization_servers": [AS],
        "bearer_methods_supported": ["header"],
        "tls_client_certificate_bound_access_tokens": True,
        "scopes_supported": ["accounts"],
    }
    for servers in ([], AS, ["as.example.com"], [AS + "?x"], [None]):
        with pytest.raises(InvalidServerMetadata, match="authorization_servers"):
            protected_resource_metadata(api, authorization_servers=servers)  # type: ignore[arg-type]
    for resource in ("http://api.example.com", "api", api + "#x", None):
        with pytest.raises(InvalidServerMetadata, match="resource"):
            protected_resource_metadata(resource, authorization_servers=[AS])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        (AS, "/.well-known/oauth-authorization-server"),
        (AS + "/", "/.well-known/oauth-authorization-server"),
        (AS + "/tenant/1", "/.well-known/oauth-authorization-server/tenant/1"),
    ],
)
def test_well_known_path(issuer: str, path: str) -> None:
    """RFC 8414 section 3.1: between host and path of the issuer."""
    assert well_known_path(authorization_server_metadata(issuer, endpoints={"token_endpoint": "/token"})) == path


def app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [])
    return [b"elsewhere"]


def test_served() -> None:
    server = authorization_server_metadata(AS, endpoints={"token_endpoint": "/token"})
    resource = protected_resource_metadata("https://api.example.com/accounts", authorization_servers=[AS])
    served = MetadataMiddleware(app, server, resource)
    paths = {
        "/.well-known/oauth-authorization-server": server,
        "/.well-known/oauth-protected-resource/accounts": resource,
    }
    for path, document in paths.items():
        answer = request(served, method="GET", path=path, extra={"HTTP_HOST": "evil.example"})
        assert (answer.status, answer.headers["Content-Type"], answer.json) == (200, "application/json", document)
        head = request(served, method="HEAD", path=path)
        assert (head.status, head.body) == (200, b"")
        post = request(served, path=path)
        assert (post.status, post.headers["Allow"]) == (405, "GET, HEAD")
    mounted = request(served, method="GET", path="/oauth-authorization-server", extra={"SCRIPT_NAME": "/.well-known"})
    assert mounted.json == server
    for path in ("/", "/.well-known/oauth-protected-resource", "/.well-known/oauth-authorization-server/x"):
        assert request(served, method="GET", path=path).body == b"elsewhere"


def test_what_can_not_be_served() -> None:
    server = authorization_server_metadata(AS, endpoints={"token_endpoint": "/token"})
    with pytest.raises(InvalidServerMetadata, match="Two documents"):
        MetadataMiddleware(app, server, dict(server))
    with pytest.raises(InvalidServerMetadata, match="neither"):
        MetadataMiddleware(app, {})


@pytest.mark.parametrize(
    "member",
    [
        {"issuer": None},
        {"issuer": "http://as.example.com"},
        {"jwks_uri": "http://as.example.com/jwks"},
        {"jwks_uri": None},
        {"endpoints": {"token_endpoint": None}},
    ],
)
def test_members_that_no_client_could_use(member: dict[str, Any]) -> None:
    with pytest.raises(InvalidServerMetadata):
        authorization_server_metadata(AS, **{"endpoints": ENDPOINTS, **member})
    assert authorization_server_metadata(AS, endpoints=ENDPOINTS, jwks_uri=AS + "/jwks")["jwks_uri"] == AS + "/jwks"


@pytest.mark.parametrize("value", [{1}, b"1", float("nan")])
def test_document_that_is_no_json(value: object) -> None:
    document = authorization_server_metadata(AS, endpoints=ENDPOINTS, x=value)
    with pytest.raises(InvalidServerMetadata, match="no JSON"):
        MetadataMiddleware(lambda environ, start_response: [], document)
