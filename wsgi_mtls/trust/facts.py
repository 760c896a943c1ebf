"""The facts about one certificate of a path: purposes, key, signature, dates."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import ExtensionOID

from ..errors import UntrustedPath


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about one certificate that the checks of a path need.

    Attributes:
        subject: the subject.
        is_ca: by its basic constraints; None without them.
        key_usage: the key usage, or None without it.
        purposes: the dotted OIDs of its extended key usage, or None without it.
        hash_bits: the size of the hash that was signed; None where the algorithm has none of its own (Ed25519), 0 where
            it is unknown.
        key_kind: RSA, EC or DSA; empty for others.
        key_bits: the size of the key; 0 for others.
        not_before: first moment of validity.
        not_after: last moment of validity.
    """

    subject: x509.Name
    is_ca: bool | None
    key_usage: x509.KeyUsage | None
    purposes: frozenset[str] | None
    hash_bits: int | None
    key_kind: str
    key_bits: int
    not_before: datetime
    not_after: datetime


def read(der: bytes) -> Facts:
    """Read the parts of a certificate that the checks need.

    Raises:
        UntrustedPath: If a part that the checks need cannot be read.
    """
    try:
        return _read(x509.load_der_x509_certificate(der))
    except Exception as error:  # cryptography reports hostile input by many kinds of exception
        raise UntrustedPath(f"A certificate of the path cannot be read: {error}. Have it issued anew.") from None


# CA certificates of verified paths come again with each client.
read_authority = lru_cache(maxsize=256)(read)


def _read(certificate: x509.Certificate) -> Facts:
    extensions: dict[x509.ObjectIdentifier, Any] = {each.oid: each.value for each in certificate.extensions}
    constraints = extensions.get(ExtensionOID.BASIC_CONSTRAINTS)
    purposes = extensions.get(ExtensionOID.EXTENDED_KEY_USAGE)
    kind, bits = _key(certificate)
    return Facts(
        subject=certificate.subject,
        is_ca=None if constraints is None else constraints.ca,
        key_usage=extensions.get(ExtensionOID.KEY_USAGE),
        purposes=None if purposes is None else frozenset(oid.dotted_string for oid in purposes),
        hash_bits=_hash_bits(certificate),
        key_kind=kind,
        key_bits=bits,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def _hash_bits(certificate: x509.Certificate) -> int | None:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None if _has_no_hash(certificate.signature_algorithm_oid.dotted_string) else 0
    return None if algorithm is None else algorithm.digest_size * 8


def _has_no_hash(oid: str) -> bool:
    """Return whether the signature needs no hash.

    Those of ML-DSA and SLH-DSA, which may be unknown here, need none.
    """
    arc, _, number = oid.rpartition(".")
    return arc == "2.16.840.1.101.3.4.3" and int(number) >= 17


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        # OpenSSL verified what this key signed, or the handshake did: cryptography need not know its kind.
        return "", 0
    match key:
        case rsa.RSAPublicKey():
            return "RSA", key.key_size
        case ec.EllipticCurvePublicKey():
            return "EC", key.curve.key_size
        case dsa.DSAPublicKey():
            return "DSA", key.key_size
    return "", 0
