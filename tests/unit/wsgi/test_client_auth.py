"""One request, one look at the registry, one decision: by the order of the checks, with all that is known of it."""

from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import create_environ

from tests.support import ACCEPTED, Endpoint, refused, request, token_endpoint
from wsgi_mtls import Client, ClientAuthMiddleware, MutualTLSError, Verifier, sources
from wsgi_mtls.events import Event
from wsgi_mtls.guard import Guard
from wsgi_mtls.request.wsgi import view_of
from wsgi_mtls.testing import KeyPair, environ_for

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

BILLING = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"}
CLIENTS: dict[str, Any] = {"billing": BILLING, "public": {"token_endpoint_auth_method": "none"}, "secret": {}}


@pytest.fixture(scope="module")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=billing")


class Counting:
    """A registry that counts how often it was asked."""

    def __init__(self, answer: Any = None) -> None:
        self.asked: list[str] = []
        self._answer = answer

    def get(self, client_id: str, /) -> Client | None:
        self.asked.append(client_id)
        if self._answer is not None:
            found: Client = self._answer
            return found
        return Client.from_metadata({"client_id": client_id, **CLIENTS[client_id]}) if client_id in CLIENTS else None


@pytest.mark.parametrize("client_id", ["billing", "public", "secret", "nobody"])
def test_one_look_at_the_registry(billing: KeyPair, client_id: str) -> None:
    registry = Counting()
    endpoint = Endpoint(registry)
    for certificate in (billing, None):
        registry.asked.clear()
        endpoint.post(client_id, certificate)
        assert registry.asked == [client_id]


def test_the_certificate_comes_first(billing: KeyPair) -> None:
    endpoint = Endpoint(CLIENTS)
    assert endpoint.outcome("nobody") == (401, "invalid_client", "no_certificate")
    assert endpoint.outcome("nobody", billing) == (401, "invalid_client", "unknown_client")
    assert endpoint.outcome("billing") == (401, "invalid_client", "no_certificate")
    assert endpoint.outcome("billing", billing) == ACCEPTED


@pytest.mark.parametrize("answer", [{"client_id": "billing", **BILLING}, "billing", 7, Client, object()])
def test_a_registry_that_returns_no_client(billing: KeyPair, answer: Any) -> None:
    endpoint = Endpoint(Counting(answer))
    assert endpoint.outcome("billing", billing) == (401, "invalid_client", "invalid_client_metadata")
    good = Client.from_metadata({"client_id": "billing", **BILLING})
    assert Endpoint(Counting(good)).outcome("billing", billing) == ACCEPTED


def test_a_registry_that_finds_no_client(billing: KeyPair) -> None:
    class Finding(Counting):
        def find(self, certificate: object, /) -> list[Any]:
            return [BILLING]

    with refused("invalid_client_metadata") as caught:
        Verifier(Finding()).identify(environ_for(billing)["wsgi_mtls.peer"])  # type: ignore[arg-type]
    assert "make it return Client.from_metadata(" in caught.value.detail


@pytest.mark.parametrize(("client_id", "method"), [("public", "none"), ("secret", "client_secret_basic")])
def test_a_client_left_to_the_application_is_reported_whole(billing: KeyPair, client_id: str, method: str) -> None:
    endpoint = Endpoint(CLIENTS)
    endpoint.post(client_id, billing, form={"client_secret": "x"})
    thumbprint = billing.certificate.thumbprint
    assert endpoint.events == [
        Event("client_left_to_application", client_id, method, thumbprint=thumbprint, source="mod_ssl", path="/token")
    ]
    endpoint.events.clear()
    endpoint.post(client_id, form={"client_secret": "x"})
    assert endpoint.events == [Event("client_left_to_application", client_id, method, path="/token")]


def environ(client_id: str, pair: KeyPair | None) -> "WSGIEnvironment":
    return {**create_environ("/token", method="POST", data={"client_id": client_id}), **environ_for(pair)}


@pytest.mark.parametrize(
    ("client_id", "allowed", "reason"),
    [
        ("billing", ["self_signed_tls_client_auth"], "auth_method_not_allowed"),
        ("secret", ["tls_client_auth"], "auth_method_not_registered"),
        ("public", ["tls_client_auth"], "auth_method_not_registered"),
        ("nobody", ["tls_client_auth"], "unknown_client"),
    ],
)
def test_an_endpoint_of_mutual_tls_alone(billing: KeyPair, client_id: str, allowed: Any, reason: str) -> None:
    events: list[Event] = []
    verifier = Verifier(CLIENTS, observers=[events.append])
    guard = Guard(sources.mod_ssl(), verifier=verifier)
    with pytest.raises(MutualTLSError) as caught:
        guard.authenticate_client(view_of(environ(client_id, billing), guard), allowed_methods=allowed)
    assert caught.value.reason == reason
    assert [(e.name, e.client_id, e.reason) for e in events] == [("client_rejected", client_id, reason)]
    assert events[0].thumbprint == billing.certificate.thumbprint
    events.clear()
    accepted = guard.authenticate_client(
        view_of(environ("billing", billing), guard), allowed_methods=["tls_client_auth"]
    )
    assert accepted.client_id == "billing"
    assert [(e.name, e.client_id, e.reason) for e in events] == [("client_authenticated", "billing", None)]


def test_a_long_client_id_makes_no_long_record(billing: KeyPair, caplog: pytest.LogCaptureFixture) -> None:
    app = ClientAuthMiddleware(
        token_endpoint, Verifier(CLIENTS), source=sources.mod_ssl(), paths=["/token"], verbosity="debug"
    )
    answer = request(app, {"client_id": "A" * 16000}, extra=environ_for(billing))
    (record,) = caplog.records
    assert "reason=unknown_client" in record.getMessage()
    assert len(record.getMessage()) < 1000
    assert answer.json["error_description"].endswith("is registered.")
    assert len(answer.body) < 1000
