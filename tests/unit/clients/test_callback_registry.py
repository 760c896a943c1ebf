"""Clients that callbacks know: the certificate decides by which method they are judged."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.support import refused
from wsgi_mtls import CallbackRegistry, PeerCertificate, Verifier
from wsgi_mtls.clients.callback import Certificate
from wsgi_mtls.testing import KeyPair, self_sign, to_pem

MOBILE = self_sign("CN=mobile")
DER = MOBILE.certificate.der


@pytest.fixture(scope="module")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=billing")


def test_one_callback_at_least() -> None:
    with pytest.raises(ValueError, match="at least one"):
        CallbackRegistry()


@pytest.mark.parametrize("answer", ["CN=billing", ("tls_client_auth_subject_dn", "cn=Billing")])
def test_pki(billing: KeyPair, answer: Any) -> None:
    verifier = Verifier(CallbackRegistry(pki={"billing": answer}.get))
    client = verifier.authenticate("billing", PeerCertificate(billing.certificate, verified=True))
    assert (client.client_id, client.method) == ("billing", "tls_client_auth")
    with refused("unknown_client"):
        verifier.authenticate("other", PeerCertificate(billing.certificate, verified=True))


@pytest.mark.parametrize(
    "answer",
    [
        MOBILE.certificate,
        DER,
        bytearray(DER),
        memoryview(DER),
        to_pem(MOBILE.certificate),
        to_pem(MOBILE.certificate).decode(),
        [self_sign("CN=old").certificate, DER],
        (certificate for certificate in [DER]),
        [memoryview(to_pem(MOBILE.certificate))],
    ],
    ids=["parsed", "DER", "bytearray", "memoryview", "PEM", "PEM text", "list", "generator", "memoryview of PEM"],
)
def test_self_signed(answer: Certificate | Iterable[Certificate]) -> None:
    verifier = Verifier(CallbackRegistry(self_signed=lambda client_id: answer if client_id == "mobile" else None))
    client = verifier.authenticate("mobile", PeerCertificate(MOBILE.certificate))
    assert client.method == "self_signed_tls_client_auth"
    with refused("unknown_client"):
        verifier.authenticate("other", PeerCertificate(MOBILE.certificate))


def test_the_certificate_decides(billing: KeyPair) -> None:
    by_name = Verifier(CallbackRegistry(pki=lambda _: "CN=mobile"))
    with refused("certificate_not_registered"):
        by_name.authenticate("mobile", PeerCertificate(MOBILE.certificate, verified=True))
    by_certificate = Verifier(CallbackRegistry(self_signed=lambda _: [billing.certificate]))
    with refused("subject_mismatch"):
        by_certificate.authenticate("billing", PeerCertificate(billing.certificate, verified=True))


def test_no_certificates_authenticate_nobody() -> None:
    registry = CallbackRegistry(self_signed=lambda _: [])
    with refused("certificate_not_registered"):
        Verifier(registry).authenticate("mobile", PeerCertificate(MOBILE.certificate))


def test_both_answer() -> None:
    registry = CallbackRegistry(pki=lambda _: "CN=mobile", self_signed=lambda _: DER)
    with refused("invalid_client_metadata", match="both callbacks answered"):
        registry.get("mobile")
    one = CallbackRegistry(pki=lambda _: None, self_signed=lambda _: DER)
    assert Verifier(one).authenticate("mobile", PeerCertificate(MOBILE.certificate)).client_id == "mobile"


@pytest.mark.parametrize(
    "answer", ["", "billing", ("tls_client_auth_san_dns", "*.a"), ("a", "b"), ("a",), 7, b"CN=a", []]
)
def test_pki_answer_that_is_no_subject_value(answer: Any) -> None:
    with refused("invalid_client_metadata"):
        CallbackRegistry(pki=lambda _: answer).get("billing")


@pytest.mark.parametrize("answer", [b"", "", "x", b"-----BEGIN", DER + DER, [DER, b"x"], 7, [7], [None], {"a": DER}])
def test_self_signed_answer_that_is_no_certificate(answer: Any) -> None:
    with refused("invalid_client_metadata", match="'mobile'"):
        CallbackRegistry(self_signed=lambda _: answer).get("mobile")


def test_asked_for_the_very_client_id() -> None:
    asked: list[str] = []
    answer: Callable[[str], None] = asked.append
    assert CallbackRegistry(pki=answer, self_signed=answer).get("a B") is None
    assert asked == ["a B", "a B"]
