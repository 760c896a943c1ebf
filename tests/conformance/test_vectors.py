"""Every certificate of cryptography's test vectors: what OpenSSL loads serves a bound token, and PKI says why not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import crypto

from tests import der
from wsgi_mtls import ClientCertificate, MutualTLSError, PeerCertificate, Verifier
from wsgi_mtls.binding import verify_confirmation
from wsgi_mtls.clients import SUBJECT_KINDS, subject_keys

cryptography_vectors = pytest.importorskip("cryptography_vectors")
VECTORS = Path(cryptography_vectors.__file__).parent / "x509"
NOW = datetime(2026, 11, 28, tzinfo=UTC)
REFUSALS = {
    "certificate_expired",
    "certificate_not_yet_valid",
    "certificate_unreadable",
    "critical_extension",
    "not_for_client_auth",
    "registered_as_self_signed",
    "self_signed_certificate",
    "subject_mismatch",
}
BY = {
    kind: Verifier({"a": {"token_endpoint_auth_method": "tls_client_auth", kind: value}}, clock=lambda: NOW)
    for kind, value in zip(
        SUBJECT_KINDS, ("CN=a", "a.example", "https://a.example", "192.0.2.1", "a@a.example"), strict=True
    )
}


def certificates() -> Iterator[bytes]:
    """Yield the DER of every certificate that OpenSSL loads and that is one DER value."""
    for path in sorted(VECTORS.rglob("*")):
        if path.suffix not in {".pem", ".der", ".crt"}:
            continue
        kind = crypto.FILETYPE_PEM if b"-----BEGIN" in (content := path.read_bytes()) else crypto.FILETYPE_ASN1
        try:
            octets = crypto.dump_certificate(crypto.FILETYPE_ASN1, crypto.load_certificate(kind, content))
        except crypto.Error:
            continue
        yield octets


DERS = tuple(dict.fromkeys(certificates()))


def judge(octets: bytes) -> None:
    certificate = ClientCertificate.from_der(octets)
    peer = PeerCertificate(certificate, verified=True)
    assert verify_confirmation({"cnf": {"x5t#S256": certificate.thumbprint}}, peer) == certificate
    for verifier in BY.values():
        assert outcome(verifier, peer) in {"", *REFUSALS}
    subject_keys(certificate)


def outcome(verifier: Verifier, peer: PeerCertificate) -> str:
    try:
        verifier.authenticate("a", peer)
    except MutualTLSError as error:
        return error.reason
    return ""


def test_each_serves_a_bound_token_and_has_a_reason_for_pki() -> None:
    assert len(DERS) > 500
    for octets in DERS:
        judge(octets)


def test_each_part_is_the_same_as_cryptography_reads() -> None:
    compared = 0
    for octets in DERS:
        certificate = ClientCertificate.from_der(octets)
        try:
            other = x509.load_der_x509_certificate(octets)
            expected = (
                other.not_valid_before_utc,
                other.not_valid_after_utc,
                other.serial_number,
                [(a.oid.dotted_string, a.value) for rdn in other.subject.rdns for a in rdn if isinstance(a.value, str)],
                [extension.oid.dotted_string for extension in other.extensions],
            )
            san = other.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            dns = tuple(san.get_values_for_type(x509.DNSName))
        except x509.ExtensionNotFound:
            dns = ()
        except Exception:  # what it does not load is read here alone
            continue
        attributes = (attribute for rdn in certificate.subject_attributes for attribute in rdn)
        readable = [(a.oid, a.text) for a in attributes if a.text]
        assert (certificate.not_before, certificate.not_after, certificate.serial_number) == expected[:3]
        assert sorted(readable) == sorted((oid, value) for oid, value in expected[3] if (oid, value) in readable)
        assert len(readable) >= sum(value.isascii() and value != "" for _, value in expected[3])
        assert certificate.san_dns == dns
        compared += 1
    assert compared > 400


CA = der.CA()
VALIDITY = der.seq(der.utc(NOW - timedelta(days=400)), der.utc(NOW + timedelta(days=4000)))
VALUES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([der.seq(), der.seq(der.boolean(False)), der.seq(der.oid(der.CLIENT)), der.seq(der.dns("a.b")),
                     der.bits(b"\x80", 7), b"\x05\x00"]),
)  # fmt: skip
OIDS = st.sampled_from(["2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.17", "2.5.29.32", "1.3.6.1.4.1.99999.1"])
EXTENSIONS = st.lists(st.builds(der.ext, OIDS, VALUES, st.sampled_from([None, False, True])), max_size=4)
STRINGS = st.one_of(
    st.builds(der.utf8, st.text(max_size=6)),
    st.builds(der.t61, st.binary(max_size=4)),
    st.builds(der.bmp, st.text("ab\u4e2d", max_size=4)),
    st.builds(der.printable, st.text("ab*&_", max_size=4)),
    st.builds(der.bits, st.binary(max_size=4)),
)
SUBJECTS = st.lists(st.tuples(st.sampled_from([der.CN, der.C, der.OU]), STRINGS), max_size=3)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(SUBJECTS, EXTENSIONS, st.sampled_from([der.ECDSA256, der.seq(der.oid("1.2.3.4"), b"\x05\x00")]))
def test_odd_ones(subject: list[tuple[str, bytes]], extensions: list[bytes], algorithm: bytes) -> None:
    judge(CA.cert(der.dn(*subject), extensions, validity=VALIDITY, sigalg=algorithm))
