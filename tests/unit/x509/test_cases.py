"""Certificates from the field, over the real middleware: by what they are accepted, and why not.

Each file is an example of a kind; more of some kinds are made here with ``tests/der.py``.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from OpenSSL import crypto

from tests import der
from tests.support import ACCEPTED, Endpoint, Outcome, refused, request
from wsgi_mtls import CallbackRegistry, Client, ClientCertificate, sources
from wsgi_mtls.cli.inspect import describe
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import Profile, make_ca, self_sign, to_pem
from wsgi_mtls.wsgi_tokens import AccessTokenMiddleware

CASES = Path(__file__).parents[2] / "cases"
THEN = datetime(2026, 11, 28, 18, tzinfo=UTC)
UNREADABLE: Outcome = (401, "invalid_client", "certificate_unreadable")
CRITICAL: Outcome = (401, "invalid_client", "critical_extension")
MISMATCH: Outcome = (401, "invalid_client", "subject_mismatch")
CA = der.CA()
BILLING = der.dn((der.CN, der.utf8("billing")))
CLIENT = der.eku(der.CLIENT)
DNS = der.ext("2.5.29.17", der.san(der.dns("billing.example.com")))


def case(of: str) -> ClientCertificate:
    return ClientCertificate.from_pem((CASES / "certificates" / f"{of}.pem").read_bytes())


def made(*extensions: bytes, ca: der.CA = CA, **options: Any) -> ClientCertificate:
    validity = der.seq(der.utc(datetime(2026, 11, 1, tzinfo=UTC)), der.utc(datetime(2027, 11, 1, tzinfo=UTC)))
    subject = options.pop("subject", BILLING)
    return ClientCertificate.from_der(ca.cert(subject, extensions, **{"validity": validity, **options}))


def pki(certificate: ClientCertificate, kind: str = "subject_dn", value: str = "CN=billing") -> Outcome:
    metadata = {"token_endpoint_auth_method": "tls_client_auth", f"tls_client_auth_{kind}": value}
    return Endpoint({"billing": metadata}, verifier={"clock": lambda: THEN}).outcome("billing", certificate)


def itself(certificate: ClientCertificate, registered: ClientCertificate | None = None) -> Outcome:
    """Register a certificate as such, by a callback for a client whose method is the self-signed one."""

    class Registry:
        def get(self, client_id: str, /) -> Client:
            method = "self_signed_tls_client_auth"
            certificates = (registered or certificate,)
            return Client(client_id=client_id, token_endpoint_auth_method=method, registered_certificates=certificates)

    endpoint = Endpoint(Registry(), verifier={"clock": lambda: THEN, "self_signed_match": "certificate"})
    return endpoint.outcome("mobile", certificate, "FAILED:x")


def bound_token(certificate: ClientCertificate, of: ClientCertificate | None = None) -> int:
    class Tokens:
        def decode(self, token: str, /) -> dict[str, object]:
            return {"sub": "a", "cnf": {"x5t#S256": (of or certificate).thumbprint}}

    def api(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"ok"]

    app = AccessTokenMiddleware(api, Tokens(), source=sources.mod_ssl(), paths=["/"])
    keys = {"SSL_CLIENT_CERT": to_pem(certificate).decode(), "SSL_CLIENT_VERIFY": "FAILED:x"}
    return request(app, b"", path="/", extra={**keys, "HTTP_AUTHORIZATION": "Bearer x"}).status


@pytest.mark.parametrize("of", ["ml-dsa-pki", "brainpool-p320r1", "tls-feature-unknown", "policies-explicit-text",
                                "extension-critical-false", "upn-and-subject-serial"])  # fmt: skip
def test_by_subject_and_for_bound_tokens(of: str) -> None:
    certificate = case(of)
    subject = certificate.subject
    assert pki(certificate, "subject_dn", subject) == ACCEPTED
    assert pki(certificate, "subject_dn", "CN=other") == MISMATCH
    assert bound_token(certificate) == 200
    assert bound_token(certificate, CA_CERTIFICATE) == 401
    assert itself(certificate) == ACCEPTED


CA_CERTIFICATE = make_ca().certificate


def test_names_of_another_kind() -> None:
    assert pki(case("san-x400-address"), "san_dns", "billing.example.com") == ACCEPTED
    assert pki(case("san-x400-address"), "san_dns", "other.example.com") == MISMATCH


def test_a_printable_string_as_people_issue_it() -> None:
    certificate = case("printable-string-asterisk")
    assert pki(certificate, "san_dns", "a.example") == ACCEPTED
    assert bound_token(certificate) == 200
    (by_name,) = [one for one in inspected(certificate) if "tls_client_auth_subject_dn" in one]
    assert pki(certificate, "subject_dn", str(by_name["tls_client_auth_subject_dn"])) == ACCEPTED


@pytest.mark.parametrize("character", "*&@_")
def test_other_printable_strings(character: str) -> None:
    subject = der.dn((der.O, der.printable(f"A{character}B")), (der.CN, der.utf8("billing")))
    certificate = made(subject=subject)
    assert pki(certificate, "subject_dn", f"CN=billing,O=A{character}B") == ACCEPTED
    assert pki(certificate, "subject_dn", "CN=billing,O=AB") == MISMATCH


def inspected(certificate: ClientCertificate) -> list[dict[str, object]]:
    found = describe(certificate)["metadata"]
    assert isinstance(found, list)
    return found


def test_empty_values() -> None:
    certificate = case("subject-empty-values")
    assert certificate.subject == "CN=billing,O=Agora,L=,ST=,C=US"
    assert {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": certificate.subject} in (
        inspected(certificate)
    )
    assert pki(certificate, "subject_dn", "CN=billing, O=agora, L=, ST=, C=us") == ACCEPTED
    for other in ("CN=billing,O=Agora,C=US", "CN=billing,O=Agora,L=x,ST=,C=US", "CN=,O=Agora,L=,ST=,C=US"):
        assert pki(certificate, "subject_dn", other) == MISMATCH


def test_an_empty_value_equals_its_own_type_alone() -> None:
    registered = "CN=billing,O="
    for value, expected in (
        (der.utf8(""), ACCEPTED),
        (der.printable(""), MISMATCH),
        (der.utf8("\u200b"), MISMATCH),
        (der.utf8(" "), MISMATCH),
        (der.bits(b""), MISMATCH),
    ):
        subject = der.dn((der.O, value), (der.CN, der.utf8("billing")))
        assert pki(made(subject=subject), "subject_dn", registered) == expected


def test_the_critical_false_of_every_extension() -> None:
    for critical in (None, False):
        certificate = made(
            der.ext("2.5.29.19", der.seq(der.boolean(False), der.integer(0)), critical),
            der.ext("2.5.29.37", der.seq(der.oid(der.CLIENT)), critical),
            der.ext("2.5.29.17", der.san(der.dns("billing.example.com")), critical),
        )
        assert pki(certificate) == ACCEPTED
        assert pki(certificate, "san_dns", "billing.example.com") == ACCEPTED


ODD: dict[str, Callable[[], ClientCertificate]] = {
    "ECDSA with NULL": lambda: made(sigalg=der.seq(der.oid("1.2.840.10045.4.3.2"), b"\x05\x00")),
    "an unknown signature": lambda: made(sigalg=der.seq(der.oid("1.2.156.10197.1.501"))),
    "an unknown key": lambda: made(spki_der=der.seq(der.seq(der.oid("1.2.643.7.1.1.1.1")), der.bits(b"\x04\x01x"))),
    "an unknown extension twice": lambda: made(*[der.ext("1.3.6.1.4.1.99999.1", b"\x05\x00")] * 2),
    "policies twice": lambda: made(*[der.ext("2.5.29.32", der.seq())] * 2),
    "an odd issuerAltName": lambda: made(der.ext("2.5.29.18", b"\x05")),
    "encipherOnly alone": lambda: made(der.ext("2.5.29.15", der.tlv(3, b"\x00\x01"), True)),
    "a SAN that is not read": lambda: made(der.ext("2.5.29.17", b"\x05\x00")),
    "a SAN that is not read, twice": lambda: made(DNS, DNS),
    "an IP SAN of 5 octets": lambda: made(der.ext("2.5.29.17", der.san(der.ip(b"\x01" * 5)))),
    "damaged SCTs": lambda: made(der.ext("1.3.6.1.4.1.11129.2.4.2", b"\xff")),
    "a TLS feature": lambda: made(der.ext("1.3.6.1.5.5.7.1.24", der.seq(der.integer(999)))),
    "no serial number": lambda: made(serial=der.integer(0)),
    "a negative serial number": lambda: made(serial=der.integer(-5)),
    "critical policies": lambda: made(der.ext("2.5.29.32", der.seq(der.seq(der.oid("1.2.3"))), True)),
}


@pytest.mark.parametrize("of", ODD)
def test_what_no_decision_reads(of: str) -> None:
    certificate = ODD[of]()
    assert pki(certificate) == ACCEPTED
    assert pki(certificate, "subject_dn", "CN=other") == MISMATCH
    assert bound_token(certificate) == 200
    assert itself(certificate) == ACCEPTED


NOT_FOR_PKI: dict[str, tuple[Callable[[], ClientCertificate], Outcome]] = {
    "an unknown critical extension": (lambda: made(der.ext("1.3.6.1.4.1.99999.1", b"\x05\x00", True)), CRITICAL),
    "a critical TLS feature": (lambda: made(der.ext("1.3.6.1.5.5.7.1.24", der.seq(), True)), CRITICAL),
    "a critical SAN that is not one": (lambda: made(der.ext("2.5.29.17", b"\x05\x00", True)), UNREADABLE),
    "basic constraints twice": (lambda: made(der.BC_EE, der.BC_EE), UNREADABLE),
    "key usage twice": (lambda: made(der.KU, der.KU), UNREADABLE),
    "extended key usage twice": (lambda: made(CLIENT, CLIENT), UNREADABLE),
    "more after basic constraints": (lambda: made(der.ext("2.5.29.19", der.seq() + b"\x00")), UNREADABLE),
    "more after extended key usage": (
        lambda: made(der.ext("2.5.29.37", der.seq(der.oid(der.CLIENT)) + b"\x05\x00")),
        UNREADABLE,
    ),
    "no bits in key usage": (lambda: made(der.ext("2.5.29.15", b"\x05\x00")), UNREADABLE),
    "no dates": (lambda: made(validity=der.seq()), UNREADABLE),
    "no subject": (lambda: made(subject=b"\x05\x00"), UNREADABLE),
    "nothing": (lambda: ClientCertificate.from_der(b"0\x00"), UNREADABLE),
}


@pytest.mark.parametrize("of", NOT_FOR_PKI)
def test_what_pki_reads(of: str) -> None:
    make, expected = NOT_FOR_PKI[of]
    certificate = make()
    assert pki(certificate) == expected
    assert bound_token(certificate) == 200
    assert itself(certificate) == ACCEPTED
    assert itself(certificate, CA_CERTIFICATE) != ACCEPTED


@pytest.mark.parametrize("value", [der.san(der.dns("billing.example.com")) + b"\0", der.san(der.dns(b"\xff")), b"\x04"])
def test_a_registered_name_that_can_not_be_read(value: bytes) -> None:
    certificate = made(der.ext("2.5.29.17", value))
    assert pki(certificate, "san_dns", "billing.example.com") == UNREADABLE
    assert pki(certificate) == ACCEPTED
    assert pki(made(DNS, DNS), "san_dns", "billing.example.com") == UNREADABLE
    assert pki(made(DNS), "san_dns", "billing.example.com") == ACCEPTED


def test_the_message_names_the_part_and_the_remedy() -> None:
    with refused("certificate_unreadable", match=r"validity can't be read .*have it issued anew"):
        made(validity=der.seq()).not_before  # noqa: B018


def test_an_unreadable_intermediate_is_not_read() -> None:
    leaf, intermediate = made(), case("intermediate-unreadable")
    metadata = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"}
    endpoint = Endpoint({"billing": metadata}, verifier={"clock": lambda: THEN})
    for chain in (intermediate, ClientCertificate.from_der(b"0\x00")):
        keys = {"SSL_CLIENT_CERT_CHAIN_0": to_pem(chain).decode()}
        assert endpoint.outcome("billing", leaf, extra=keys) == ACCEPTED


def test_self_signed_by_callback_with_a_key_that_is_not_known() -> None:
    own = case("ml-dsa-self-signed-foreign-issuer")
    endpoint = Endpoint(CallbackRegistry(self_signed=lambda _: own), verifier={"clock": lambda: THEN})
    assert endpoint.outcome("mobile", own) == ACCEPTED


def test_octets_that_are_the_key_of_another() -> None:
    """What has no key of its own is compared whole, and as nothing that a key can be."""
    mobile = self_sign("CN=mobile", Profile(not_before=THEN, not_after=THEN)).certificate
    endpoint = Endpoint(CallbackRegistry(self_signed=lambda _: mobile), verifier={"clock": lambda: THEN})
    by_key = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [jwk(mobile)]}}
    key_as_certificate = ClientCertificate.from_der(mobile.public_key_der)
    assert key_as_certificate.lookup_key != mobile.lookup_key
    for tried in (endpoint, Endpoint({"mobile": by_key}, verifier={"clock": lambda: THEN})):
        assert tried.outcome("mobile", key_as_certificate)[0] == 401
        assert tried.outcome("mobile", mobile) == ACCEPTED


def test_other_names_and_attributes_as_written() -> None:
    certificate = case("upn-and-subject-serial")
    written = {attribute.oid: attribute.text for rdn in certificate.subject_attributes for attribute in rdn}
    assert written["2.5.4.5"] == "PNOEE-10101010005"
    assert written["0.9.2342.19200300.100.1.1"] == "jdoe"
    ((kind, value),) = certificate.other_names
    assert kind == "1.3.6.1.4.1.311.20.2.3"
    assert value.startswith(b"\x0c")


@pytest.mark.parametrize("octets", [b"\x05\x00", b"0\x00\x00", b"0\x81\x01x", b"0\x80\x00\x00", b"", b"0\x05a"])
def test_not_one_der_value(octets: bytes) -> None:
    with refused("malformed_certificate") as caught:
        ClientCertificate.from_der(octets)
    assert caught.value.reason == "malformed_certificate"


ALL = [
    *(case(path.stem) for path in sorted((CASES / "certificates").glob("*.pem"))),
    *(make() for make in ODD.values()),
]


@pytest.mark.parametrize("certificate", ALL, ids=lambda certificate: certificate.thumbprint[:6])
def test_the_same_as_cryptography_reads(certificate: ClientCertificate) -> None:
    """Where cryptography loads a part, it is the same; OpenSSL loads each whole."""
    crypto.load_certificate(crypto.FILETYPE_ASN1, certificate.der)
    try:
        other = x509.load_der_x509_certificate(certificate.der)
        not_before, subject, number = other.not_valid_before_utc, other.subject.rfc4514_string(), other.serial_number
    except Exception:  # what it does not load is what this is about
        return
    assert certificate.not_before == not_before
    assert certificate.subject == subject
    assert certificate.serial_number == number
