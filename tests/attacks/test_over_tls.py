"""ATTACKS.md: rows that OpenSSL also decides, over the TLS server of ``wsgi_mtls.server``."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from tests.support import ACCEPTED, Endpoint, Outcome
from tests.tls import client_context, serving, tls_post
from wsgi_mtls.testing import CLIENT_AUTH, SERVER_AUTH, KeyPair, Profile, make_ca, self_sign

DN = "CN=billing,O=Agora,C=SE"
PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": DN}
NOT_VERIFIED: Outcome = (401, "invalid_client", "chain_not_verified")


class Server:
    """A running server, and what its endpoint decided."""

    def __init__(self, port: int, endpoint: Endpoint) -> None:
        self._port, self._endpoint = port, endpoint

    def outcome(self, pair: KeyPair | None) -> Outcome:
        self._endpoint.events.clear()
        return self._endpoint.result(tls_post(self._port, pair, {"client_id": "billing"}))

    def outcome_with(self, context: ssl.SSLContext) -> Outcome:
        self._endpoint.events.clear()
        return self._endpoint.result(tls_post(self._port, context, {"client_id": "billing"}))


@pytest.fixture(scope="module")
def known_self_signed() -> KeyPair:
    return self_sign(DN)


@pytest.fixture(scope="module")
def server(ca: KeyPair, known_self_signed: KeyPair) -> Iterator[Server]:
    endpoint = Endpoint({"billing": PKI})
    with serving(endpoint.app, [ca.certificate, known_self_signed.certificate]) as port:
        yield Server(port, endpoint)


@pytest.fixture(scope="module")
def inter(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=Issuing CA", Profile(ca=True, extended_key_usage=()))


def test_row_01_no_certificate(server: Server, ca: KeyPair) -> None:
    assert server.outcome(None) == (401, "invalid_client", "no_certificate")
    assert server.outcome(ca.issue(DN)) == ACCEPTED


def test_row_07_self_signed(server: Server, ca: KeyPair) -> None:
    assert server.outcome(self_sign(DN)) == (401, "invalid_client", "self_signed_certificate")
    assert server.outcome(ca.issue(DN)) == ACCEPTED


def test_row_07_self_signed_in_the_ca_bundle(server: Server, known_self_signed: KeyPair, ca: KeyPair) -> None:
    assert server.outcome(known_self_signed) == (401, "invalid_client", "self_signed_certificate")
    assert server.outcome(ca.issue(DN)) == ACCEPTED


def test_row_08_another_ca(server: Server, ca: KeyPair) -> None:
    assert server.outcome(make_ca("CN=Some CA").issue(DN)) == NOT_VERIFIED
    assert server.outcome(make_ca(ca.certificate.subject).issue(DN)) == NOT_VERIFIED
    assert server.outcome(ca.issue(DN)) == ACCEPTED


def test_row_08_another_ca_sends_its_own_root(server: Server, ca: KeyPair) -> None:
    foreign = make_ca(ca.certificate.subject)
    pair = foreign.issue(DN)
    assert server.outcome(KeyPair(pair.certificate, pair.key, (foreign.certificate,))) == NOT_VERIFIED
    known = ca.issue(DN)
    assert server.outcome(KeyPair(known.certificate, known.key, (ca.certificate,))) == ACCEPTED


def test_row_09_name_on_the_intermediate(server: Server, ca: KeyPair, inter: KeyPair) -> None:
    named = ca.issue(DN, Profile(ca=True, extended_key_usage=()))
    assert server.outcome(named.issue("CN=other")) == (401, "invalid_client", "subject_mismatch")
    assert server.outcome(inter.issue(DN)) == ACCEPTED


NOW = datetime.now(UTC)
DAY = timedelta(days=1)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        (Profile(not_before=NOW - 2 * DAY, not_after=NOW - DAY), "certificate_expired"),
        (Profile(not_before=NOW + DAY, not_after=NOW + 2 * DAY), "certificate_not_yet_valid"),
        # OpenSSL also rejects the chain of these, and reports it first.
        (Profile(extended_key_usage=SERVER_AUTH), "chain_not_verified"),
        (Profile(extensions=[(UNKNOWN, True)]), "chain_not_verified"),
    ],
)
def test_row_18_unfit_certificates(server: Server, inter: KeyPair, profile: Profile, reason: str) -> None:
    assert server.outcome(inter.issue(DN, profile)) == (401, "invalid_client", reason)
    assert server.outcome(inter.issue(DN, Profile(extended_key_usage=(*SERVER_AUTH, *CLIENT_AUTH)))) == ACCEPTED
    assert server.outcome(inter.issue(DN, Profile(extensions=[(UNKNOWN, False)]))) == ACCEPTED


def test_row_18_issued_by_a_leaf(server: Server, ca: KeyPair, inter: KeyPair) -> None:
    assert server.outcome(ca.issue("CN=leaf").issue(DN)) == NOT_VERIFIED
    assert server.outcome(inter.issue("CN=leaf").issue(DN)) == NOT_VERIFIED
    assert server.outcome(inter.issue(DN)) == ACCEPTED


@pytest.mark.parametrize(("old", "new", "reason"), [
    (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x06", "self_signed_certificate"),  # X.509 version 7
    (b"\x30\x0c\x06\x03\x55\x1d\x13\x01\x01\xff", b"\x30\x0c\x06\x03\x55\x1d\x13\x01\x01\x01",
     "self_signed_certificate"),  # a BOOLEAN that is not DER
    (b"\x17\x0d2", b"\x17\x0d:", "certificate_unreadable"),  # a date that is not one
])  # fmt: skip
def test_a_certificate_that_openssl_takes_and_cryptography_does_not(
    server: Server, ca: KeyPair, tmp_path: Path, old: bytes, new: bytes, reason: str
) -> None:
    good = self_sign(DN)
    der = good.certificate.der.replace(old, new, 1)
    assert der != good.certificate.der
    files = tmp_path / "odd.pem", tmp_path / "odd.key"
    files[0].write_text(ssl.DER_cert_to_PEM_cert(der))
    files[1].write_bytes(good.key_pem)
    context = client_context()
    context.load_cert_chain(*files)
    assert server.outcome_with(context) == (401, "invalid_client", reason)
    assert server.outcome(ca.issue(DN)) == ACCEPTED
