"""Row 55 in Django: what is registered for a self-signed client is neither a PKI client's nor a user's certificate."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_mtls.signals import client_rejected
from django_mtls.test import CertificateClient
from django_mtls.verification import registry, verifier
from tests.attacks.test_self_issued import forged
from wsgi_mtls import MutualTLSError, PeerCertificate
from wsgi_mtls.events import Event
from wsgi_mtls.testing import KeyPair, Profile, make_key

from ..support import by_certificate, common_names, register

PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=admin"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def mobile() -> KeyPair:
    """A certificate that a terminator with partial chains takes from its CA file for a CA's, with another's name."""
    pair = forged(common_names("admin"), common_names("Some CA"))
    assert not pair.certificate.is_self_signed
    return pair


@pytest.fixture
def events() -> Iterator[list[Event]]:
    seen: list[Event] = []

    def note(event: Event, **_: Any) -> None:
        seen.append(event)

    client_rejected.connect(note)
    yield seen
    client_rejected.disconnect(note)


def token(pair: KeyPair, client_id: str) -> int:
    answer = CertificateClient(pair).post("/token", f"client_id={client_id}&scope=a", content_type=FORM)
    return int(answer.status_code)


@pytest.mark.parametrize("enabled", [True, False])
def test_a_client(mobile: KeyPair, ca: KeyPair, events: list[Event], enabled: bool) -> None:
    register("billing", PKI)
    register("mobile", by_certificate(mobile), enabled=enabled)
    assert token(mobile, "billing") == 401
    assert [event.reason for event in events] == ["registered_as_self_signed"]
    assert token(mobile, "mobile") == (200 if enabled else 401)
    assert token(ca.issue("CN=admin"), "billing") == 200


def test_by_its_key(ca: KeyPair, events: list[Event]) -> None:
    key = make_key()
    register("billing", PKI)
    register("mobile", by_certificate(ca.issue("CN=mobile", Profile(key=key))))
    assert token(ca.issue("CN=admin", Profile(key=key)), "billing") == 401
    assert [event.reason for event in events] == ["registered_as_self_signed"]


def test_keys_of_another_method_count_for_nothing(ca: KeyPair) -> None:
    issued = ca.issue("CN=admin")
    register("billing", PKI)
    register("other", {**by_certificate(issued), "token_endpoint_auth_method": "private_key_jwt"})
    assert token(issued, "billing") == 200


@pytest.mark.parametrize("enabled", [True, False])
def test_a_user(mobile: KeyPair, ca: KeyPair, mtls: Callable[..., None], enabled: bool) -> None:
    mtls(USERNAME_FROM="subject_cn")
    User.objects.create_superuser("admin")
    register("mobile", by_certificate(mobile), enabled=enabled)
    assert CertificateClient(mobile).get("/").json()["user"] == ""
    assert CertificateClient(ca.issue("CN=admin")).get("/").json()["user"] == "admin"


def test_no_further_query(mobile: KeyPair, ca: KeyPair) -> None:
    register("billing", PKI)
    register("mobile", by_certificate(mobile))
    peer = PeerCertificate(ca.issue("CN=admin").certificate, verified=True)
    verifier().authenticate("billing", peer)  # which notes the client, once in a minute
    with CaptureQueriesContext(connection) as queries:
        verifier().authenticate("billing", peer)
    assert len(queries) == 1
    assert registry().get_and_has_self_signed("unknown", mobile.certificate) == (None, False)


def test_without_a_client_id(mobile: KeyPair, ca: KeyPair) -> None:
    register("billing", PKI)
    register("mobile", by_certificate(mobile), enabled=False)
    assert verifier().identify(PeerCertificate(ca.issue("CN=admin").certificate, verified=True)).client_id == "billing"
    with pytest.raises(MutualTLSError) as caught:
        verifier().identify(PeerCertificate(mobile.certificate, verified=True))
    assert caught.value.reason == "registered_as_self_signed"
