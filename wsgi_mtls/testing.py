"""Tools for an application's own tests.

They make certification authorities, certificates of any shape, and environs.
"""

import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from .sources import PEER
from .x509 import ClientCertificate, PeerCertificate, names
from .x509.name_text import read_registered

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
KeyType = Literal["ec", "rsa", "ed25519"]
Extension = tuple[x509.ExtensionType, bool]
"""An X.509 extension and whether it is critical."""

CLIENT_AUTH = (ExtendedKeyUsageOID.CLIENT_AUTH,)
SERVER_AUTH = (ExtendedKeyUsageOID.SERVER_AUTH,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The content of a certificate to make.

    Attributes:
        san_dns: dNSName entries of the subject alternative name; the other kinds in the same way.
        san_uri: its uniformResourceIdentifier entries.
        san_ip: its iPAddress entries.
        san_email: its rfc822Name entries.
        ca: whether it may issue others.
        not_before: first moment of validity, aware; None is an hour ago, or an hour before one that has expired did.
        not_after: last moment of validity, aware; None is ``days`` from now.
        days: how long it is valid, where ``not_after`` is None; -1 is one that expired yesterday.
        extended_key_usage: the purposes; none leaves the extension out.
        extensions: others, as they are.
        key: the subject's key; None makes one of ``key_type``.
        key_type: the kind of key that is made.

    Raises:
        TypeError: If a text is given for a list of names: each character would be a name.
    """

    san_dns: Sequence[str] = ()
    san_uri: Sequence[str] = ()
    san_ip: Sequence[str] = ()
    san_email: Sequence[str] = ()
    ca: bool = False
    not_before: datetime | None = None
    not_after: datetime | None = None
    days: int = 30
    extended_key_usage: Sequence[x509.ObjectIdentifier] = CLIENT_AUTH
    extensions: Sequence[Extension] = ()
    key: PrivateKey | None = None
    key_type: KeyType = "ec"

    def __post_init__(self) -> None:
        for name in ("san_dns", "san_uri", "san_ip", "san_email"):
            if isinstance(value := getattr(self, name), str):
                raise TypeError(f'{name} is a list of names: ["{value}"].')


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate with its private key.

    Attributes:
        certificate: the certificate.
        key: its private key.
        chain: the certificates up to its CA's, without that of a root.
    """

    certificate: ClientCertificate
    key: PrivateKey = field(repr=False)
    chain: tuple[ClientCertificate, ...] = ()

    @property
    def certificate_pem(self) -> bytes:
        """The certificate and its chain, as PEM: what a TLS client loads."""
        return b"".join(to_pem(certificate) for certificate in (self.certificate, *self.chain))

    @property
    def key_pem(self) -> bytes:
        """The private key as unencrypted PKCS #8 PEM."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def issue(self, subject: str | x509.Name, profile: Profile | None = None) -> "KeyPair":
        """Issue a certificate under this one, whether or not it may."""
        profile = profile or Profile()
        key = profile.key or make_key(profile.key_type)
        issuer = x509.load_der_x509_certificate(self.certificate.der)
        certificate = _sign(_name(subject), key, issuer.subject, self.key, profile)
        return KeyPair(certificate, key, () if self.certificate.is_self_signed else (self.certificate, *self.chain))


def make_ca(subject: str | x509.Name = "CN=Test CA", profile: Profile | None = None) -> KeyPair:
    """Make a root CA. An intermediate is ``root.issue("CN=…", Profile(ca=True))``."""
    return self_sign(subject, profile or Profile(ca=True, extended_key_usage=(), days=3650))


def self_sign(subject: str | x509.Name, profile: Profile | None = None) -> KeyPair:
    """Make a self-signed certificate.

    It has CA:FALSE by default: in a terminator's CA bundle, one that may issue others would issue any name.
    """
    profile = profile or Profile()
    key = profile.key or make_key(profile.key_type)
    name = _name(subject)
    return KeyPair(_sign(name, key, name, key, profile), key)


def make_key(key_type: KeyType = "ec") -> PrivateKey:
    """Make a private key: P-256, RSA of 2048 bits, or Ed25519."""
    match key_type:
        case "ec":
            return ec.generate_private_key(ec.SECP256R1())
        case "rsa":
            return rsa.generate_private_key(65537, 2048)
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()


def to_pem(certificate: ClientCertificate) -> bytes:
    """Return the certificate as PEM."""
    return ssl.DER_cert_to_PEM_cert(certificate.der).encode("ascii")


def environ_for(
    certificate: ClientCertificate | KeyPair | None, *, chain: Sequence[ClientCertificate] = (), verified: bool = True
) -> dict[str, object]:
    """Return what to add to a WSGI environ so that its request has this certificate.

    Args:
        certificate: the certificate, or None for a request without one.
        chain: what came with it.
        verified: whether the terminator validated the chain; a self-signed certificate is never PKI.
    """
    if certificate is None:
        return {PEER: None}
    leaf = certificate.certificate if isinstance(certificate, KeyPair) else certificate
    return {PEER: PeerCertificate(leaf, tuple(chain), verified, "testing")}


def _name(subject: str | x509.Name) -> x509.Name:
    if isinstance(subject, x509.Name):
        return subject
    return names.to_x509(read_registered(subject)) if subject else x509.Name([])


def _sign(
    subject: x509.Name, key: PrivateKey, issuer: x509.Name, issuer_key: PrivateKey, profile: Profile
) -> ClientCertificate:
    not_before, not_after = _validity(profile)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    for extension, critical in (*_extensions(key, issuer_key, profile, not subject.rdns), *profile.extensions):
        builder = builder.add_extension(extension, critical)
    digest = None if isinstance(issuer_key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return ClientCertificate.from_der(builder.sign(issuer_key, digest).public_bytes(Encoding.DER))


def _validity(profile: Profile) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    not_after = profile.not_after or max(now, profile.not_before or now) + timedelta(days=profile.days)
    return profile.not_before or min(now, not_after) - timedelta(hours=1), not_after


def _extensions(key: PrivateKey, issuer_key: PrivateKey, profile: Profile, no_subject: bool) -> list[Extension]:
    extensions: list[Extension] = [
        (x509.BasicConstraints(ca=profile.ca, path_length=None), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
        (_key_usage(profile.ca), True),
    ]
    if profile.extended_key_usage:
        extensions.append((x509.ExtendedKeyUsage(profile.extended_key_usage), False))
    alternatives = [
        *map(x509.DNSName, profile.san_dns),
        *map(x509.UniformResourceIdentifier, profile.san_uri),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in profile.san_ip),
        *map(x509.RFC822Name, profile.san_email),
    ]
    if alternatives:
        # RFC 5280 section 4.2.1.6: critical where the subject is empty.
        extensions.append((x509.SubjectAlternativeName(alternatives), no_subject))
    return extensions


def _key_usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
