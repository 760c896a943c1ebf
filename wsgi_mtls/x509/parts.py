"""The parts of a certificate, each read from its octets alone.

Decisions read them. All functions raise ValueError.
"""

import ipaddress
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat import asn1

from . import structure
from .public_key import read_algorithm
from .self_signed import verifies

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
COMMON_NAME = "2.5.4.3"

# The tags of GeneralName (RFC 5280 section 4.2.1.6).
OTHER_NAME, EMAIL, DNS_NAME, URI, IP_ADDRESS = b"\xa0", b"\x81", b"\x82", b"\x86", b"\x87"
_OCTETS_OF_AN_ADDRESS = (4, 16)
MAX_EXTENSIONS = 100  # a client chooses how many there are, and usual certificates have a dozen


class Opened(NamedTuple):
    """A certificate taken apart: what is signed, and the signature.

    Attributes:
        outer: the whole.
        tbs: what is signed. Where a name, the validity or an extension can't be read, they stay undecoded, so that they
            spoil no other part.
    """

    outer: structure.Certificate
    tbs: structure.UsualTBSCertificate | structure.TBSCertificate


@lru_cache(maxsize=8)
def opened(der: bytes) -> Opened:
    """Take a certificate apart."""
    # The last few are kept, since a decision reads several parts of one certificate.
    outer = structure.decode(structure.Certificate, der)
    try:
        return Opened(outer, structure.parse(structure.UsualTBSCertificate, outer.tbs_certificate))
    except ValueError:
        return Opened(outer, structure.parse(structure.TBSCertificate, outer.tbs_certificate))


def extensions(der: bytes) -> list[structure.Extension]:
    """Return the extensions.

    Raises:
        ValueError: If there are more than 100, or one of them is not an extension, so that it may be critical.
    """
    found = opened(der).tbs.extensions or []
    if len(found) > MAX_EXTENSIONS:
        raise ValueError(f"there are {len(found)}, and more than {MAX_EXTENSIONS} are not read")
    return [structure.parse(structure.Extension, one) if isinstance(one, asn1.TLV) else one for one in found]


def validity(der: bytes) -> tuple[datetime, datetime]:
    """Return the first and the last moment of validity, UTC."""
    found = opened(der).tbs.validity
    if isinstance(found, asn1.TLV):
        found = structure.parse(structure.Validity, found)
    return found.not_before.as_datetime(), found.not_after.as_datetime()


def subject(der: bytes) -> bytes:
    """Return the subject, undecoded."""
    return _name(opened(der).tbs.subject)


def issuer(der: bytes) -> bytes:
    """Return the issuer, undecoded."""
    return _name(opened(der).tbs.issuer)


def has_as_many_rdns(der: bytes) -> bool:
    """Return whether subject and issuer have the same number of RDNs.

    Names with another number are other names.

    Raises:
        ValueError: one of them is not a name.
    """
    tbs = opened(der).tbs
    return len(_rdns(tbs.subject)) == len(_rdns(tbs.issuer))


def _name(found: list[asn1.TLV] | asn1.TLV) -> bytes:
    if isinstance(found, asn1.TLV):
        return structure.octets_of(found)
    return structure.under_tag(b"\x30", b"".join(map(structure.octets_of, found)))


def _rdns(found: list[asn1.TLV] | asn1.TLV) -> list[asn1.TLV]:
    if isinstance(found, asn1.TLV):
        return structure.decode_list(structure.RDNSequence, structure.octets_of(found)).items
    return found


def serial_number(der: bytes) -> int:
    """Return the serial number."""
    # DER and BER alike: two's complement.
    return int.from_bytes(opened(der).tbs.serial_number.data, "big", signed=True)


def public_key_info(der: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo as the certificate has it."""
    return structure.octets_of(opened(der).tbs.subject_public_key_info)


def is_self_signed(der: bytes) -> bool | None:
    """Return whether the signature verifies under the certificate's own key.

    None where that can't be found out.
    """
    return _is_signed_with(der, public_key_info(der))


def is_issued_by(der: bytes, above: bytes) -> bool:
    """Return whether a certificate was issued and signed by another one.

    It names the other one as its issuer, and has its signature. Whatever else can't be read in either does not matter.
    """
    return issuer(der) == subject(above) and _is_signed_with(der, public_key_info(above)) is True


def _is_signed_with(der: bytes, key_info: bytes) -> bool | None:
    outer = opened(der).outer
    # The parameters may be missing, NULL or anything: see self_signed.
    algorithm = read_algorithm(outer.signature_algorithm)
    return verifies(key_info, algorithm, outer.signature.as_bytes(), structure.octets_of(outer.tbs_certificate))


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
