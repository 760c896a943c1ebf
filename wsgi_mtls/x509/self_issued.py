"""Whether a certificate's subject and issuer may be one name for any reader (RFC 5280 section 3.2).

A TLS terminator looks at no signature of a self-issued certificate that is in its CA bundle, and decides by its own
reading which one that is. So every pair that it may take for one name must be one here.
"""

from . import names


def is_self_issued(subject: names.RDNs, issuer: names.RDNs) -> bool:
    """Tell whether a certificate's subject and issuer are, or may be, the same name."""
    one, other = names.from_attributes(subject), names.from_attributes(issuer)
    return len(one.rdns) == len(other.rdns) and all(map(_may_be_one, one.rdns, other.rdns, subject, issuer))


def _may_be_one(
    one: names.Attributes,
    other: names.Attributes,
    one_raw: tuple[names.Attribute, ...],
    other_raw: tuple[names.Attribute, ...],
) -> bool:
    """Compare what is left of both by any reading, where a value can't be compared as RFC 5280 says.

    OpenSSL drops white space at the ends, reads a T61String as Latin-1, takes no octets of one type for no octets of
    another, and leaves in place what RFC 4518 prohibits; but an ASCII letter or digit is one for every reader, except
    behind a NUL.
    """
    if all(value and not names.is_empty(value) for _, value in (*one, *other)):
        return one == other
    return _skeletons(one_raw) == _skeletons(other_raw)


def _skeletons(rdn: tuple[names.Attribute, ...]) -> list[tuple[str, str]]:
    return sorted((attribute.oid, _skeleton(attribute)) for attribute in rdn)


def _skeleton(attribute: names.Attribute) -> str:
    # What is not ASCII leaves nothing behind, whether it is decoded or not; but two octets a letter must be one.
    text = attribute.octets.decode(_WIDE.get(attribute.tag, "latin-1"), "replace")
    return "".join(
        character for character in text.partition("\0")[0] if character.isascii() and character.isalnum()
    ).lower()


_WIDE = {28: "utf-32-be", 30: "utf-16-be"}
