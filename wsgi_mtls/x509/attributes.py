"""The attributes of a certificate's name.

They are decoded from DER, and written as RFC 4514 text.
"""

import re
from dataclasses import dataclass

from cryptography.hazmat import asn1

from . import structure
from .attribute_types import SHORT_NAMES
from .preparation import prepare

MAX_NAME_SIZE = 4096
"""The longest name that is read, in octets of DER. A client chooses its own, and a request may ask for it anew."""

_SET = b"\x31"
UTF8_STRING = 12
_BMP_STRING = 30
# The string types of X.520, by their BER tags. Readers agree on what the octets of these three say beyond ASCII:
_UNICODE = {UTF8_STRING: "utf-8", 28: "utf-32-be", _BMP_STRING: "utf-16-be"}
# ... and only on ASCII in NumericString, PrintableString, T61String, IA5String and VisibleString: OpenSSL reads the
# others as Latin-1, cryptography as UTF-8. Every other type is compared by its octets, as OpenSSL does.
_ENCODINGS = _UNICODE | dict.fromkeys((18, 19, 20, 22, 26), "ascii")

_ESCAPED = re.compile(r'[\\"+,;<>]|^[ #]| $')
# What starts the prepared form of a value that is not a text: no prepared text has a NUL.
_TYPED = "\0"


@dataclass(frozen=True, slots=True, order=True)
class TypedValue:
    """A value by its type and octets.

    Attributes:
        tag: the ASN.1 tag, such as 3 for a BIT STRING.
        octets: the content.
    """

    tag: int
    octets: bytes

    @property
    def text(self) -> str:
        """The value as text, or the empty text if it has no clear meaning.

        It has none without octets, if it is not a text, or if readers disagree on it.
        """
        try:
            text = self.octets.decode(_ENCODINGS[self.tag])
        except (ValueError, KeyError):
            return ""
        return text if text.isascii() or self._is_unicode(text) else ""

    @property
    def is_string(self) -> bool:
        """Whether it is of a string type of X.520."""
        return self.tag in _ENCODINGS

    @property
    def prepared(self) -> str:
        """The value, ready to be compared; the empty text where it can't be."""
        if not self.octets:
            # It equals only a value of the same type and no octets.
            return f"{_TYPED}{self.tag}"
        return prepare(self.text) if self.is_string else f"{_TYPED}{self.tag}:{self.octets.hex()}"

    def to_hex(self) -> str:
        """Return ``#`` and the DER in hex (RFC 4514 section 2.4)."""
        return "#" + structure.under_tag(_tag_octets(self.tag), self.octets).hex()

    def _is_unicode(self, text: str) -> bool:
        """Return whether this string type can hold these characters."""
        # BMPString has no surrogates.
        return self.tag in _UNICODE and (self.tag != _BMP_STRING or max(text) <= "\uffff")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a certificate's name, as it is written there.

    Attributes:
        oid: its type, dotted.
        value: its value.
    """

    oid: str
    value: TypedValue

    @classmethod
    def of(cls, oid: str, value: "str | TypedValue") -> "Attribute":
        """Make a value of what an operator wrote.

        A text is a UTF8String (RFC 4514 section 3).
        """
        return cls(oid, TypedValue(UTF8_STRING, value.encode()) if isinstance(value, str) else value)

    @property
    def text(self) -> str:
        """The value as text, or the empty text if it has no clear meaning.

        It has none without octets, if it is not a text, or if readers disagree on it.
        """
        return self.value.text

    def __str__(self) -> str:
        text, value = self.text, self.value
        is_text = text or (value.tag == UTF8_STRING and not value.octets)
        written = _ESCAPED.sub(r"\\\g<0>", text).replace("\0", r"\00") if is_text else value.to_hex()
        return f"{SHORT_NAMES.get(self.oid, self.oid)}={written}"


RDNs = tuple[tuple[Attribute, ...], ...]
"""A name as a certificate has it."""


def is_empty(prepared: str) -> bool:
    """Return whether a prepared value is that of a value of no octets."""
    return prepared.startswith(_TYPED) and ":" not in prepared


def prepared_text(value: str | TypedValue) -> str:
    """Prepare a value that an operator wrote."""
    # Text has no type, and RFC 4514 section 3 writes a UTF8String.
    if isinstance(value, TypedValue):
        return value.prepared
    return prepare(value) if value else TypedValue(UTF8_STRING, b"").prepared


def decode(der: bytes) -> RDNs:
    """Read a certificate's subject or issuer.

    Raises:
        ValueError: If it is not a name, or one of more than :data:`MAX_NAME_SIZE` octets.
    """
    if len(der) > MAX_NAME_SIZE:
        raise ValueError(f"it has {len(der)} octets, and names of more than {MAX_NAME_SIZE} are not read")
    try:
        usual = structure.decode_list(structure.UsualRDNSequence, der).items
    except ValueError:
        return tuple(map(_rdn, structure.decode_list(structure.RDNSequence, der).items))
    return tuple(tuple(map(_attribute, rdn.as_list())) for rdn in usual)


def decode_value(der: bytes) -> TypedValue:
    """Read one value, as an attribute of a name or an otherName has it.

    Raises:
        ValueError: If it is not one value.
    """
    return _typed(structure.decode(asn1.TLV, der))


def write(rdns: RDNs) -> str:
    """Write a certificate's name as RFC 4514 text.

    People read it, and clients are registered by it.
    """
    return ",".join("+".join(map(str, rdn)) for rdn in reversed(rdns))


def _rdn(read: asn1.TLV) -> tuple[Attribute, ...]:
    if read.tag_bytes != _SET:
        raise ValueError("an RDN is not a SET")
    listed = structure.under_tag(b"\x30", read.data)
    # OpenSSL reads the attributes in any order, and CAs write them so. The order does not count (RFC 5280 section 7.1).
    return tuple(map(_attribute, structure.decode_list(structure.RelativeDistinguishedName, listed).items))


def _attribute(read: structure.AttributeTypeAndValue) -> Attribute:
    return Attribute(read.type.dotted_string, _typed(read.value))


def _typed(value: asn1.TLV) -> TypedValue:
    return TypedValue(int.from_bytes(value.tag_bytes, "big"), bytes(value.data))


def _tag_octets(tag: int) -> bytes:
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")
