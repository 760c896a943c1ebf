"""One trusted CA certificate."""

import base64
import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL.crypto import X509

from . import openssl


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate that the store trusts.

    Attributes:
        der: its octets.
        handle: the same, as OpenSSL holds it.
        subject: the subject in DER.
        is_root: whether it is self-signed, so that a path ends with it.
        pins: by what ``tls_client_auth_issuer`` may name it.
    """

    der: bytes
    handle: X509
    subject: bytes
    is_root: bool
    pins: frozenset[str]

    @classmethod
    def of(cls, certificate: x509.Certificate) -> "Authority":
        """Read a certificate.

        Raises:
            UntrustedPath: If OpenSSL cannot read it.
        """
        der, subject = certificate.public_bytes(Encoding.DER), certificate.subject.public_bytes()
        handle = openssl.load(der)
        return cls(der, handle, subject, _is_root(certificate), _pins(der, openssl.public_key_of(handle)))


def pins_of(der: bytes) -> frozenset[str]:
    """Return by what ``tls_client_auth_issuer`` may name a CA's certificate.

    Raises:
        UntrustedPath: If OpenSSL cannot read it.
    """
    return _pins(der, openssl.public_key_of(openssl.load(der)))


def _is_root(certificate: x509.Certificate) -> bool:
    # A CA that changes its key issues certificates to its own name that are not self-signed (RFC 5280 section 6.1).
    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    except UnsupportedAlgorithm:
        return certificate.subject == certificate.issuer
    return True


def _pins(der: bytes, public_key: bytes) -> frozenset[str]:
    return frozenset((f"cert-sha256:{_digest(der)}", f"spki-sha256:{_digest(public_key)}"))


def _digest(octets: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(octets).digest()).rstrip(b"=").decode("ascii")
