"""The ASN.1 of a certificate, each part decoded by itself.

See RFC 5280 section 4.1 and appendix A. Declared with cryptography's public ASN.1 module, which reads all certificates
that its X.509 module loads and many that it does not: whether an explicit ``critical FALSE`` is loaded, for instance,
depends on the release. One reader for all gives one answer for all. What stays raw (``asn1.TLV``) may be as odd as it
likes.
"""

from typing import Annotated, TypeVar

from cryptography import x509
from cryptography.hazmat import asn1

Root = TypeVar("Root")


@asn1.sequence
class Certificate:
    """The outermost SEQUENCE."""

    tbs_certificate: asn1.TLV
    signature_algorithm: asn1.TLV
    signature: asn1.BitString


@asn1.sequence
class UsualAlgorithm:
    """An algorithm with NULL as its parameters, or without any."""

    algorithm: x509.ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class AlgorithmWithParameters:
    """An algorithm with parameters of any kind: an optional TLV can't be declared."""

    algorithm: x509.ObjectIdentifier
    parameters: asn1.TLV


@asn1.sequence
class SubjectPublicKeyInfo:
    """RFC 5280 section 4.1.2.7."""

    algorithm: asn1.TLV
    public_key: asn1.BitString


@asn1.sequence
class MaskAlgorithm:
    """MGF1, with its digest."""

    algorithm: x509.ObjectIdentifier
    digest: UsualAlgorithm


@asn1.sequence
class PSSParameters:
    """RFC 4055 section 3.1; what is left out is SHA-1."""

    digest: Annotated[UsualAlgorithm | None, asn1.Explicit(0)]
    mask: Annotated[MaskAlgorithm | None, asn1.Explicit(1)]
    salt_length: Annotated[int | None, asn1.Explicit(2)]
    trailer_field: Annotated[int | None, asn1.Explicit(3)]


@asn1.sequence
class DigestInfo:
    """The content of an RSA signature of PKCS #1 version 1.5 (RFC 8017 section 9.2)."""

    algorithm: asn1.TLV
    digest: bytes


@asn1.sequence
class Extension:
    """One extension; ``critical`` is None where it is left out, which means FALSE."""

    extn_id: x509.ObjectIdentifier
    critical: bool | None
    extn_value: bytes


@asn1.sequence
class Validity:
    """The first and the last moment."""

    not_before: asn1.UTCTime | asn1.GeneralizedTime
    not_after: asn1.UTCTime | asn1.GeneralizedTime


@asn1.sequence
class TBSCertificate:
    """The signed part of a certificate, with its extensions undecoded."""

    # So an unreadable extension affects no other part.

    version: Annotated[int | None, asn1.Explicit(0)]
    serial_number: asn1.TLV
    signature: asn1.TLV
    issuer: asn1.TLV
    validity: asn1.TLV
    subject: asn1.TLV
    subject_public_key_info: asn1.TLV
    issuer_unique_id: Annotated[asn1.BitString | None, asn1.Implicit(1)]
    subject_unique_id: Annotated[asn1.BitString | None, asn1.Implicit(2)]
    extensions: Annotated[list[asn1.TLV] | None, asn1.Explicit(3)]


@asn1.sequence
class UsualTBSCertificate:
    """The signed part of a certificate with sound names, validity and extensions."""

    # It is read in one call.

    version: Annotated[int | None, asn1.Explicit(0)]
    serial_number: asn1.TLV
    signature: asn1.TLV
    issuer: list[asn1.TLV]
    validity: Validity
    subject: list[asn1.TLV]
    subject_public_key_info: asn1.TLV
    issuer_unique_id: Annotated[asn1.BitString | None, asn1.Implicit(1)]
    subject_unique_id: Annotated[asn1.BitString | None, asn1.Implicit(2)]
    extensions: Annotated[list[Extension] | None, asn1.Explicit(3)]


@asn1.sequence
class AttributeTypeAndValue:
    """One attribute of a name."""

    type: x509.ObjectIdentifier
    value: asn1.TLV


@asn1.sequence
class BasicConstraints:
    """The basic constraints of a certificate (RFC 5280 section 4.2.1.9).

    ``ca`` is None where it is left out, which means FALSE.
    """

    ca: bool | None
    path_len_constraint: int | None


@asn1.sequence
class OtherName:
    """RFC 5280 section 4.2.1.6."""

    type_id: x509.ObjectIdentifier
    value: Annotated[asn1.TLV, asn1.Explicit(0)]


# A list is not a root type of the ASN.1 module, so each of these is one that holds the list alone: see decode_list.


@asn1.sequence
class RelativeDistinguishedName:
    """The attributes of one RDN, read as a list."""

    # The module refuses a SET in another order than DER's.

    items: list[AttributeTypeAndValue]


@asn1.sequence
class RDNSequence:
    """The RDNs of a distinguished name, undecoded."""

    items: list[asn1.TLV]


@asn1.sequence
class UsualRDNSequence:
    """The same decoded, where each RDN is a SET in DER's order."""

    items: list[asn1.SetOf[AttributeTypeAndValue]]


@asn1.sequence
class GeneralNames:
    """The entries of a subject alternative name, undecoded."""

    items: list[asn1.TLV]


@asn1.sequence
class KeyPurposes:
    """The object identifiers of an extended key usage."""

    items: list[x509.ObjectIdentifier]


def decode(root: type[Root], octets: bytes) -> Root:
    """Decode exactly one DER value.

    Raises:
        ValueError: If the octets are something else, or more than that.
    """
    return asn1.decode_der(root, octets)


def decode_list(root: type[Root], octets: bytes) -> Root:
    """Decode one DER list into one of the classes with ``items``.

    Raises:
        ValueError: If the octets are something else.
    """
    return asn1.decode_der(root, under_tag(b"\x30", octets))


def parse(root: type[Root], value: asn1.TLV) -> Root:
    """Decode a value that was left undecoded.

    Raises:
        ValueError: If it is something else.
    """
    parsed: Root = value.parse(root)
    return parsed


def octets_of(value: asn1.TLV) -> bytes:
    """Return a value's whole DER, with its tag and length."""
    return under_tag(value.tag_bytes, value.data)


def under_tag(tag: bytes, content: bytes | memoryview) -> bytes:
    """Return the DER of a value of this tag.

    Its length has the shortest form (X.690 section 10.1).
    """
    length = len(content)
    if length < 0x80:
        return b"".join((tag, bytes((length,)), content))
    size = (length.bit_length() + 7) // 8
    return b"".join((tag, bytes((0x80 | size,)), length.to_bytes(size, "big"), content))
