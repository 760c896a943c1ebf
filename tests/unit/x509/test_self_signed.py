"""Whether a certificate signed itself: whatever the algorithm, and at a bounded cost."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests import der
from wsgi_mtls import ClientCertificate

RSA = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
NAME = der.dn((der.CN, der.utf8("a")))
PSS = "1.2.840.113549.1.1.10"
SHA2 = "2.16.840.1.101.3.4.2."
MGF1 = "1.2.840.113549.1.1.8"


class Signer(der.CA):
    """An RSA key that signs with a given scheme."""

    def __init__(self, key: rsa.RSAPrivateKey, *how: Any) -> None:
        super().__init__()
        self.own, self.how = key, how
        self.key = self  # type: ignore[assignment]

    def sign(self, octets: bytes, _: object) -> bytes:
        return self.own.sign(octets, *self.how)


def made(algorithm: bytes, *how: Any, signer: rsa.RSAPrivateKey = RSA) -> ClientCertificate:
    return ClientCertificate.from_der(Signer(signer, *how).cert(NAME, key=RSA, sigalg=algorithm))


def pss_parameters(digest: str, mask: str, *, null: bool = True) -> bytes:
    tail = [b"\x05\x00"] if null else []
    return der.seq(
        der.oid(PSS),
        der.seq(
            der.ctx(0, der.seq(der.oid(digest), *tail)),
            der.ctx(1, der.seq(der.oid(MGF1), der.seq(der.oid(mask), *tail))),
            der.ctx(2, der.integer(20)),
        ),
    )


def scheme(mask: hashes.HashAlgorithm) -> padding.PSS:
    return padding.PSS(padding.MGF1(mask), 20)


V15 = padding.PKCS1v15()
SHA1 = hashes.SHA1()
SIGNED: dict[str, tuple[bytes, Any, Any]] = {
    "SHA-256": (der.seq(der.oid("1.2.840.113549.1.1.11"), b"\x05\x00"), V15, hashes.SHA256()),
    "MD5": (der.seq(der.oid("1.2.840.113549.1.1.4")), V15, hashes.MD5()),
    "SHA3-256": (der.seq(der.oid("2.16.840.1.101.3.4.3.14")), V15, hashes.SHA3_256()),
    "an unknown name of SHA-1": (der.seq(der.oid("1.3.14.3.2.29")), V15, SHA1),
    "an unknown name": (der.seq(der.oid("1.2.3.4"), der.utf8("x")), V15, hashes.SHA3_512()),
    "PSS": (pss_parameters(f"{SHA2}1", f"{SHA2}1"), scheme(hashes.SHA256()), hashes.SHA256()),
    "PSS without NULL": (pss_parameters(f"{SHA2}3", f"{SHA2}3", null=False), scheme(hashes.SHA512()), hashes.SHA512()),
    "PSS with another mask": (pss_parameters(f"{SHA2}1", "1.3.14.3.2.26"), scheme(SHA1), hashes.SHA256()),
    "PSS with SHA-3": (pss_parameters(f"{SHA2}8", f"{SHA2}8"), scheme(hashes.SHA3_256()), hashes.SHA3_256()),
    "PSS by default": (der.seq(der.oid(PSS), der.seq()), scheme(SHA1), SHA1),
    "PSS without parameters": (der.seq(der.oid(PSS)), scheme(SHA1), SHA1),
}


@pytest.mark.parametrize("of", SIGNED)
def test_each_algorithm(of: str) -> None:
    algorithm, *how = SIGNED[of]
    assert made(algorithm, *how).is_self_signed
    assert not made(algorithm, *how, signer=OTHER).may_be_self_signed


@pytest.mark.parametrize(
    "parameters", [b"\x05\x00", der.seq(der.integer(1)), der.seq(der.ctx(0, der.seq(der.oid("1.2.3.4"))))]
)
def test_parameters_that_name_no_digest(parameters: bytes) -> None:
    certificate = made(der.seq(der.oid(PSS), parameters), scheme(SHA1), SHA1)
    assert certificate.may_be_self_signed
    assert not certificate.is_self_signed


def rsa_key(bits: int, exponent: int) -> bytes:
    modulus = (1 << (bits - 1)) | 1
    rsa_encryption = der.seq(der.oid("1.2.840.113549.1.1.1"), b"\x05\x00")
    return der.seq(rsa_encryption, der.bits(der.seq(der.integer(modulus), der.integer(exponent))))


@pytest.mark.parametrize(
    ("bits", "exponent", "is_tried"),
    [
        (2048, 65537, True),
        (8192, (1 << 63) | 1, True),
        (2048, (1 << 64) | 1, False),
        (3072, (1 << 3070) | 1, False),
        (8193, 65537, False),
        (16384, 65537, False),
    ],
)
@pytest.mark.parametrize("oid", ["1.2.840.113549.1.1.11", PSS, "1.2.3.4"])
def test_a_key_that_takes_too_long_is_not_tried(bits: int, exponent: int, is_tried: bool, oid: str) -> None:
    """A stranger chooses the key; whether it signed itself remains open then, which refuses nothing."""
    octets = der.CA().cert(NAME, sigalg=der.seq(der.oid(oid)), spki_der=rsa_key(bits, exponent))
    certificate = ClientCertificate.from_der(octets)
    assert certificate.may_be_self_signed is not is_tried
    assert not certificate.is_self_signed


def test_an_unknown_algorithm_of_ecdsa() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    ca = der.CA()
    ca.key = key
    for signer, expected in ((key, True), (ec.generate_private_key(ec.SECP256R1()), False)):
        ca.key = signer
        octets = ca.cert(NAME, key=key, sigalg=der.seq(der.oid("1.2.3.4")))
        assert ClientCertificate.from_der(octets).may_be_self_signed is expected
