"""Certificates with nothing in them but what a test gives: no extension comes by itself."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from wsgi_mtls import ClientCertificate
from wsgi_mtls.testing import KeyPair, make_key

CA = (x509.BasicConstraints(True, None), True)
LEAF = (x509.BasicConstraints(False, None), True)


def usage(**given: bool) -> tuple[x509.KeyUsage, bool]:
    """Return a critical key usage with these bits."""
    bits = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
    )
    names = (*bits.split(), "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: given.get(name, False) for name in names}), True


def bare(
    subject: str,
    issuer: KeyPair | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    *,
    key: Any = None,
    digest: Any = None,
    issuer_name: str | None = None,
    days: tuple[float, float] = (-1, 30),
) -> KeyPair:
    """Make a certificate; without an issuer it is self-signed.

    Args:
        subject: RFC 4514 text.
        issuer: signs it.
        extensions: each with whether it is critical.
        key: the subject's.
        digest: what is signed; SHA-256 by default.
        issuer_name: another name than the issuer's.
        days: from when to when it is valid, in days from now.
    """
    key = key or make_key()
    own = x509.Name.from_rfc4514_string(subject)
    name = own if issuer is None else x509.load_der_x509_certificate(issuer.certificate.der).subject
    if issuer_name is not None:
        name = x509.Name.from_rfc4514_string(issuer_name)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    signed = builder.sign(key if issuer is None else issuer.key, digest or hashes.SHA256())
    return KeyPair(ClientCertificate.from_der(signed.public_bytes(Encoding.DER)), key)
