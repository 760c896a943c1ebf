"""The middleware: what it answers, what it hands on, and whose word counts."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.support import ACCEPTED, Endpoint, mod_ssl, request, token_endpoint
from wsgi_mtls import ClientAuthMiddleware, MutualTLSError, Verifier, sources
from wsgi_mtls.events import Event
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
    settings: dict[str, Any] = {"source": sources.environ(), "paths": ["/token"], **options}
    return ClientAuthMiddleware(app, verifier or Verifier(CLIENTS), **settings)


# What the application gets


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


def test_debug() -> None:
    answer = Endpoint(CLIENTS, verbosity="debug").post('"\\no\u00e9'.encode().decode("ascii", "ignore"))
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


# Several layers


def test_defer(billing: KeyPair) -> None:
    endpoint = Endpoint(CLIENTS, on_failure="defer")
    seen = endpoint.post("billing").json
    assert (seen["client_id"], seen["deferred"], seen["body"]) == (
        None,
        "no_certificate",
        "grant_type=client_credentials&client_id=billing",
    )
    seen = endpoint.post("billing", billing).json
    assert (seen["client_id"], seen["deferred"]) == ("billing", None)


def test_another_verifier_is_tried_in_turn(ca: KeyPair, billing: KeyPair) -> None:
    partners = Verifier({"partner": {**BILLING, "tls_client_auth_subject_dn": "CN=partner"}})
    app = guard(guard(token_endpoint, partners), on_failure="defer")
    seen = request(app, {"client_id": "partner"}, extra=mod_ssl(ca.issue("CN=partner"))).json
    assert (seen["client_id"], seen["deferred"]) == ("partner", None)
    assert request(app, {"client_id": "partner"}, extra=mod_ssl(billing)).status == 401


def test_the_same_verifier_is_not_asked_again(billing: KeyPair) -> None:
    events: list[Event] = []
    verifier = Verifier(CLIENTS, observers=[events.append])
    app = guard(guard(token_endpoint, verifier), verifier)
    assert request(app, FORM, extra=mod_ssl(billing)).json["client_id"] == "billing"
    assert len(events) == 1


def test_another_verifiers_word_does_not_count(billing: KeyPair) -> None:
    lax = Verifier(CLIENTS)
    strict = Verifier({"billing": {**BILLING, "tls_client_auth_subject_dn": "CN=other"}})
    assert request(guard(guard(token_endpoint, strict), lax), FORM, extra=mod_ssl(billing)).status == 401
    seen = request(guard(guard(token_endpoint, strict, on_failure="defer"), lax), FORM, extra=mod_ssl(billing)).json
    assert (seen["client_id"], seen["deferred"]) == (None, "subject_mismatch")


FORGED = {
    "wsgi_mtls.client": "billing",
    "wsgi_mtls.peer": "billing",
    "wsgi_mtls.verifier": "billing",
    "wsgi_mtls.error": "none",
}


def test_texts_under_its_keys_do_not_count(endpoint: Endpoint, billing: KeyPair) -> None:
    assert endpoint.outcome("billing", extra=FORGED) == (401, "invalid_client", "no_certificate")
    assert endpoint.outcome("billing", billing, extra=FORGED) == ACCEPTED


def test_no_header_makes_its_keys(endpoint: Endpoint, billing: KeyPair) -> None:
    names = [*FORGED, *(name.replace(".", "_") for name in FORGED), "SSL_CLIENT_CERT", "SSL-Client-Cert"]
    values = mod_ssl(billing)["SSL_CLIENT_CERT"].replace("\n", "")
    headers = {**dict.fromkeys(names, values), "SSL_CLIENT_VERIFY": "SUCCESS"}
    environ = EnvironBuilder("/token", method="POST", data=FORM, headers=list(headers.items())).get_environ()
    assert not FORGED.keys() & environ.keys()
    assert "SSL_CLIENT_CERT" not in environ
    app_iter, status, _ = run_wsgi_app(endpoint.app, environ, buffered=True)
    assert (status.split()[0], json.loads(b"".join(app_iter))) == ("401", {"error": "invalid_client"})
    assert [event.reason for event in endpoint.events] == ["no_certificate"]


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


# How it streams


class Body:
    """A response that tells what was done with it."""

    def __init__(self) -> None:
        self.made = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(3):
            self.made += 1
            yield b"x"

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("path", ["/token", "/other"])
def test_response_is_not_buffered_and_closed(billing: KeyPair, path: str) -> None:
    body = Body()

    def app(_: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return body

    environ = {
        **EnvironBuilder(path, method="POST", data=FORM).get_environ(),
        **mod_ssl(billing),
    }
    started: list[str] = []
    result = guard(app)(environ, lambda status, *_: started.append(status))  # type: ignore[arg-type]
    assert (started, body.made) == (["200 OK"], 0)
    iterator = iter(result)
    assert (next(iterator), body.made) == (b"x", 1)
    result.close()  # type: ignore[attr-defined]
    assert body.closed


def test_errors_of_the_application_pass(billing: KeyPair) -> None:
    def app(_: "WSGIEnvironment", __: "StartResponse") -> Iterable[bytes]:
        raise LookupError("application")

    with pytest.raises(LookupError, match="application"):
        request(guard(app), FORM, extra=mod_ssl(billing))


def test_refused_request_never_reaches_the_application() -> None:
    def app(_: "WSGIEnvironment", __: "StartResponse") -> Iterable[bytes]:
        raise AssertionError

    assert request(guard(app), FORM).status == 401


def test_threads(ca: KeyPair) -> None:
    ids = [f"client-{number}" for number in range(8)]
    endpoint = Endpoint({i: {**BILLING, "tls_client_auth_subject_dn": f"CN={i}"} for i in ids})
    pairs = {i: ca.issue(f"CN={i}") for i in ids}

    def attempt(number: int) -> tuple[int, str | None]:
        own, other = ids[number % 8], ids[number * 5 % 8]
        answer = request(endpoint.app, {"client_id": own}, extra=mod_ssl(pairs[other]))
        assert answer.status == (200 if own == other else 401)
        return answer.status, answer.json.get("client_id")

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(200)))
    assert {client_id for status, client_id in outcomes if status == 200} == {ids[0], ids[2], ids[4], ids[6]}
    assert len(endpoint.events) == 200


def test_input_is_replaced_by_its_octets(endpoint: Endpoint, billing: KeyPair) -> None:
    found: list[object] = []

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        stream = environ["wsgi.input"]
        found.extend([stream.readline(), stream.read(2), stream.read(), stream.read()])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return []

    body = b"client_id=billing&a=%0A"
    extra = {**mod_ssl(billing), "wsgi.input": BytesIO(body)}
    assert request(guard(app), body, extra=extra).status == 200
    assert found == [body, b"", b"", b""]
