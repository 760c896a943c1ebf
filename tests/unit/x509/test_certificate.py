"""The content of a certificate, against how it was made or what the standard library reads."""

import base64
import dataclasses
import hashlib
import ipaddress
import pickle
import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from tests.support import refused
from wsgi_mtls import ClientCertificate
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign, to_pem
from wsgi_mtls.x509 import parts

PROFILE = Profile(
    san_dns=["a.example", "*.B.example"],
    san_uri=["spiffe://a/b", "https://c.example/?d=e"],
    san_ip=["192.0.2.1", "2001:db8::1"],
    san_email=["d@e.example"],
    not_before=datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC),
    not_after=datetime(2051, 2, 3, 4, 5, 6, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def pair(ca: KeyPair) -> KeyPair:
    return ca.issue(r"CN=x\, y,CN=second,OU=a+O=b,C=SE", PROFILE)


def test_names(pair: KeyPair) -> None:
    certificate = pair.certificate
    assert certificate.subject in (r"CN=x\, y,CN=second,OU=a+O=b,C=SE", r"CN=x\, y,CN=second,O=b+OU=a,C=SE")
    assert certificate.issuer == "CN=Test CA"
    assert certificate.common_names == ("second", "x, y")


def test_alternative_names(pair: KeyPair) -> None:
    certificate = pair.certificate
    assert certificate.san_dns == ("a.example", "*.B.example")
    assert certificate.san_uri == ("spiffe://a/b", "https://c.example/?d=e")
    assert certificate.san_ip == (ipaddress.IPv4Address("192.0.2.1"), ipaddress.IPv6Address("2001:db8::1"))
    assert certificate.san_email == ("d@e.example",)


def test_validity_is_aware(pair: KeyPair) -> None:
    assert pair.certificate.not_before == datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert pair.certificate.not_after == datetime(2051, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert pair.certificate.not_after.utcoffset() is not None


def test_thumbprint_and_der(pair: KeyPair) -> None:
    der = ssl.PEM_cert_to_DER_cert(to_pem(pair.certificate).decode())
    assert pair.certificate.der == der
    expected = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")
    assert pair.certificate.thumbprint == expected
    assert len(expected) == 43


def test_key_and_serial_number(pair: KeyPair) -> None:
    spki = pair.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert pair.certificate.public_key_der == spki
    assert pair.certificate.serial_number.to_bytes(20, "big").lstrip(b"\0") in pair.certificate.der


def test_extended_key_usage(ca: KeyPair, pair: KeyPair) -> None:
    assert pair.certificate.extended_key_usage == frozenset({"1.3.6.1.5.5.7.3.2"})
    assert ca.issue("CN=x", Profile(extended_key_usage=())).certificate.extended_key_usage is None


def test_no_subject_and_no_alternative_names(ca: KeyPair) -> None:
    certificate = ca.issue("").certificate
    assert certificate.subject == ""
    assert certificate.common_names == ()
    assert certificate.san_dns == certificate.san_uri == certificate.san_ip == certificate.san_email == ()


def test_an_address_with_a_mask_is_none(ca: KeyPair) -> None:
    network = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_network("192.0.2.0/24"))])
    assert ca.issue("CN=x", Profile(extensions=[(network, False)])).certificate.san_ip == ()


def _signed_by_own_key_for(issuer: str, key: object) -> ClientCertificate:
    """Sign a certificate with its own key, under another issuer name."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())  # type: ignore[attr-defined]
        .serial_number(1)
        .not_valid_before(PROFILE.not_before)  # type: ignore[arg-type]
        .not_valid_after(PROFILE.not_after)  # type: ignore[arg-type]
    )
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) else hashes.SHA256()
    return ClientCertificate.from_der(builder.sign(key, digest).public_bytes(Encoding.DER))  # type: ignore[arg-type]


KEYS = [
    ec.generate_private_key(ec.SECP256R1()),
    ec.generate_private_key(ec.SECP384R1()),
    rsa.generate_private_key(65537, 2048),
    ed25519.Ed25519PrivateKey.generate(),
    ed448.Ed448PrivateKey.generate(),
    dsa.generate_private_key(2048),
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: type(key).__name__)
def test_self_signed_whatever_the_issuer_name_says(key: object) -> None:
    assert _signed_by_own_key_for("x", key).is_self_signed
    assert _signed_by_own_key_for("Some CA", key).is_self_signed


def test_self_signed_with_pss() -> None:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, PROFILE.not_before, PROFILE.not_after)
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    der = builder.sign(key, hashes.SHA256(), rsa_padding=scheme).public_bytes(Encoding.DER)
    assert ClientCertificate.from_der(der).is_self_signed


@pytest.mark.parametrize("key_type", ["ec", "rsa", "ed25519"])
def test_the_same_name_is_not_self_signed(key_type: str) -> None:
    profile = Profile(key_type=key_type)  # type: ignore[arg-type]
    certificate = make_ca("CN=x", Profile(ca=True, key_type=key_type)).issue("CN=x", profile).certificate  # type: ignore[arg-type]
    assert certificate.subject == certificate.issuer
    assert not certificate.is_self_signed
    assert certificate.is_self_issued
    assert self_sign("CN=x", profile).certificate.is_self_signed
    assert not make_ca("CN=x").issue("CN=y").certificate.is_self_issued
    assert make_ca("CN=Some  CA").issue("CN=some CA").certificate.is_self_issued


def test_immutable(pair: KeyPair) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        pair.certificate.subject = "CN=root"
    with pytest.raises((AttributeError, TypeError)):
        pair.certificate.extra = 1  # type: ignore[attr-defined]


def test_equal_by_der(ca: KeyPair, pair: KeyPair) -> None:
    again = ClientCertificate.from_der(bytes(bytearray(pair.certificate.der)))
    assert again is not pair.certificate
    assert again == pair.certificate
    assert hash(again) == hash(pair.certificate)
    assert again != ca.certificate
    assert again != again.der
    assert again.thumbprint in repr(again)


def test_read_once(pair: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    pem, read = to_pem(pair.certificate), []
    original = parts.validity

    def validity(der: bytes) -> tuple[datetime, datetime]:
        read.append(der)
        return original(der)

    monkeypatch.setattr(parts, "validity", validity)
    certificate = ClientCertificate.from_pem(pem)
    assert read == []
    for _ in range(2):
        assert certificate.not_before < certificate.not_after
    assert len(read) == 1
    for _ in range(2):
        with refused("malformed_certificate"):
            ClientCertificate.from_der(b"0")


def test_pickled(pair: KeyPair) -> None:
    assert pair.certificate.subject
    again = pickle.loads(pickle.dumps(pair.certificate))
    assert again == pair.certificate
    assert again.subject == pair.certificate.subject
