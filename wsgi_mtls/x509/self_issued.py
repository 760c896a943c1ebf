"""The check that subject and issuer may be one name for some reader.

See RFC 5280 section 3.2. A TLS terminator looks at no signature of a self-issued certificate that is in its CA bundle,
and decides by its own reading which one that is. So every pair that it may take for one name must be one here.
"""

import re
from collections.abc import Callable, Mapping

from .attributes import RDNs, TypedValue, is_empty
from .names import PreparedAttributes, from_attributes
from .preparation import prepare_leniently

_SPACE = re.compile("[\t\n\x0b\x0c\r ]+")
_UNICODE = {12: "utf-8", 28: "utf-32-be", 30: "utf-16-be"}
_NARROW = (19, 20, 22, 26)  # PrintableString, T61String, IA5String, VisibleString
_NUMERIC = 18  # OpenSSL takes it for no text
_UPPER_TO_LOWER = {ord(upper): upper.lower() for upper in map(chr, range(ord("A"), ord("Z") + 1))}


def is_self_issued(subject: RDNs, issuer: RDNs) -> bool:
    """Return whether a certificate's subject and issuer may be the same name."""
    one, other = from_attributes(subject), from_attributes(issuer)
    if [_types(rdn) for rdn in one.rdns] != [_types(rdn) for rdn in other.rdns]:
        return False
    if _is_plain(one.rdns) and _is_plain(other.rdns):
        return one == other
    return any(_folded(subject, fold) == _folded(issuer, fold) for fold in _READERS)


def _is_plain(rdns: tuple[PreparedAttributes, ...]) -> bool:
    """Return whether every value can be compared by RFC 5280."""
    # It is the coarsest comparison.
    return all(value and not is_empty(value) for rdn in rdns for _, value in rdn)


def _types(rdn: PreparedAttributes) -> list[str]:
    return sorted(oid for oid, _ in rdn)


def _folded(name: RDNs, fold: Callable[[TypedValue], str]) -> list[list[tuple[str, str]]]:
    return [sorted((attribute.oid, fold(attribute.value)) for attribute in rdn) for rdn in name]


def _as_openssl(value: TypedValue) -> str:
    """Fold as OpenSSL's ``x509_name_canon`` does.

    All strings are text, white space is one space, and ASCII is in lower case.
    """
    text = _text(value, _UNICODE | dict.fromkeys(_NARROW, "latin-1"))
    return _octets(value) if text is None else _SPACE.sub(" ", text).strip(" ").translate(_UPPER_TO_LOWER)


def _as_stringprep(value: TypedValue) -> str:
    """Fold as a reader by RFC 4518 that drops what is prohibited.

    It takes one octet for one character.
    """
    text = _text(value, _UNICODE | dict.fromkeys((_NUMERIC, *_NARROW), "latin-1"))
    return _octets(value) if text is None else prepare_leniently(text)


def _as_stringprep_of_utf8(value: TypedValue) -> str:
    """Fold as a reader by RFC 4518 that reads every narrow string as UTF-8.

    cryptography reads strings of one octet a character so.
    """
    text = _text(value, _UNICODE | dict.fromkeys((_NUMERIC, *_NARROW), "utf-8"))
    return _octets(value) if text is None else prepare_leniently(text)


def _text(value: TypedValue, encodings: Mapping[int, str]) -> str | None:
    """Return the text up to a NUL, or None for what is not a text."""
    # A reader with C's strings ends the text at a NUL.
    try:
        return value.octets.decode(encodings[value.tag], "surrogatepass").partition("\0")[0]
    except (KeyError, ValueError):
        return None


def _octets(value: TypedValue) -> str:
    return f"\0{value.tag}:{value.octets.hex()}"


_READERS = (_as_openssl, _as_stringprep, _as_stringprep_of_utf8)
