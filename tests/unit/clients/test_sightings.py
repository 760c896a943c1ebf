"""The registry's hook ``seen``: once in a request whose certificate authenticates or identifies a client."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import pytest

from wsgi_mtls import Guard, MutualTLSError, Verifier, sources
from wsgi_mtls.clients import Client
from wsgi_mtls.explain import explain
from wsgi_mtls.request.wsgi import view_of
from wsgi_mtls.testing import Profile, environ_for, make_ca
from wsgi_mtls.x509 import ClientCertificate, PeerCertificate

CA = make_ca()
BILLING = CA.issue("CN=x", Profile(san_dns=["billing.example.com"])).certificate
OTHER = CA.issue("CN=x", Profile(san_dns=["other.example.com"])).certificate
METADATA = {
    "client_id": "billing",
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_san_dns": "billing.example.com",
}


class Registry:
    """Knows one client, and notes when it was seen."""

    def __init__(self) -> None:
        self.client = Client.from_metadata(METADATA)
        self.noted: list[tuple[str, ClientCertificate | None]] = []

    def get(self, client_id: str, /) -> Client | None:
        return self.client if client_id == "billing" else None

    def find(self, certificate: ClientCertificate, /) -> Iterable[Client]:
        return [self.client]

    def seen(self, client_id: str, certificate: ClientCertificate | None, /) -> None:
        self.noted.append((client_id, certificate))


class Failing(Registry):
    """Cannot write."""

    def seen(self, client_id: str, certificate: ClientCertificate | None, /) -> None:
        raise OSError("the disk is full")


def environ(certificate: ClientCertificate) -> dict[str, Any]:
    body = b"grant_type=client_credentials&client_id=billing"
    form = "application/x-www-form-urlencoded"
    return {
        **environ_for(certificate),
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": form,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }


QUESTIONS: list[Callable[[Guard, Any], object]] = [
    lambda guard, view: guard.authenticate_client(view),
    lambda guard, view: guard.authenticate_or_leave(view),
    lambda guard, view: guard.accept_certificate(view),
]


@pytest.mark.parametrize("ask", QUESTIONS, ids=["client", "client or other", "certificate"])
def test_once_in_a_request(ask: Callable[[Guard, Any], object]) -> None:
    registry = Registry()
    guard = Guard(sources.nginx(trusted_proxies=["127.0.0.1"]), verifier=Verifier(registry))
    view = view_of(environ(BILLING), guard)
    for _ in range(2):
        ask(guard, view)
    assert registry.noted == [("billing", BILLING)]
    with pytest.raises(MutualTLSError):
        ask(guard, view_of(environ(OTHER), guard))
    assert registry.noted == [("billing", BILLING)]


def test_a_verifier_without_a_guard() -> None:
    registry = Registry()
    verifier, peer = Verifier(registry), PeerCertificate(BILLING, verified=True)
    verifier.authenticate("billing", peer)
    verifier.identify(peer)
    assert registry.noted == [("billing", BILLING)] * 2
    assert explain(verifier, peer, "billing").accepted
    verifier.check_certificate(peer)
    assert registry.noted == [("billing", BILLING)] * 2


def test_a_registry_that_fails_to_note_it(caplog: pytest.LogCaptureFixture) -> None:
    client = Verifier(Failing()).authenticate("billing", PeerCertificate(BILLING, verified=True))
    assert client.client_id == "billing"
    assert "the disk is full" in caplog.text
