"""The middleware: what the application gets, and what a refusal looks like."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ACCEPTED, Endpoint, request, token_endpoint
from wsgi_mtls import ClientAuthMiddleware, MutualTLSError, Verifier, sources
from wsgi_mtls.testing import KeyPair, environ_for

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BILLING = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"}
CLIENTS: dict[str, Any] = {"billing": BILLING, "public": {"token_endpoint_auth_method": "none"}, "secret": {}}
FORM = {"client_id": "billing"}


@pytest.fixture(scope="module")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=billing")


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint(CLIENTS)


def guard(app: "WSGIApplication", verifier: Verifier | None = None, **options: Any) -> ClientAuthMiddleware:
    settings: dict[str, Any] = {"source": sources.mod_ssl(), "paths": ["/token"], **options}
    return ClientAuthMiddleware(app, verifier or Verifier(CLIENTS), **settings)


def test_success(endpoint: Endpoint, billing: KeyPair) -> None:
    seen = endpoint.post("billing", billing).json
    assert seen["client_id"] == "billing"
    assert seen["method"] == "tls_client_auth"
    assert seen["cnf"] == {"x5t#S256": billing.certificate.thumbprint}
    assert seen["thumbprint"] == billing.certificate.thumbprint
    assert seen["deferred"] is None


def test_peer_from_an_outer_layer_counts(endpoint: Endpoint, billing: KeyPair) -> None:
    assert endpoint.outcome("billing", extra=environ_for(billing)) == ACCEPTED
    refused = endpoint.outcome("billing", billing, extra=environ_for(None))
    assert refused == (401, "invalid_client", "no_certificate")
    refused = endpoint.outcome("billing", extra=environ_for(billing, verified=False))
    assert refused == (401, "invalid_client", "chain_not_verified")


def test_public_client_is_left_to_the_application(endpoint: Endpoint, billing: KeyPair) -> None:
    seen = endpoint.post("public", billing).json
    assert (seen["client_id"], seen["thumbprint"]) == (None, billing.certificate.thumbprint)
    seen = endpoint.post("public").json
    assert (seen["client_id"], seen["thumbprint"]) == (None, None)


def test_client_of_a_secret_is_left_to_the_application(endpoint: Endpoint, billing: KeyPair) -> None:
    seen = endpoint.post("secret", billing, form={"client_secret": "x"}).json
    assert (seen["client_id"], seen["thumbprint"]) == (None, billing.certificate.thumbprint)
    assert endpoint.outcome("secret", billing) == (401, "invalid_client", "auth_method_not_registered")


def test_nobody_learns_who_is_registered(endpoint: Endpoint, ca: KeyPair) -> None:
    """An unknown client, a wrong certificate, another method: the answers are the same to the octet."""
    stranger = ca.issue("CN=stranger")
    attempts = [
        endpoint.post(client_id, certificate, form=form)
        for client_id in ("nobody", "billing")
        for certificate in (None, stranger)
        for form in ({}, {"client_secret": "guess"})
    ]
    attempts.append(endpoint.post("secret", stranger))
    assert {(answer.status, answer.body, tuple(sorted(answer.headers.items()))) for answer in attempts} == {
        (attempts[0].status, attempts[0].body, tuple(sorted(attempts[0].headers.items())))
    }


# What a refusal looks like


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post", "PATCH"])
def test_other_http_methods(endpoint: Endpoint, billing: KeyPair, method: str) -> None:
    answer = endpoint.post("billing", billing, extra={"REQUEST_METHOD": method})
    assert answer.status == 405
    assert answer.headers["Allow"] == "POST"
    assert [event.reason for event in endpoint.events] == ["http_method_not_allowed"]
    assert endpoint.outcome("billing", billing) == ACCEPTED


def test_normal(endpoint: Endpoint) -> None:
    answer = endpoint.post("billing")
    assert answer.status == 401
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert answer.json == {"error": "invalid_client"}


def test_minimal() -> None:
    answer = Endpoint(CLIENTS, verbosity="minimal").post("billing")
    assert (answer.status, answer.body) == (401, b"")
    assert answer.headers["Cache-Control"] == "no-store"


def test_debug(billing: KeyPair) -> None:
    answer = Endpoint(CLIENTS, verbosity="debug").post('"\\no', billing)
    assert answer.json["error"] == "invalid_client"
    description = answer.json["error_description"]
    assert description.startswith("unknown_client: ")
    assert all(character.isascii() and character not in '"\\' for character in description)  # RFC 6749 section 5.2


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [("Bearer x", 'Bearer realm="oauth"'), ("bearer x", 'Bearer realm="oauth"'), ("DPoP x", None), (None, None)],
)
def test_challenge_names_the_scheme_that_was_used(
    endpoint: Endpoint, authorization: str | None, challenge: str | None
) -> None:
    answer = endpoint.post("billing", extra={"HTTP_AUTHORIZATION": authorization})
    assert answer.headers.get("WWW-Authenticate") == challenge


def test_own_error_response(billing: KeyPair) -> None:
    def respond(environ: "WSGIEnvironment", error: MutualTLSError) -> "WSGIApplication":
        def app(_: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            start_response("418 I'm a teapot", [("Content-Type", "text/plain")])
            return [f"{error.reason} at {environ['PATH_INFO']}".encode()]

        return app

    endpoint = Endpoint(CLIENTS, error_response=respond)
    answer = endpoint.post("billing")
    assert (answer.status, answer.body) == (418, b"no_certificate at /token")
    assert endpoint.post("billing", billing).status == 200


# What it is built with


@pytest.mark.parametrize(
    "options",
    [
        {"verbosity": "loud"},
        {"on_failure": "ignore"},
        {"paths": []},
        {"paths": "/token"},
        {"paths": ["token"]},
        {"paths": [""]},
    ],
)
def test_options(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        guard(token_endpoint, **options)


def test_a_path_that_is_no_ascii() -> None:
    app = guard(token_endpoint, paths=["/jet\u00f3n"])
    assert request(app, FORM, path="/jet\u00f3n".encode().decode("latin-1")).status == 401
    assert request(app, FORM, path="/jeton").status == 200


def test_root_guards_everything() -> None:
    app = guard(token_endpoint, paths=["/"])
    for path in ("", "/", "/x", "//x/y"):
        assert request(app, FORM, path=path).status == 401
