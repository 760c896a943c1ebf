"""Every certificate of cryptography's test vectors: what OpenSSL loads serves a bound token; PKI reports why not."""

import base64
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import crypto

from tests import der
from tests.support import refused, request
from tests.unit.sources.captures import HYPHENS
from wsgi_mtls import AccessTokenMiddleware, ClientCertificate, MutualTLSError, PeerCertificate, Verifier, sources
from wsgi_mtls.clients import SUBJECT_KINDS, subject_keys
from wsgi_mtls.x509 import structure

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
    assert accepts_token(octets, certificate.thumbprint)
    for verifier in BY.values():
        assert outcome(verifier, peer) in {"", *REFUSALS}
    with suppress(MutualTLSError):
        verifier.check_certificate(peer)
    subject_keys(certificate)


class Tokens:
    """Each token is the thumbprint that it is bound to."""

    def decode(self, token: str, /) -> dict[str, object]:
        return {"sub": "a", "cnf": {"x5t#S256": token}}


def api(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"ok"]


API = AccessTokenMiddleware(api, Tokens(), source=sources.azure_app_service(**HYPHENS), paths=["/"])


def accepts_token(octets: bytes, thumbprint: str) -> bool:
    """Return whether an API accepts a token that comes with this certificate in a header."""
    header = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_ARR_CLIENTCERT": base64.b64encode(octets).decode()}
    return request(API, b"", path="/", extra={**header, "HTTP_AUTHORIZATION": f"Bearer {thumbprint}"}).status == 200


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
    assert sum(map(compared, DERS)) > 400


READ = {
    "2.5.29.19": x509.BasicConstraints,
    "2.5.29.15": x509.KeyUsage,
    "2.5.29.37": x509.ExtendedKeyUsage,
    "2.5.29.17": x509.SubjectAlternativeName,
}


def compared(octets: bytes) -> bool:
    """Compare each part that cryptography also loads; False if it does not load the certificate."""
    certificate = ClientCertificate.from_der(octets)
    try:
        other = x509.load_der_x509_certificate(octets)
        expected = (other.not_valid_before_utc, other.not_valid_after_utc, other.serial_number)
        names = [(a.oid.dotted_string, a.value) for rdn in other.subject.rdns for a in rdn if isinstance(a.value, str)]
        extensions = list(other.extensions)
    except Exception:  # what it does not load is read here alone
        return False
    assert (certificate.not_before, certificate.not_after, certificate.serial_number) == expected
    attributes = (attribute for rdn in certificate.subject_attributes for attribute in rdn)
    readable = [(a.oid, a.text) for a in attributes if a.text]
    assert sorted(readable) == sorted((oid, value) for oid, value in names if (oid, value) in readable)
    assert len(readable) >= sum(value.isascii() and value != "" for _, value in names)
    found = {type(extension.value): extension.value for extension in extensions}
    general_names: Any = found.get(x509.SubjectAlternativeName, [])
    assert certificate.san_dns == tuple(n.value for n in general_names if isinstance(n, x509.DNSName))
    assert certificate.san_email == tuple(n.value for n in general_names if isinstance(n, x509.RFC822Name))
    assert certificate.san_uri == tuple(n.value for n in general_names if isinstance(n, x509.UniformResourceIdentifier))
    purposes: Any = found.get(x509.ExtendedKeyUsage)
    expected_purposes = None if purposes is None else frozenset(oid.dotted_string for oid in purposes)
    assert certificate.extended_key_usage == expected_purposes
    return True


def with_extension_twice(octets: bytes, oid: str) -> bytes | None:
    """Return a certificate with one of its extensions repeated at the end; None if it does not have it."""
    outer = structure.decode(structure.Certificate, octets)
    tbs = structure.decode(structure.TBSCertificate, structure.octets_of(outer.tbs_certificate))
    extensions = [structure.octets_of(one) for one in tbs.extensions or ()]
    wanted = [one for one in extensions if structure.decode(structure.Extension, one).extn_id.dotted_string == oid]
    if not wanted or tbs.issuer_unique_id or tbs.subject_unique_id:
        return None
    parts = (tbs.serial_number, tbs.signature, tbs.issuer, tbs.validity, tbs.subject, tbs.subject_public_key_info)
    made = der.seq(
        der.ctx(0, der.integer(tbs.version or 0)),
        *map(structure.octets_of, parts),
        der.ctx(3, der.seq(*extensions, wanted[0])),
    )
    return der.seq(made, structure.octets_of(outer.signature_algorithm), der.bits(outer.signature.as_bytes()))


@pytest.mark.parametrize("oid", READ)
def test_an_extension_twice_is_unreadable_to_both(oid: str) -> None:
    tried = 0
    for octets in DERS:
        try:
            x509.load_der_x509_certificate(octets).extensions  # noqa: B018
            twice = with_extension_twice(octets, oid)
        except Exception:  # one of its own faults would be found first
            continue
        if twice is None:
            continue
        with pytest.raises(x509.DuplicateExtension):
            x509.load_der_x509_certificate(twice).extensions  # noqa: B018
        certificate = ClientCertificate.from_der(twice)
        with refused("certificate_unreadable", match="2 times"):
            if oid == "2.5.29.17":
                _ = certificate.san_dns
            certificate.extensions.check()
        assert accepts_token(twice, certificate.thumbprint)
        tried += 1
    assert tried > 10


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


KEYS = st.sampled_from(
    [
        der.spki(CA.key),
        der.seq(der.seq(der.oid("1.2.643.7.1.1.1.1")), der.bits(b"\x04\x01x")),
        der.seq(
            der.seq(der.oid("1.2.840.113549.1.1.1"), b"\x05\x00"),
            der.bits(der.seq(der.integer(1 << 2049), b"\x02\x01\x03")),
        ),
    ]
)
ALGORITHMS = st.sampled_from([der.ECDSA256, der.seq(der.oid("1.2.3.4"), b"\x05\x00")])
SERIALS = st.one_of(st.none(), st.builds(der.integer, st.integers(-(2**160), 2**160)))
VALIDITIES = st.sampled_from(
    [VALIDITY, der.seq(der.utc(NOW), der.gtime("99991231235959Z")), der.seq(der.gtime("20200101000000Z"), der.utc(NOW))]
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(SUBJECTS, EXTENSIONS, KEYS, ALGORITHMS, SERIALS, VALIDITIES)
def test_odd_ones(
    subject: list[tuple[str, bytes]], extensions: list[bytes], key: bytes, algorithm: bytes, serial: bytes, dates: bytes
) -> None:
    octets = CA.cert(der.dn(*subject), extensions, validity=dates, sigalg=algorithm, spki_der=key, serial=serial)
    judge(octets)
    compared(octets)
