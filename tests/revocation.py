"""Certificate revocation lists of any shape."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from wsgi_mtls.testing import KeyPair

DAY = timedelta(days=1)


def make_crl(
    issuer: KeyPair,
    revoked: Iterable[KeyPair] = (),
    *,
    age: timedelta = timedelta(hours=1),
    life: timedelta = DAY,
    number: int | None = 1,
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
    signer: KeyPair | None = None,
    names_signer: bool = False,
    reason: x509.ReasonFlags | None = None,
) -> bytes:
    """Make a CRL in PEM, made ``age`` ago; ``signer`` is another than the issuer.

    ``names_signer``: the authority key identifier is that of the signer's key, and not of the issuer's.
    """
    this = datetime.now(UTC) - age
    own = x509.load_der_x509_certificate(issuer.certificate.der)
    builder = x509.CertificateRevocationListBuilder(own.subject, this, this + life)
    named = (signer or issuer) if names_signer else issuer
    key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(named.key.public_key())
    given = [(key_id, False), *extensions, *([] if number is None else [(x509.CRLNumber(number), False)])]
    for extension, critical in given:
        builder = builder.add_extension(extension, critical)
    for pair in revoked:
        entry = x509.RevokedCertificateBuilder(pair.certificate.serial_number, this - DAY)
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    key = (signer or issuer).key
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM)


def write(path: Path, *octets: bytes) -> Path:
    """Write a file, and return its path."""
    path.write_bytes(b"".join(octets))
    return path
