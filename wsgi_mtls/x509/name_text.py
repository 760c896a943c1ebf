"""Distinguished names as text, read into RDNs.

The text is RFC 4514 or what people write instead.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from cryptography import x509

from ..errors import BadCertificate
from .attribute_types import OIDS, exact_oid
from .attributes import UTF8_STRING, TypedValue, decode_value

Value = str | TypedValue
"""What an operator wrote: text, or a value by its type and octets."""
Attributes = tuple[tuple[str, Value], ...]
"""The attributes of one RDN: pairs of dotted OID and value."""

_ATTRIBUTE = re.compile(
    r"""\s*+(?:[oO][iI][dD]\.)?(?P<type>[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)\s*+=[ ]*+
        (?:\#(?P<hex>(?:[0-9A-Fa-f]{2})+)[ ]*
          |"(?P<quoted>(?:[^\\"\x00]|\\[0-9A-Fa-f]{2}|\\[ "\#+,;<=>\\])*+)"[ ]*
          |(?P<text>(?!\#)(?:[^\\"+,;<>\x00]|\\[0-9A-Fa-f]{2}|\\[ "\#+,;<=>\\])*))
        (?P<end>[,+]|\Z)""",
    re.VERBOSE,
)
_ESCAPES = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)", re.DOTALL)
_SLASH = re.compile(r"/(?=(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)=)")
_SLASH_AMBIGUOUS = re.compile(r"\\|\+(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)=")

TypeReader = Callable[[str], str]
Found = TypeVar("Found")


def read(text: str) -> list[Attributes]:
    """Read RFC 4514 text, which a program wrote, into RDNs.

    They are in the certificate's order, which is the reverse of the text's. Takes more than RFC 4514 writes: any case
    of an attribute type, the types in :mod:`.attribute_types`, spaces around ``,``, ``+`` and ``=``, and values in
    quotes (RFC 2253 section 4).

    Raises:
        BadCertificate: ``malformed_name``: If the text is not a name, with the place of the error, or has a type that
            differs between programs.
    """
    return _read(text, _unambiguous_oid)


def read_registered(text: str) -> list[Attributes]:
    """Read a name that an operator wrote, in RFC 4514 or OpenSSL's old form.

    The old form has slashes: ``/C=US/O=Agora/CN=x``. The slash form can't be told apart unambiguously, so it is never
    to be read from a request. Of a type with several meanings, that of RFC 4514 and RFC 4519 counts.

    Raises:
        BadCertificate: ``malformed_name``: If it is neither.
    """
    return _read_slashes(text) if text.startswith("/") else _read(text, _preferred_oid)


def _read(text: str, read_type: TypeReader) -> list[Attributes]:
    rdns: list[list[tuple[str, Value]]] = []
    position, end = 0, ","
    while end:
        match = _ATTRIBUTE.match(text, position)
        if match is None:
            raise BadCertificate(
                f"Not an RFC 4514 name from character {position + 1} on: write type=value, separated by commas, "
                'and escape , + " \\ < > ; in a value with a backslash.',
                reason="malformed_name",
            )
        attribute = (read_type(match["type"]), _value(match))
        if end == "+":
            rdns[-1].append(attribute)
        else:
            rdns.append([attribute])
        position, end = match.end(), match["end"]
    return [tuple(rdn) for rdn in reversed(rdns)]


def _read_slashes(text: str) -> list[Attributes]:
    if _SLASH_AMBIGUOUS.search(text):
        raise BadCertificate(
            "The slash form cannot mark what is escaped or multi-valued; write the name as RFC 4514.",
            reason="malformed_name",
        )
    first, *parts = _SLASH.split(text)
    if first or not parts:
        raise BadCertificate(
            "Not a name in the slash form: write /type=value/type=value, or better RFC 4514.", reason="malformed_name"
        )
    pairs = [part.split("=", 1) for part in parts]
    return [((_preferred_oid(kind), value),) for kind, value in pairs]


def _unambiguous_oid(attribute_type: str) -> str:
    found = _oid(attribute_type, exact_oid)
    if found is None:
        raise BadCertificate(
            f"Programs disagree on what the attribute type {attribute_type} means. Have the terminator write dotted "
            "OIDs, or forward the certificate.",
            reason="malformed_name",
        )
    return found


def _preferred_oid(attribute_type: str) -> str:
    return _oid(attribute_type, lambda name: OIDS[name.lower()])


def _oid(attribute_type: str, look_up: Callable[[str], Found]) -> str | Found:
    if attribute_type[0].isdigit():
        try:
            return x509.ObjectIdentifier(attribute_type).dotted_string
        except ValueError:
            raise BadCertificate(f"{attribute_type} is not an object identifier.", reason="malformed_name") from None
    try:
        return look_up(attribute_type)
    except KeyError:
        raise BadCertificate(
            f"Unknown attribute type {attribute_type}; write its dotted OID instead.", reason="malformed_name"
        ) from None


def _value(match: re.Match[str]) -> Value:
    if match["hex"] is not None:
        return _from_hex(bytes.fromhex(match["hex"]))
    if match["quoted"] is not None:
        return _ESCAPES.sub(_unescape, match["quoted"])
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
        raise BadCertificate(f"The escaped octets {match[1]} are not UTF-8.", reason="malformed_name") from None


def _from_hex(der: bytes) -> Value:
    try:
        value = decode_value(der)
    except ValueError:
        pass
    else:
        if value.text or (value.tag == UTF8_STRING and not value.octets):
            return value.text
        if not value.octets or not value.is_string:
            return value
    raise BadCertificate(
        f"#{der.hex()} is not the BER encoding of a value that can be compared; beyond ASCII give a UTF8String (#0c…).",
        reason="malformed_name",
    )
