"""Every decision is one log record and one call of each observer."""

import logging
from typing import Any

import pytest

from tests.support import Endpoint, mod_ssl, refused, request, token_endpoint
from wsgi_mtls import AccessTokenMiddleware, ClientAuthMiddleware, PeerCertificate, Verifier, sources
from wsgi_mtls.errors import BadCertificate, InvalidToken
from wsgi_mtls.events import Event
from wsgi_mtls.testing import KeyPair, self_sign

CLIENTS = {
    "billing": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"},
    "public": {"token_endpoint_auth_method": "none"},
}


@pytest.fixture(scope="module")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=billing")


def test_success(billing: KeyPair, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wsgi_mtls")
    one: list[Event] = []
    other: list[Event] = []
    verifier = Verifier(CLIENTS, observers=[one.append, other.append])
    verifier.authenticate("billing", PeerCertificate(billing.certificate, verified=True, source="here"))
    expected = Event(
        "client_authenticated", "billing", "tls_client_auth", thumbprint=billing.certificate.thumbprint, source="here"
    )
    assert one == other == [expected]
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("wsgi_mtls", logging.INFO)
    for part in ("client_authenticated", "'billing'", "tls_client_auth", billing.certificate.thumbprint, "here"):
        assert part in record.getMessage()


def test_refusal(billing: KeyPair, caplog: pytest.LogCaptureFixture) -> None:
    events: list[Event] = []
    verifier = Verifier(CLIENTS, observers=[events.append])
    with refused("unknown_client") as caught:
        verifier.authenticate("nobody", PeerCertificate(billing.certificate, verified=True))
    (event,) = events
    assert (event.name, event.client_id, event.reason) == ("client_rejected", "nobody", "unknown_client")
    assert event.detail == str(caught.value)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "reason=unknown_client" in record.getMessage()
    assert billing.certificate.thumbprint in record.getMessage()


REQUESTS: list[dict[str, Any]] = [
    {"client_id": "billing"},
    {"client_id": None},
    {"client_id": "nobody"},
    {"client_id": "public"},
    {"client_id": "billing", "form": {"client_secret": "x"}},
    {"client_id": "billing", "method": "GET"},
    {"client_id": "billing", "content_type": "text/plain"},
    {"client_id": "billing", "extra": {"SSL_CLIENT_CERT": "x"}},
]


@pytest.mark.parametrize("options", REQUESTS)
def test_each_request_is_one_record_without_pem(
    billing: KeyPair, caplog: pytest.LogCaptureFixture, options: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint = Endpoint(CLIENTS)
    endpoint.post(certificate=billing, **options)
    assert len(endpoint.events) == 1
    (record,) = caplog.records
    assert record.name == "wsgi_mtls"
    pem = mod_ssl(billing)["SSL_CLIENT_CERT"]
    assert "BEGIN" not in record.getMessage()
    assert pem.splitlines()[1] not in record.getMessage()


def test_a_client_id_starts_no_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    with refused("unknown_client"):
        Verifier(CLIENTS).client("a\nclient_authenticated client_id='billing'")
    with refused("unknown_client"):
        Verifier(CLIENTS).authenticate("a\nb", PeerCertificate(self_sign("CN=x").certificate))
    (record,) = caplog.records
    assert "\n" not in record.getMessage()


def test_an_observer_that_fails_changes_nothing(billing: KeyPair, caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: Event) -> None:
        raise RuntimeError("no database")

    after: list[Event] = []
    verifier = Verifier(CLIENTS, observers=[fail, after.append])
    app = ClientAuthMiddleware(
        lambda _, start_response: (start_response("200 OK", [("Content-Type", "text/plain")]), [b"in"])[1],
        verifier,
        source=sources.mod_ssl(),
        paths=["/token"],
    )
    assert request(app, {"client_id": "billing"}, extra=mod_ssl(billing)).status == 200
    assert request(app, {"client_id": "billing"}, extra=mod_ssl(None)).status == 401
    assert [event.name for event in after] == ["client_authenticated", "client_rejected"]
    assert [record.exc_info is not None for record in caplog.records if "failed" in record.getMessage()] == [True, True]


def test_an_instance_that_is_raised_in_every_request_is_reported_in_each() -> None:
    """By a source or a decoder of the user's own."""
    events: list[Event] = []
    unreadable, unknown = BadCertificate("Not one certificate."), InvalidToken("No such token.")

    def source(environ: object, /) -> PeerCertificate | None:
        raise unreadable

    class Tokens:
        def decode(self, token: str, /) -> dict[str, Any]:
            raise unknown

    tokens = AccessTokenMiddleware(
        token_endpoint, Tokens(), source=sources.mod_ssl(), paths="*", observers=[events.append]
    )
    clients = ClientAuthMiddleware(
        token_endpoint, Verifier(CLIENTS, observers=[events.append]), source=source, paths=["/token"]
    )
    for number in (1, 2):
        assert request(tokens, extra={"HTTP_AUTHORIZATION": "Bearer a"}).status == 401
        assert request(clients, {"client_id": "billing"}).status == 400
        assert [event.reason for event in events] == ["invalid_token", "malformed_certificate"] * number
