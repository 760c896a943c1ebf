"""The servers' metadata, served at their well-known paths."""

from typing import Any

import pytest

from tests.support import refused, request
from tests.tokens import GuardedAPI, Issuer
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
        AS, endpoints={"token_endpoint": "/token"}, auth_methods=["tls_client_auth", "client_secret_basic"]
    )
    assert found == {
        "issuer": AS,
        "token_endpoint": AS + "/token",
        "token_endpoint_auth_methods_supported": ["tls_client_auth", "client_secret_basic"],
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
        ({"endpoints": {"token_endpoint": "/token", "token": "/token"}}, "not an .*_endpoint"),
        ({"endpoints": {"token_endpoint": "/to ken"}}, "token_endpoint"),
        ({"endpoints": {"token_endpoint": "/token#x"}}, "fragment"),
        ({"auth_methods": []}, "auth_methods"),
        ({"auth_methods": "tls_client_auth"}, "auth_methods"),
        ({"auth_methods": [None]}, "auth_methods"),
        ({"token_endpoint_auth_methods_supported": "none"}, "token_endpoint_auth_methods_supported"),
        ({"registration_endpoint": "http://as.example.com"}, "registration_endpoint"),
        ({"issuer": "https://other.example.com"}, "issuer can't be"),
        ({"resource": "https://other.example.com"}, "resource can't be"),
        ({"token_endpoint": AS + "/token"}, "token_endpoint can't be"),
        ({"base": "https://as.example.com/a/../b"}, "issuer.*resolve"),
        ({"base": "https://as.example.com/./b"}, "issuer.*resolve"),
        ({"base": "https://as.example.com/%2e%2E/b"}, "issuer.*resolve"),
        ({"mtls_base": "https://mtls.example.com/.."}, "mtls_base.*resolve"),
        ({"mtls_base": "https://mtls.example.com", "mtls_endpoint_aliases": None}, "must be an object"),
    ],
)
def test_refused(options: dict[str, Any], message: str) -> None:
    base = options.pop("base", AS)
    with refused("invalid_server_metadata", match=message):
        authorization_server_metadata(base, **{"endpoints": {"token_endpoint": "/token"}, **options})


MTLS = "https://mtls.example.com"
ELSEWHERE = "https://elsewhere.example.com/x"
AUTHENTICATED = [
    "token",
    "revocation",
    "introspection",
    "pushed_authorization_request",
    "device_authorization",
    "backchannel_authentication",
]


@pytest.mark.parametrize("endpoint", ["token_endpoint", "pushed_authorization_request_endpoint", "userinfo_endpoint"])
@pytest.mark.parametrize("url", ["/x", AS + "/x"])
@pytest.mark.parametrize("as_member", [False, True])
def test_alias_of_an_endpoint_below_the_base(endpoint: str, url: str, as_member: bool) -> None:
    given: dict[str, Any] = {"endpoints": {"revocation_endpoint": "/revoke"}}
    given |= {} if endpoint == "token_endpoint" else {"token_endpoint": "/token"}
    where: dict[str, Any] = given if as_member else given["endpoints"]
    where[endpoint] = url
    found: dict[str, Any] = authorization_server_metadata(AS + "/", mtls_base=MTLS + "/", **given)
    assert found[endpoint] == AS + "/x"
    assert found["mtls_endpoint_aliases"][endpoint] == MTLS + "/x"


@pytest.mark.parametrize("endpoint", AUTHENTICATED)
@pytest.mark.parametrize("as_member", [False, True])
def test_endpoint_elsewhere_needs_an_alias_of_its_own(endpoint: str, as_member: bool) -> None:
    """A client of mutual TLS would silently go to the plain one."""
    name = f"{endpoint}_endpoint"
    options: dict[str, Any] = {"endpoints": {"registration_endpoint": "/register"}, "mtls_base": MTLS}
    options |= {} if endpoint == "token" else {"token_endpoint": "/token"}
    where: dict[str, Any] = options if as_member else options["endpoints"]
    where[name] = ELSEWHERE
    with refused("invalid_server_metadata", match=f"{name} is not below .*: give it in mtls_endpoint_aliases"):
        authorization_server_metadata(AS, **options)
    alias = {name: "https://mtls.elsewhere.example.com/x"}
    found: dict[str, Any] = authorization_server_metadata(AS, mtls_endpoint_aliases=alias, **options)
    assert found["mtls_endpoint_aliases"].items() > alias.items()
    assert found["mtls_endpoint_aliases"]["registration_endpoint"] == MTLS + "/register"


def test_endpoint_that_has_mutual_tls_alone() -> None:
    endpoints = {"token_endpoint": "/token", "introspection_endpoint": MTLS + "/introspect"}
    found: dict[str, Any] = authorization_server_metadata(AS, endpoints=endpoints, mtls_base=MTLS)
    assert found["mtls_endpoint_aliases"]["introspection_endpoint"] == MTLS + "/introspect"
    below = AS + "/mtls"
    endpoints["introspection_endpoint"] = below + "/introspect"
    nested: dict[str, Any] = authorization_server_metadata(AS, endpoints=endpoints, mtls_base=below)
    assert nested["mtls_endpoint_aliases"]["introspection_endpoint"] == below + "/introspect"
    neighbour = {"token_endpoint": AS + ".evil.example/token"}
    with refused("invalid_server_metadata", match="not below"):
        authorization_server_metadata(AS, endpoints=neighbour, mtls_base=MTLS)


@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_jwt"])
def test_algorithms_of_signed_assertions(method: str) -> None:
    """RFC 8414 section 2: the metadata must have them."""
    options: dict[str, Any] = {"endpoints": ENDPOINTS, "auth_methods": ["tls_client_auth", method]}
    name = "token_endpoint_auth_signing_alg_values_supported"
    with refused("invalid_server_metadata", match=name):
        authorization_server_metadata(AS, **options)
    for wrong in ([], "ES256", ["ES256", "none"]):
        with refused("invalid_server_metadata", match=name):
            authorization_server_metadata(AS, **options | {name: wrong})
    own: dict[str, Any] = {"revocation_endpoint_auth_signing_alg_values_supported": ["PS256"]}
    found = authorization_server_metadata(AS, **options | own | {name: ["ES256"]})
    assert found[name] == found["introspection_endpoint_auth_signing_alg_values_supported"] == ["ES256"]
    assert found.items() >= own.items()


def test_algorithms_of_one_endpoint_alone() -> None:
    name = "introspection_endpoint_auth_signing_alg_values_supported"
    options: dict[str, Any] = {
        "introspection_endpoint_auth_methods_supported": ["private_key_jwt"],
        "endpoints": ENDPOINTS,
    }
    with refused("invalid_server_metadata", match=name):
        authorization_server_metadata(AS, **options)
    found = authorization_server_metadata(AS, **options | {name: ["ES256"]})
    assert {member for member in found if "_alg_" in member} == {name}


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
        with refused("invalid_server_metadata", match="authorization_servers"):
            protected_resource_metadata(api, authorization_servers=servers)  # type: ignore[arg-type]
    wrong = ("http://api.example.com", "api", api + "#x", None, api + "?x", api + "?", api + "/../x", api + "/%2E")
    for resource in wrong:
        with refused("invalid_server_metadata", match="resource"):
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
    kept = request(served, method="GET", path="/.well-known/oauth-protected-resource/accounts/")
    assert kept.json == resource  # RFC 9728 section 3.1 takes only the slash after the host away
    mounted = request(served, method="GET", path="/oauth-authorization-server", extra={"SCRIPT_NAME": "/.well-known"})
    assert mounted.json == server
    for path in ("/", "/.well-known/oauth-protected-resource", "/.well-known/oauth-authorization-server/x"):
        assert request(served, method="GET", path=path).body == b"elsewhere"


@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        ("/a%20b", "/a b"),
        ("/a%2Fb", "/a/b"),
        ("/jet%C3%B3n", "/jetón".encode().decode("latin-1")),
        ("/a;b", "/a;b"),
    ],
)
def test_served_at_the_decoded_path(issuer: str, path: str) -> None:
    """PEP 3333: PATH_INFO is decoded."""
    document = authorization_server_metadata(AS + issuer, endpoints=ENDPOINTS)
    assert well_known_path(document) == "/.well-known/oauth-authorization-server" + issuer
    served = MetadataMiddleware(app, document)
    assert request(served, method="GET", path="/.well-known/oauth-authorization-server" + path).json == document
    if issuer != path:
        encoded = request(served, method="GET", path="/.well-known/oauth-authorization-server" + issuer)
        assert encoded.body == b"elsewhere"


def test_two_documents_at_one_decoded_path() -> None:
    one, two = (authorization_server_metadata(AS + path, endpoints=ENDPOINTS) for path in ("/a/b", "/a%2fb"))
    with refused("invalid_server_metadata", match="Two documents"):
        MetadataMiddleware(app, one, two)


SERVER: dict[str, Any] = {"issuer": AS, "token_endpoint": AS + "/token"}
RESOURCE: dict[str, Any] = {"resource": "https://api.example.com"}


@pytest.mark.parametrize("document", [SERVER, RESOURCE])
def test_document_of_ones_own(document: dict[str, Any]) -> None:
    served = MetadataMiddleware(app, document)
    assert request(served, method="GET", path=well_known_path(document)).json == document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"issuer": AS}, "token_endpoint"),
        (SERVER | {"token_endpoint": "http://as.example.com/token"}, "https"),
        (SERVER | {"mtls_endpoint_aliases": {"authorization_endpoint": MTLS + "/x"}}, "browsers"),
        (SERVER | {"tls_client_certificate_bound_access_tokens": "yes"}, "true or false"),
        (SERVER | {"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "signing_alg"),
        (RESOURCE | {"tls_client_certificate_bound_access_tokens": 1}, "true or false"),
        (RESOURCE | {"authorization_servers": ["http://as.example.com"]}, "https"),
        ({"resource": "https://api.example.com?tenant=1"}, "query"),
        (SERVER | RESOURCE, "both"),
        (None, "neither"),
    ],
)
def test_document_of_ones_own_is_checked(document: Any, message: str) -> None:
    with refused("invalid_server_metadata", match=message):
        MetadataMiddleware(app, document)


def test_what_can_not_be_served() -> None:
    server = authorization_server_metadata(AS, endpoints={"token_endpoint": "/token"})
    with refused("invalid_server_metadata", match="Two documents"):
        MetadataMiddleware(app, server, dict(server))
    with refused("invalid_server_metadata", match="neither"):
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
    with refused("invalid_server_metadata"):
        authorization_server_metadata(AS, **{"endpoints": ENDPOINTS, **member})
    assert authorization_server_metadata(AS, endpoints=ENDPOINTS, jwks_uri=AS + "/jwks")["jwks_uri"] == AS + "/jwks"


@pytest.mark.parametrize("value", [{1}, b"1", float("nan")])
def test_document_that_is_no_json(value: object) -> None:
    document = authorization_server_metadata(AS, endpoints=ENDPOINTS, x=value)
    with refused("invalid_server_metadata", match="not JSON"):
        MetadataMiddleware(lambda environ, start_response: [], document)


def challenges(paths: list[str], *resources: str) -> list[str]:
    """Return what the challenge of an API at each path names as its metadata, behind the documents of resources."""
    documents = [protected_resource_metadata(name, authorization_servers=[AS]) for name in resources]
    app = MetadataMiddleware(GuardedAPI(Issuer().tokens(), paths="*").app, *documents)
    found = []
    for path in paths:
        challenge = request(app, method="GET", path=path).headers["WWW-Authenticate"]
        found.append(challenge.removeprefix("Bearer ").removeprefix("resource_metadata="))
    return found


def test_the_challenge_names_the_document() -> None:
    none, well_known = 'realm="oauth"', "/.well-known/oauth-protected-resource"
    assert challenges(["/", "/accounts"], "https://api.example.com") == [f'"https://api.example.com{well_known}"'] * 2
    several = ["https://api.example.com/v1", "https://api.example.com/v1/a/", "https://api.example.com/caf%C3%A9"]
    v1, a, cafe = (f'"https://api.example.com{well_known}/{name}"' for name in ("v1", "v1/a", "caf%C3%A9"))
    paths = ["/v1", "/v1/b", "/v1/a", "/v1/a/b", "/v1/ab", "/v12", "/", "/caf\xc3\xa9/x"]
    assert challenges(paths, *several) == [v1, v1, a, a, v1, none, none, cafe]
    assert challenges(["/accounts"]) == [none]


def test_no_header_makes_the_challenge_name_a_document() -> None:
    url = "https://evil.example/"
    guarded = GuardedAPI(Issuer().tokens())
    fields = {"HTTP_RESOURCE_METADATA": url, "HTTP_WSGI_MTLS_RESOURCE_METADATA": url, "HTTP_HOST": "evil.example"}
    assert guarded.get(extra=fields).headers["WWW-Authenticate"] == 'Bearer realm="oauth"'


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_scripts_of_every_origin_may_read_it(method: str) -> None:
    documents = (
        authorization_server_metadata(AS, endpoints=ENDPOINTS, mtls_base="https://mtls.example.com"),
        protected_resource_metadata("https://api.example.com", authorization_servers=[AS]),
    )
    app = MetadataMiddleware(GuardedAPI(Issuer().tokens()).app, *documents)
    for document in documents:
        answer = request(
            app, method=method, path=well_known_path(document), extra={"HTTP_ORIGIN": "https://spa.example"}
        )
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Access-Control-Allow-Origin" not in request(app, method=method, path="/accounts").headers
