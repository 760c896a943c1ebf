"""Distinguished names: RFC 4514 text to RDNs, compared as RFC 5280 section 7.1 says.

cryptography reads certificates' names well. Its reader of RFC 4514 text takes no spaces after commas, no lower-case
types and none of the types outside of RFC 4514, reads ``#hex`` as text instead of BER, and its comparison does not
fold case or spaces; so text is read and names are compared here.
"""

import re
import unicodedata
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat import asn1

from ..errors import BadCertificate
from . import structure
from .attribute_types import OIDS, SHORT_NAMES

Attributes = tuple[tuple[str, str], ...]
"""The attributes of one RDN: pairs of dotted OID and value."""

_ATTRIBUTE = re.compile(
    r"""\s*+(?:[oO][iI][dD]\.)?(?P<type>[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)\s*+=[ ]*+
        (?:\#(?P<hex>(?:[0-9A-Fa-f]{2})+)[ ]*
          |(?P<text>(?!\#)(?:[^\\"+,;<>\x00]|\\[0-9A-Fa-f]{2}|\\[ "\#+,;<=>\\])*))
        (?P<end>[,+]|\Z)""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r'[\\"+,;<>]|^[ #]| $')
_ESCAPES = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)", re.DOTALL)
_SLASH = re.compile(r"/(?=(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)=)")
_SLASH_AMBIGUOUS = re.compile(r"\\|\+(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)=")

MAX_VALUE_LENGTH = 1024
"""The longest attribute value that is compared, in characters; RFC 5280 appendix A.1 bounds most of them by 64."""

MAX_NAME_SIZE = 4096
"""The longest name that is read, in octets of DER. A client chooses its own, and a request may ask for it anew."""

# The string types of X.520, by their BER tags. Readers agree on what the octets of these three say beyond ASCII:
_UNICODE = {12: "utf-8", 28: "utf-32-be", 30: "utf-16-be"}
# ... and only on ASCII in NumericString, PrintableString, T61String, IA5String and VisibleString: OpenSSL reads the
# others as Latin-1, cryptography as UTF-8. What is not a string (OctetString, UTCTime, …) OpenSSL compares raw.
_ENCODINGS = _UNICODE | dict.fromkeys((18, 19, 20, 22, 26), "ascii")
_BMP_STRING = 30
_WRITABLE = _ENCODINGS | {4: "ascii"}  # RFC 4514 section 4 writes an OctetString

# What RFC 4518 sections 2.2 and 2.4 drop or prohibit and no general category covers.
_INVISIBLE = re.compile("[\u034f\u1806\u180b-\u180f\ufe00-\ufe0f\ufffc\ufffd\U000e0100-\U000e01ef]")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


# A value of no octets, by its tag: it equals only a value of the same type and no octets. No prepared text has a NUL.
_EMPTY = "\0"
_UTF8_STRING = 12


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a certificate's name, as it is written there.

    Attributes:
        oid: its type, dotted.
        tag: the ASN.1 tag of its value, such as 12 for a UTF8String.
        octets: the content of its value.
    """

    oid: str
    tag: int
    octets: bytes

    @property
    def text(self) -> str:
        """The value as text; the empty text where it has no octets, is not a text, or readers disagree on it."""
        try:
            text = self.octets.decode(_ENCODINGS[self.tag])
        except (ValueError, KeyError):
            return ""
        return text if text.isascii() or _is_unicode(text, self.tag) else ""

    @property
    def prepared(self) -> str:
        """The value, ready to be compared; the empty text where it can't be."""
        return prepare(self.text) if self.octets or self.tag not in _ENCODINGS else f"{_EMPTY}{self.tag}"


RDNs = tuple[tuple[Attribute, ...], ...]
"""A name as a certificate has it."""


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A name, ready to be compared.

    Attributes:
        rdns: one tuple of (dotted OID, prepared value) an RDN, sorted within the RDN, in the certificate's order. A
            value that can't be compared is the empty text; one of no octets is a text that no other value can have.
    """

    rdns: tuple[Attributes, ...]

    def matches(self, other: "DistinguishedName") -> bool:
        """Tell whether both are the same name (RFC 5280 section 7.1).

        An empty name, and one with a value that RFC 4518 would drop from or prohibit, matches nothing, itself included.
        """
        return self.comparable and self.rdns == other.rdns

    @property
    def comparable(self) -> bool:
        """Whether this name can match any: each value can be compared, and one of them has octets."""
        values = [value for rdn in self.rdns for _, value in rdn]
        return all(values) and not all(map(is_empty, values))


def is_empty(prepared: str) -> bool:
    """Return whether a prepared value is that of a value of no octets."""
    return prepared.startswith(_EMPTY)


def from_rdns(rdns: list[Attributes]) -> DistinguishedName:
    """Prepare RDNs of text, given in the certificate's order, for comparison."""
    return DistinguishedName(
        tuple(tuple(sorted((oid, _prepared_text(value)) for oid, value in rdn)) for rdn in rdns),
    )


def from_attributes(rdns: RDNs) -> DistinguishedName:
    """Prepare a certificate's subject or issuer for comparison."""
    return DistinguishedName(tuple(tuple(sorted((a.oid, a.prepared) for a in rdn)) for rdn in rdns))


def count(der: bytes) -> int:
    """Return how many RDNs a certificate's subject or issuer has; the names with another count are other names.

    Raises:
        ValueError: it is not a name.
    """
    return len(structure.decode_list(structure.RDNSequence, der).items)


def decode(der: bytes) -> RDNs:
    """Read a certificate's subject or issuer.

    Raises:
        ValueError: it is not a name, or one of more than :data:`MAX_NAME_SIZE` octets.
    """
    if len(der) > MAX_NAME_SIZE:
        raise ValueError(f"it has {len(der)} octets, and names of more than {MAX_NAME_SIZE} are not read")
    rdns = structure.decode_list(structure.Name, der).items
    return tuple(tuple(map(_attribute, rdn.as_list())) for rdn in rdns)


def decode_value(der: bytes, oid: str = "") -> Attribute:
    """Read one value, as an attribute of a name or an otherName has it.

    Raises:
        ValueError: it is not one value.
    """
    value = structure.decode(asn1.TLV, der)
    return Attribute(oid, int.from_bytes(value.tag_bytes, "big"), bytes(value.data))


def write(rdns: RDNs) -> str:
    """Write a certificate's name as RFC 4514 text, to be read by people and to be registered."""
    return ",".join("+".join(map(_written, rdn)) for rdn in reversed(rdns))


def _attribute(read: structure.AttributeTypeAndValue) -> Attribute:
    return Attribute(read.type.dotted_string, int.from_bytes(read.value.tag_bytes, "big"), bytes(read.value.data))


def _written(attribute: Attribute) -> str:
    text, is_utf8 = attribute.text, attribute.tag == _UTF8_STRING
    if text or (is_utf8 and not attribute.octets):
        value = _ESCAPED.sub(r"\\\g<0>", text).replace("\0", r"\00")
    else:
        value = "#" + structure.under_tag(bytes([attribute.tag]), attribute.octets).hex()
    return f"{SHORT_NAMES.get(attribute.oid, attribute.oid)}={value}"


def _prepared_text(value: str) -> str:
    # Text has no type, and RFC 4514 section 3 writes a UTF8String.
    return prepare(value) if value else f"{_EMPTY}{_UTF8_STRING}"


def _is_unicode(value: str, tag: int) -> bool:
    """Tell whether this string type can hold these characters: BMPString has no surrogates."""
    return tag in _UNICODE and (tag != _BMP_STRING or max(value) <= "\uffff")


def read(text: str) -> list[Attributes]:
    """Read RFC 4514 text into RDNs in the certificate's order, which is the reverse of the text's.

    Takes more than RFC 4514 writes: any case of an attribute type, the types in :mod:`wsgi_mtls.attribute_types`,
    spaces around ``,``, ``+`` and ``=``.

    Raises:
        BadCertificate: ``malformed_name``: with the place at which the text stops being a name.
    """
    rdns: list[list[tuple[str, str]]] = []
    position, end = 0, ","
    while end:
        match = _ATTRIBUTE.match(text, position)
        if match is None:
            raise BadCertificate(
                f"Not an RFC 4514 name from character {position + 1} on: write type=value, separated by commas, "
                'and escape , + " \\ < > ; in a value with a backslash.',
                reason="malformed_name",
            )
        attribute = (_oid(match["type"]), _value(match))
        if end == "+":
            rdns[-1].append(attribute)
        else:
            rdns.append([attribute])
        position, end = match.end(), match["end"]
    return [tuple(rdn) for rdn in reversed(rdns)]


def read_registered(text: str) -> list[Attributes]:
    """Read a name that an operator wrote: RFC 4514, or OpenSSL's old slash form (``/C=US/O=Agora/CN=x``).

    The slash form can't be told apart unambiguously, so it is never to be read from a request.

    Raises:
        BadCertificate: ``malformed_name``: it is neither.
    """
    if not text.startswith("/"):
        return read(text)
    if _SLASH_AMBIGUOUS.search(text):
        raise BadCertificate(
            "The slash form can't say what is escaped or multi-valued; write the name as RFC 4514.",
            reason="malformed_name",
        )
    first, *parts = _SLASH.split(text)
    if first or not parts:
        raise BadCertificate(
            "Not a name in the slash form: write /type=value/type=value, or better RFC 4514.", reason="malformed_name"
        )
    pairs = [part.split("=", 1) for part in parts]
    return [((_oid(kind), value),) for kind, value in pairs]


def to_x509(rdns: list[Attributes]) -> x509.Name:
    """Make the name that goes into a certificate.

    Raises:
        BadCertificate: ``malformed_name``: a value has a length that its attribute type does not allow.
    """
    try:
        return x509.Name(
            x509.RelativeDistinguishedName(
                [x509.NameAttribute(x509.ObjectIdentifier(oid), value) for oid, value in rdn],
            )
            for rdn in rdns
        )
    except ValueError as error:
        raise BadCertificate(f"No certificate can carry this name: {error}.", reason="malformed_name") from None


def prepare(value: str) -> str:
    """Prepare an attribute value for comparison (RFC 4518): NFKC, case folded, spaces compressed.

    Returns the empty text, which matches nothing, for a value of more than :data:`MAX_VALUE_LENGTH` characters, whose
    normalization may take the square of its length, and for one with a code point that the preparation would drop or
    prohibit: two names that differ only in what nobody can see must not be taken for one.
    """
    if len(value) > MAX_VALUE_LENGTH:
        return ""
    if value.isascii():
        return " ".join(value.lower().split()) if value.isprintable() else ""
    if _INVISIBLE.search(value) or any(unicodedata.category(c) in _REFUSED_CATEGORIES for c in value):
        return ""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return " ".join(folded.split())


def _oid(attribute_type: str) -> str:
    if attribute_type[0].isdigit():
        try:
            return x509.ObjectIdentifier(attribute_type).dotted_string
        except ValueError:
            raise BadCertificate(f"{attribute_type} is not an object identifier.", reason="malformed_name") from None
    try:
        return OIDS[attribute_type.lower()]
    except KeyError:
        raise BadCertificate(
            f"Unknown attribute type {attribute_type}; write its dotted OID instead.", reason="malformed_name"
        ) from None


def _value(match: re.Match[str]) -> str:
    if match["hex"] is not None:
        return _decode_ber(bytes.fromhex(match["hex"]))
    text = match["text"]
    bare = text.rstrip(" ")
    if len(bare) < len(text) and (len(bare) - len(bare.rstrip("\\"))) % 2:
        bare += " "  # the first of the spaces is escaped
    return _ESCAPES.sub(_unescape, bare)


def _unescape(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[2]
    try:
        return bytes.fromhex(match[1].replace("\\", "")).decode("utf-8")
    except UnicodeDecodeError:
        raise BadCertificate(f"The escaped octets {match[1]} are no UTF-8.", reason="malformed_name") from None


def _decode_ber(data: bytes) -> str:
    try:
        value = asn1.decode_der(asn1.TLV, data)
        tag = int.from_bytes(value.tag_bytes, "big")
        text = bytes(value.data).decode(_WRITABLE[tag])
        # An empty text is read as a UTF8String's.
        if (text or tag == _UTF8_STRING) and (text.isascii() or _is_unicode(text, tag)):
            return text
    except (ValueError, KeyError):
        pass
    raise BadCertificate(
        f"#{data.hex()} is not the BER encoding of a text; beyond ASCII give a UTF8String (#0c…).",
        reason="malformed_name",
    )
