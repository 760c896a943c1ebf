"""The parts of a certificate that decisions read, each from its octets alone. All raise ValueError."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from . import structure
from .self_signed import Algorithm, verifies

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
COMMON_NAME = "2.5.4.3"
_EC_PUBLIC_KEY = "1.2.840.10045.2.1"  # RFC 5480 section 2.1.1

# The tags of GeneralName (RFC 5280 section 4.2.1.6).
OTHER_NAME, EMAIL, DNS_NAME, URI, IP_ADDRESS = b"\xa0", b"\x81", b"\x82", b"\x86", b"\x87"
_OCTETS_OF_AN_ADDRESS = (4, 16)
MAX_EXTENSIONS = 100  # a client chooses how many there are, and usual certificates have a dozen


@dataclass(frozen=True, slots=True)
class TBS:
    """A certificate taken apart, undecoded: the DER of each part.

    Attributes:
        signed: the whole of what is signed; the parts of it follow.
        count: how many extensions there are.
        algorithm: the signature's algorithm.
        signature: the signature.
    """

    signed: bytes
    serial_number: int
    issuer: bytes
    validity: bytes
    subject: bytes
    public_key_info: bytes
    count: int
    algorithm: asn1.TLV
    signature: asn1.BitString


@lru_cache(maxsize=8)
def tbs(der: bytes) -> TBS:
    """Take a certificate apart. The last few are kept, since a decision reads several parts of one certificate."""
    outer = structure.decode(structure.Certificate, der)
    signed = structure.octets_of(outer.tbs_certificate)
    found = structure.decode(structure.TBSCertificate, signed)
    return TBS(
        signed=signed,
        # DER and BER alike: two's complement.
        serial_number=int.from_bytes(bytes(found.serial_number.data), "big", signed=True),
        issuer=structure.octets_of(found.issuer),
        validity=structure.octets_of(found.validity),
        subject=structure.octets_of(found.subject),
        public_key_info=structure.octets_of(found.subject_public_key_info),
        count=len(found.extensions or ()),
        algorithm=outer.signature_algorithm,
        signature=outer.signature,
    )


def extensions(der: bytes) -> list[structure.Extension]:
    """Return the extensions.

    Raises:
        ValueError: there are more than 100, or one of them is not an extension, so that it may be critical.
    """
    found = tbs(der)
    if found.count > MAX_EXTENSIONS:
        raise ValueError(f"there are {found.count}, and more than {MAX_EXTENSIONS} are not read")
    return structure.decode(structure.TBSWithExtensions, found.signed).extensions or []


def validity(der: bytes) -> tuple[datetime, datetime]:
    """Return the first and the last moment of validity, UTC."""
    found = structure.decode(structure.Validity, tbs(der).validity)
    return found.not_before.as_datetime(), found.not_after.as_datetime()


def public_key(der: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo as cryptography writes it, or as it is where cryptography can't load it."""
    octets = tbs(der).public_key_info
    try:
        return load_der_public_key(octets).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return octets


def key_size(der: bytes) -> tuple[str, int]:
    """Return ``rsa`` or ``ec`` and the bits; no text and 0 for a key of another kind.

    On a curve that cryptography does not know, the bits are those of the octets that a coordinate takes.
    """
    octets = tbs(der).public_key_info
    try:
        key: object = load_der_public_key(octets)
    except UnsupportedAlgorithm:
        found = structure.decode(structure.SubjectPublicKeyInfo, octets)
        is_ec = _algorithm(found.algorithm).oid == _EC_PUBLIC_KEY
        return ("ec", _bits_of_point(found.public_key.as_bytes())) if is_ec else ("", 0)
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return "rsa" if isinstance(key, rsa.RSAPublicKey) else "ec", key.key_size
    return "", 0


def _bits_of_point(octets: bytes) -> int:
    """Return the bits of a coordinate (RFC 5480 section 2.2): a compressed point has one, any other two."""
    is_compressed = octets[:1] in (b"\x02", b"\x03")
    return max(len(octets) - 1, 0) * 8 // (1 if is_compressed else 2)


def is_self_signed(der: bytes) -> bool | None:
    """Return whether the signature verifies under the certificate's own key; None where that can't be found out."""
    return _is_signed_with(der, tbs(der).public_key_info)


def is_issued_by(der: bytes, issuer: bytes) -> bool:
    """Return whether a certificate names another one as its issuer, and has its signature.

    Whatever else can't be read in either does not matter.
    """
    above = tbs(issuer)
    return tbs(der).issuer == above.subject and _is_signed_with(der, above.public_key_info) is True


def _is_signed_with(der: bytes, public_key_info: bytes) -> bool | None:
    found = tbs(der)
    # The parameters may be missing, NULL or anything: see self_signed.
    return verifies(public_key_info, _algorithm(found.algorithm), found.signature.as_bytes(), found.signed)


def _algorithm(algorithm: asn1.TLV) -> Algorithm:
    content = structure.under_tag(b"\x30", bytes(algorithm.data))
    try:
        return Algorithm(structure.decode(structure.AlgorithmIdentifier, content).algorithm.dotted_string)
    except ValueError:
        found = structure.decode(structure.AlgorithmWithParameters, content)
        return Algorithm(found.algorithm.dotted_string, structure.octets_of(found.parameters))


def texts(general_names: Iterable[asn1.TLV], tag: bytes) -> tuple[str, ...]:
    """Return the entries of an IA5String kind."""
    # UTF-8 is issued where ASCII is expected. It equals no registered name, and leaves the other entries readable.
    return tuple(bytes(name.data).decode("utf-8") for name in general_names if name.tag_bytes == tag)


def addresses(general_names: Iterable[asn1.TLV]) -> tuple[IPAddress, ...]:
    """Return the IP addresses."""
    values = (bytes(name.data) for name in general_names if name.tag_bytes == IP_ADDRESS)
    return tuple(ipaddress.ip_address(value) for value in values if len(value) in _OCTETS_OF_AN_ADDRESS)


def other_names(general_names: Iterable[asn1.TLV]) -> tuple[tuple[str, bytes], ...]:
    """Return the otherName entries: pairs of dotted type and the DER of the value."""
    contents = (bytes(name.data) for name in general_names if name.tag_bytes == OTHER_NAME)
    found = (structure.decode(structure.OtherName, structure.under_tag(b"\x30", content)) for content in contents)
    return tuple((name.type_id.dotted_string, structure.octets_of(name.value)) for name in found)
