"""Certificates in the files that people have: read, or refused by what the file is."""

import base64
import time
import warnings
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs7,
    pkcs12,
)
from OpenSSL import crypto

from tests import der
from tests.support import refused
from wsgi_mtls import CallbackRegistry, ClientCertificate
from wsgi_mtls.testing import KeyPair, make_ca, self_sign, to_pem
from wsgi_mtls.x509.files import MAX_FILE_SIZE, read_certificate, read_certificates

CASES = Path(__file__).parents[2] / "cases" / "files"
CA = make_ca()
PAIR: KeyPair = CA.issue("CN=billing")
ONE, TWO = PAIR.certificate, CA.certificate
LOADED = x509.load_der_x509_certificate(ONE.der)
PEM = to_pem(ONE).decode()
BODY = "".join(PEM.splitlines()[1:-1])
KEY = PAIR.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
SEC1 = PAIR.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
P7B = pkcs7.serialize_certificates([LOADED], Encoding.DER)
# What OpenSSL puts after the certificate: trusted for clientAuth, with an alias.
TRUST = der.seq(der.seq(der.oid(der.CLIENT)), der.utf8("billing"))


def block(label: str, octets: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(octets).decode()}-----END {label}-----\n"


READ: dict[str, bytes | str] = {
    "PEM": PEM,
    "PEM as octets": PEM.encode(),
    "DER": ONE.der,
    "base64": BODY,
    "base64 in lines": base64.encodebytes(ONE.der),
    "base64 without padding": BODY.rstrip("="),
    "bag attributes": f"Bag Attributes\n    friendlyName: billing\nsubject=CN=billing\n{PEM}",
    "text after it": f"{PEM}\nVerify return code: 0 (ok)\n---\n",
    "Latin-1 around it": "Gr\u00fc\u00dfe\n".encode("latin-1") + PEM.encode(),
    "CR LF": PEM.replace("\n", "\r\n"),
    "CR": PEM.replace("\n", "\r"),
    "indented": PEM.replace("\n", "\n    "),
    "one line": f"-----BEGIN CERTIFICATE-----{BODY}-----END CERTIFICATE-----",
    "a byte order mark": b"\xef\xbb\xbf" + PEM.encode(),
    "UTF-16": PEM.encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + PEM.encode("utf-16-be"),
    "UTF-16 without a mark": PEM.encode("utf-16-le"),
    "UTF-16, big end first, without a mark": PEM.encode("utf-16-be"),
    "base64 as UTF-16": BODY.encode("utf-16"),
    "a key after it": PEM + KEY,
    "a key before it": PARAMETERS + SEC1 + PEM,
    "an encrypted key": block("ENCRYPTED PRIVATE KEY", b"0") + PEM,
    "X509": block("X509 CERTIFICATE", ONE.der),
    "TRUSTED": block("TRUSTED CERTIFICATE", ONE.der + TRUST),
    "TRUSTED without trust": block("TRUSTED CERTIFICATE", ONE.der),
    "PKCS#7": P7B,
    "PKCS#7 as PEM": pkcs7.serialize_certificates([LOADED], Encoding.PEM),
    "PKCS#7 under an old label": block("PKCS #7 SIGNED DATA", P7B),
    "PKCS#7 as base64": base64.b64encode(P7B),
    "twice": PEM + PEM,
}


@pytest.mark.parametrize("of", READ)
def test_read(of: str) -> None:
    assert read_certificate(READ[of]) == ONE
    registry = CallbackRegistry(self_signed=lambda _: READ[of])
    client = registry.get("a")
    assert client is not None
    assert client.certificates == (ONE,)


@pytest.mark.parametrize("of", ["bag-attributes", "bom", "openssl-text", "utf16"])
def test_from_the_field(of: str) -> None:
    content = (CASES / f"{of}.pem").read_bytes()
    (expected,) = (crypto.load_certificate(crypto.FILETYPE_PEM, _as_text(content)),)
    assert read_certificate(content).der == crypto.dump_certificate(crypto.FILETYPE_ASN1, expected)


def _as_text(content: bytes) -> bytes:
    return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig").encode()


def request() -> x509.CertificateSigningRequest:
    return x509.CertificateSigningRequestBuilder(LOADED.subject).sign(PAIR.key, hashes.SHA256())


def revocations() -> x509.CertificateRevocationList:
    builder = x509.CertificateRevocationListBuilder(
        LOADED.issuer, LOADED.not_valid_before_utc, LOADED.not_valid_after_utc
    )
    return builder.sign(CA.key, hashes.SHA256())


def of_version(octets: bytes, own: int, other: int) -> bytes:
    """Change the version of what is signed; the signature does not matter here."""
    wrapped, version = b"\xa0\x03\x02\x01", b"\x02\x01"
    found = wrapped if wrapped + bytes([own]) in octets else version
    assert found + bytes([own]) in octets
    return octets.replace(found + bytes([own]), found + bytes([other]), 1)


P12 = pkcs12.serialize_key_and_certificates(b"a", PAIR.key, LOADED, None, BestAvailableEncryption(b"x"))
PUBLIC = LOADED.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

REFUSED: dict[str, tuple[bytes | str, str]] = {
    "PKCS#12": (P12, "PKCS#12 .*openssl pkcs12 -in FILE -clcerts -nokeys"),
    "PKCS#12 without a MAC": (der.seq(der.integer(3), der.seq()), "PKCS#12"),
    "PKCS#12 as BER": (b"\x30\x80\x02\x01\x03\x30\x80", "PKCS#12"),
    "PKCS#12 as base64": (base64.b64encode(P12), "PKCS#12"),
    "PKCS#12 under a certificate's label": (block("CERTIFICATE", P12), "PKCS#12"),
    "a Java keystore": (b"\xfe\xed\xfe\xed\0\0\0\2", "keytool -exportcert"),
    "a CSR": (request().public_bytes(Encoding.PEM), "certificate request .*Have a CA sign it"),
    "a CSR as DER": (request().public_bytes(Encoding.DER), "certificate request"),
    "a CSR of Windows": (block("NEW CERTIFICATE REQUEST", request().public_bytes(Encoding.DER)), "certificate request"),
    "a CRL": (revocations().public_bytes(Encoding.PEM), "revocation list"),
    "a CRL as DER": (revocations().public_bytes(Encoding.DER), "revocation list"),
    "a key": (KEY, "private key. Keep it secret"),
    "a key of EC": (PARAMETERS + SEC1, "private key"),
    "a key as DER": (PAIR.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), "private key"),
    "a key of EC as DER": (
        PAIR.key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        "private key",
    ),
    "a public key": (block("PUBLIC KEY", PUBLIC), "public key alone"),
    "a public key as DER": (PUBLIC, "public key alone"),
    "parameters": (PARAMETERS, "only 'EC PARAMETERS'"),
    "several": (to_pem(ONE) + to_pem(TWO), "found 2. Give the client's own alone"),
    "several in PKCS#7": (
        pkcs7.serialize_certificates([LOADED, x509.load_der_x509_certificate(TWO.der)], Encoding.DER),
        "found 2",
    ),
    "PKCS#7 of nothing": (
        der.seq(der.oid("1.2.840.113549.1.7.2"), der.ctx(0, der.seq())),
        "openssl pkcs7 -print_certs",
    ),
    "nothing": (b"", "an empty file"),
    "white space": (b" \n", "an empty file"),
    "text": ("hello, world", "something else"),
    "a word": (b"hello", "something else"),
    "base64 that is damaged": (BODY[:41], "damaged base64"),
    "a Java keystore as base64": (base64.b64encode(b"\xfe\xed\xfe\xed\0\0\0\2"), "keytool -exportcert"),
    "a digit": ("0", "something else"),
    "cut off": (PEM[:-20], "found the end of the file"),
    "two beginnings": (PEM.replace("END", "BEGIN"), "Expected -----END CERTIFICATE-----"),
    "two ends": (PEM.replace("BEGIN", "END"), "Expected a line that begins a block"),
    "damaged base64": (PEM.replace(BODY[:8], "!" * 8), "damaged base64"),
    "a letter beyond ASCII in base64": (PEM.replace(BODY[:1], "\u00e9", 1).encode(), "damaged base64"),
    "a full-width letter in a text's base64": (PEM.replace(BODY[:1], "\uff2d", 1), "damaged base64"),
    "a CSR of another version": (of_version(request().public_bytes(Encoding.DER), 0, 7), "certificate request"),
    "a CRL of another version": (of_version(revocations().public_bytes(Encoding.DER), 1, 7), "revocation list"),
    "PKCS#7 with a certificate of another version": (of_version(P7B, 2, 7), "openssl pkcs7 -print_certs"),
    "octets cut off": (ONE.der[:-1], "Not a certificate"),
    "too large": (b"x" * (MAX_FILE_SIZE + 1), "more than 65536 octets"),
}


@pytest.mark.parametrize("of", REFUSED)
def test_refused(of: str) -> None:
    content, message = REFUSED[of]
    with refused("malformed_certificate", match=message) as caught:
        read_certificate(content)
    assert BODY[20:60] not in caught.value.message
    assert KEY.splitlines()[1] not in caught.value.message


def test_pkcs7_of_a_kind_that_is_warned_of() -> None:
    """A serial number of zero, which the library reports by a warning: an error where a project makes it one."""
    authority = der.CA()
    odd = authority.cert(der.dn((der.CN, der.utf8("a"))), serial=der.integer(0))
    signed = der.seq(der.oid("1.2.840.113549.1.7.1"))
    content = der.seq(der.integer(1), der.set_(), signed, der.ctx(0, odd), der.set_())
    bundle = der.seq(der.oid("1.2.840.113549.1.7.2"), der.ctx(0, content))
    with refused("malformed_certificate", match="openssl pkcs7 -print_certs"), warnings.catch_warnings():
        warnings.simplefilter("error")
        read_certificate(bundle)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert read_certificate(bundle).der == odd


def test_a_chain() -> None:
    assert read_certificates(to_pem(ONE) + KEY.encode() + to_pem(TWO)) == (ONE, TWO)


def test_odd_octets_are_left_to_the_certificate() -> None:
    """What is not known as something else may be a certificate that a bound token needs no part of."""
    for odd in (b"0\x00", der.seq(der.seq(), der.seq(), der.bits(b""))):
        assert read_certificate(odd) == ClientCertificate.from_der(odd)


def test_a_certificate_with_the_text_of_another_in_it() -> None:
    inside = der.ext("1.3.6.1.4.1.99999.1", der.utf8(to_pem(TWO)))
    odd = ClientCertificate.from_der(der.CA().cert(der.dn((der.CN, der.utf8("a"))), [inside]))
    assert read_certificate(odd.der) == odd


def test_self_signed_certificate_of_a_callback() -> None:
    own = self_sign("CN=a")
    client = CallbackRegistry(self_signed=lambda _: memoryview(own.certificate_pem)).get("a")
    assert client is not None
    assert client.certificates == (own.certificate,)


@pytest.mark.parametrize(
    "hostile", ["-----BEGIN CERTIFICATE-----" * 2400, "-----BEGIN A-----\n-----END A-----\n" * 1800]
)
def test_hostile_text_costs_no_square_of_its_length(hostile: str) -> None:
    started = time.process_time()
    with refused("malformed_certificate"):
        read_certificate(hostile[:MAX_FILE_SIZE])
    assert time.process_time() - started < 1
