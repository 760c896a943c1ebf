"""Mutual TLS without a ``client_id``: the one client that a certificate authenticates."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from wsgi_mtls import CallbackRegistry, Client, ClientCertificate, MutualTLSError, PeerCertificate, Verifier
from wsgi_mtls.events import Event
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, self_sign

MOBILE = self_sign("CN=mobile")
JWKS = {"keys": [jwk(MOBILE.certificate)]}


def pki(**subject: str) -> dict[str, object]:
    return {"token_endpoint_auth_method": "tls_client_auth", **subject}


CLIENTS: dict[str, Mapping[str, object]] = {
    "by-name": pki(tls_client_auth_subject_dn="CN=a"),
    "by-dns": pki(tls_client_auth_san_dns="a.example"),
    "mobile": {
        "token_endpoint_auth_method": "self_signed_tls_client_auth",
        "jwks": {"keys": [jwk(MOBILE.certificate)]},
    },
    "secret": {"tls_client_auth_san_dns": "secret.example"},
}


def identify(pair: KeyPair | None, verified: bool = True, clients: Any = CLIENTS) -> str:
    """Return the client_id, or the reason of the refusal; one event goes with it."""
    events: list[Event] = []
    expected: list[tuple[str, str | None, str | None]]
    peer = PeerCertificate(pair.certificate, verified=verified) if pair else None
    try:
        found = Verifier(clients, observers=[events.append]).identify(peer).client_id
        expected = [("client_authenticated", None, found)]
    except MutualTLSError as error:
        found = error.reason
        expected = [("client_rejected", found, None)]
    assert [(event.name, event.reason, event.client_id) for event in events] == expected
    return found


def test_one(ca: KeyPair) -> None:
    assert identify(ca.issue("cn=A")) == "by-name"
    assert identify(ca.issue("CN=x", Profile(san_dns=["A.example"]))) == "by-dns"
    assert identify(MOBILE, verified=False) == "mobile"


def test_none(ca: KeyPair) -> None:
    assert identify(None) == "no_certificate"
    assert identify(ca.issue("CN=x")) == "unidentified_client"
    assert identify(self_sign("CN=x")) == "unidentified_client"


def test_the_only_candidate_says_what_failed(ca: KeyPair) -> None:
    assert identify(ca.issue("CN=a"), verified=False) == "chain_not_verified"
    assert identify(self_sign("CN=a")) == "self_signed_certificate"
    secret = ca.issue("CN=x", Profile(san_dns=["secret.example"]))
    assert identify(secret) == "auth_method_not_registered"


def test_several(ca: KeyPair) -> None:
    assert identify(ca.issue("CN=a", Profile(san_dns=["a.example"]))) == "unidentified_client"
    again = {**CLIENTS, "again": pki(tls_client_auth_subject_dn="cn=A")}
    assert identify(ca.issue("CN=a"), clients=again) == "unidentified_client"


def test_several_candidates_of_which_one_is_authenticated(ca: KeyPair) -> None:
    self_signed = self_sign("CN=a", Profile(key=MOBILE.key))
    assert identify(self_signed) == "mobile"
    issued = ca.issue("CN=a", Profile(san_dns=["secret.example"]))
    assert identify(issued) == "by-name"


class EverybodyIsFound:
    """A registry that offers a client for every certificate."""

    def get(self, client_id: str, /) -> Client | None:
        return None

    def find(self, certificate: ClientCertificate, /) -> Iterable[Client]:
        yield Client.from_metadata({"client_id": "by-name", **CLIENTS["by-name"]})


def test_what_a_registry_finds_is_checked(ca: KeyPair) -> None:
    assert identify(ca.issue("CN=x"), clients=EverybodyIsFound()) == "subject_mismatch"
    assert identify(ca.issue("CN=a"), clients=EverybodyIsFound()) == "by-name"


def test_a_registry_that_can_not_be_searched(ca: KeyPair) -> None:
    verifier = Verifier(CallbackRegistry(pki=lambda _: "CN=a"))
    with pytest.raises(TypeError, match="CallbackRegistry"):
        verifier.identify(PeerCertificate(ca.issue("CN=a").certificate, verified=True))
