"""One parsed X.509 certificate, and a certificate as a peer presented it."""

import base64
import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Literal, NoReturn, TypedDict, final, get_args

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from . import names
from .errors import CertificateNotDelivered, MalformedCertificate
from .pem import pem_to_der
from .self_issued import is_self_issued
from .self_signed import is_self_signed

MAX_DER_SIZE = 65536
"""The largest certificate that is read, in octets."""
_MAX_CACHED_SIZE = 8192  # anybody can make many that are larger, and one takes a multiple of its size

SubjectKind = Literal[
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
]
"""The five names by which a PKI client can be registered (RFC 8705 section 2.1.2)."""
SUBJECT_KINDS: tuple[SubjectKind, ...] = get_args(SubjectKind)

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@final
@dataclass(frozen=True, slots=True, eq=False)
class ClientCertificate:
    """One X.509 certificate (RFC 5280), read whole when it is made: no property of it can fail later.

    Make one with :meth:`from_der` or :meth:`from_pem`. Two are equal if their DER is.

    Attributes:
        der: the certificate itself.
        thumbprint: ``x5t#S256`` (RFC 8705 section 3.1): base64url, unpadded, of the SHA-256 of the DER.
        subject: the subject as RFC 4514 text, to be read by people; ``subject_name`` is what is compared.
        subject_name: the subject, ready to be compared.
        issuer: the issuer as RFC 4514 text.
        common_names: the subject's CN values, in the certificate's order; the empty text stands for one whose encoding
            leaves open which text it is.
        san_dns: the dNSName entries of the subject alternative name, and so on for the other kinds.
        san_uri: its uniformResourceIdentifier entries.
        san_ip: its iPAddress entries of 4 or 16 octets; others (RFC 5280 section 4.2.1.6) are no addresses.
        san_email: its rfc822Name entries.
        extended_key_usage: the dotted OIDs of the extension, or None without it.
        not_before: first moment of validity, UTC.
        not_after: last moment of validity, UTC.
        serial_number: as the issuer gave it.
        public_key_der: the SubjectPublicKeyInfo, as cryptography writes it: that of an RSA-PSS key (RFC 4055) names
            plain RSA, so that the same key is the same octets. Of a key of an unknown kind, as the certificate has it.
        is_self_signed: whether the signature verifies under the certificate's own key, whatever the names say.
        may_be_self_signed: the same, and also where the installed cryptography can't verify this kind of signature.
        is_self_issued: whether subject and issuer are the same name (RFC 5280 section 3.2) or may be so for another
            reader (:mod:`.self_issued`), whatever the signature is: OpenSSL does not verify that of one that stands in
            its CA bundle.
    """

    der: bytes
    thumbprint: str
    subject: str
    subject_name: names.DistinguishedName
    issuer: str
    common_names: tuple[str, ...]
    san_dns: tuple[str, ...]
    san_uri: tuple[str, ...]
    san_ip: tuple[IPAddress, ...]
    san_email: tuple[str, ...]
    extended_key_usage: frozenset[str] | None
    not_before: datetime
    not_after: datetime
    serial_number: int
    public_key_der: bytes
    is_self_signed: bool
    may_be_self_signed: bool
    is_self_issued: bool

    @staticmethod
    def from_der(der: bytes) -> "ClientCertificate":
        """Read DER. The last 512 certificates of usual size are not parsed again.

        Raises:
            MalformedCertificate: not exactly one certificate, or one with a part that can't be read.
        """
        octets = bytes(der)
        return _from_der(octets) if len(octets) <= _MAX_CACHED_SIZE else _parse(octets)

    @staticmethod
    def from_pem(pem: str | bytes) -> "ClientCertificate":
        """Read PEM (RFC 7468): one certificate, nothing but white space around it.

        Raises:
            MalformedCertificate: as :meth:`from_der`.
        """
        text = pem if isinstance(pem, str) else bytes(pem).decode("latin-1")
        return ClientCertificate.from_der(pem_to_der(text))

    def __eq__(self, other: object) -> bool:
        return self.der == other.der if isinstance(other, ClientCertificate) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.der)

    def __repr__(self) -> str:
        return f"<ClientCertificate {self.thumbprint}>"


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """The certificate that a client presented, as the TLS terminator delivered it.

    Attributes:
        certificate: the leaf; presenting it proved possession of its key.
        chain: what came with it, without the leaf: hints for path building and nothing else.
        verified: whether the terminator says that it validated the chain of this very request.
        source: the certificate source that it came from, for the log.
        status: the terminator's own words about the chain, such as ``FAILED:certificate revoked``; empty where it
            validated the chain or has none.
    """

    certificate: ClientCertificate
    chain: tuple[ClientCertificate, ...] = ()
    verified: bool = False
    source: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class PeerSubject:
    """A subject value of a certificate that the TLS terminator keeps to itself.

    Validity, extended key usage and whether it is self-signed can't be looked at here: the terminator's word that it
    validated the chain has to cover them.

    Attributes:
        kind: which of the five of RFC 8705 section 2.1.2, as ``tls_client_auth_san_dns``.
        values: the texts that the certificate carries of it.
        verified: whether the terminator says that it validated the chain of this very request.
        source: the certificate source that it came from, for the log.
    """

    kind: SubjectKind
    values: tuple[str, ...]
    verified: bool = False
    source: str = ""

    @property
    def certificate(self) -> NoReturn:
        """Never there.

        Raises:
            CertificateNotDelivered: always.
        """
        raise CertificateNotDelivered(
            f"{self.source} forwards only {self.kind}: make the terminator pass the certificate on, for self-signed "
            "clients and for bound tokens."
        )


Peer = PeerCertificate | PeerSubject
"""What a certificate source finds."""


@lru_cache(maxsize=512)
def _from_der(der: bytes) -> ClientCertificate:
    return _parse(der)


def _parse(der: bytes) -> ClientCertificate:
    if len(der) > MAX_DER_SIZE:
        raise MalformedCertificate(f"The certificate is larger than {MAX_DER_SIZE} octets.")
    try:
        return _read(x509.load_der_x509_certificate(der), der)
    except Exception as error:
        # By which exceptions cryptography reports hostile input, some only when a property is read, changes with its
        # releases: ValueError and its kin, KeyError, TypeError, its own, and warnings where they are made errors.
        raise MalformedCertificate(f"Not a certificate that can be read: {error}.") from None


def _read(certificate: x509.Certificate, der: bytes) -> ClientCertificate:
    subject, extensions = names.from_x509(certificate.subject), certificate.extensions
    verifies = is_self_signed(certificate)
    return ClientCertificate(
        der=der,
        thumbprint=base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode("ascii"),
        subject=certificate.subject.rfc4514_string(),
        subject_name=subject,
        issuer=certificate.issuer.rfc4514_string(),
        common_names=tuple(
            names.text(attribute) for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        ),
        **_alternative_names(extensions),
        extended_key_usage=_extended_key_usage(extensions),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        serial_number=certificate.serial_number,
        public_key_der=_public_key(certificate),
        is_self_signed=bool(verifies),
        may_be_self_signed=verifies is not False,
        is_self_issued=is_self_issued(certificate, subject),
    )


class _AlternativeNames(TypedDict):
    san_dns: tuple[str, ...]
    san_uri: tuple[str, ...]
    san_ip: tuple[IPAddress, ...]
    san_email: tuple[str, ...]


def _alternative_names(extensions: x509.Extensions) -> _AlternativeNames:
    try:
        san = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        san = x509.SubjectAlternativeName([])
    addresses = san.get_values_for_type(x509.IPAddress)
    return {
        "san_dns": tuple(san.get_values_for_type(x509.DNSName)),
        "san_uri": tuple(san.get_values_for_type(x509.UniformResourceIdentifier)),
        "san_ip": tuple(address for address in addresses if isinstance(address, IPAddress)),
        "san_email": tuple(san.get_values_for_type(x509.RFC822Name)),
    }


def _extended_key_usage(extensions: x509.Extensions) -> frozenset[str] | None:
    try:
        usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return frozenset(oid.dotted_string for oid in usage)


def _public_key(certificate: x509.Certificate) -> bytes:
    try:
        return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except UnsupportedAlgorithm:
        # A CA may certify a key that this release of cryptography does not know: PKI needs no key (RFC 8705, 2.1).
        return _subject_public_key_info(certificate.tbs_certificate_bytes)


@asn1.sequence
class _TBSCertificate:
    """RFC 5280 section 4.1, up to the key."""

    version: Annotated[int | None, asn1.Explicit(0)]
    serial_number: int
    signature: asn1.TLV
    issuer: asn1.TLV
    validity: asn1.TLV
    subject: asn1.TLV
    subject_public_key_info: asn1.TLV
    issuer_unique_id: Annotated[asn1.BitString | None, asn1.Implicit(1)]
    subject_unique_id: Annotated[asn1.BitString | None, asn1.Implicit(2)]
    extensions: Annotated[list[asn1.TLV] | None, asn1.Explicit(3)]


def _subject_public_key_info(tbs_certificate: bytes) -> bytes:
    key = asn1.decode_der(_TBSCertificate, tbs_certificate).subject_public_key_info
    # cryptography 47 can't write a TLV: write the value as an OCTET STRING, which has the same length, under its tag.
    return key.tag_bytes + asn1.encode_der(bytes(key.data))[1:]
