"""Several middlewares around one application: whose word counts, and whose can't be forged."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.support import ACCEPTED, Endpoint, mod_ssl, request, token_endpoint
from wsgi_mtls import ClientAuthMiddleware, Verifier, sources
from wsgi_mtls.events import Event
from wsgi_mtls.testing import KeyPair

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

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


def test_a_client_that_is_left_to_the_application_is_reported_once(billing: KeyPair) -> None:
    events: list[Event] = []
    verifier = Verifier(CLIENTS, observers=[events.append])
    app = guard(guard(token_endpoint, verifier), verifier)
    for _ in range(2):
        events.clear()
        assert request(app, {"client_id": "public"}, extra=mod_ssl(billing)).json["client_id"] is None
        assert [event.name for event in events] == ["client_left_to_application"]


def test_a_client_that_another_verifier_leaves_is_not_left(billing: KeyPair) -> None:
    lax, strict = Verifier({"billing": {"token_endpoint_auth_method": "none"}}), Verifier(CLIENTS)
    assert request(guard(guard(token_endpoint, strict), lax), FORM).status == 401
    assert request(guard(guard(token_endpoint, strict), lax), FORM, extra=mod_ssl(billing)).status == 200


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
