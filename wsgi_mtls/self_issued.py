"""Whether a certificate's subject and issuer may be one name (RFC 5280 section 3.2), whoever reads them.

A TLS terminator looks at no signature of a self-issued certificate that stands in its CA bundle, and decides by its own
reading which one that is. So every pair that it may take for one name must be one here.
"""

from cryptography import x509

from . import names

Attribute = x509.NameAttribute[str | bytes]
Name = list[list[Attribute]]


def is_self_issued(certificate: x509.Certificate) -> bool:
    """Tell whether subject and issuer are, or may be, the same name."""
    subject, issuer = _rdns(certificate.subject), _rdns(certificate.issuer)
    return len(subject) == len(issuer) and all(map(_may_be_one, subject, issuer))


def _rdns(name: x509.Name) -> Name:
    return [list(rdn) for rdn in name.rdns]


def _may_be_one(one: list[Attribute], other: list[Attribute]) -> bool:
    """Compare what is left of both by any reading, where a value can't be compared as RFC 5280 says.

    OpenSSL drops white space at the ends, reads a T61String as Latin-1, and leaves in place what RFC 4518 prohibits;
    but an ASCII letter or digit is one for every reader, except behind a NUL.
    """
    prepared = [_prepared(rdn) for rdn in (one, other)]
    if all(value for rdn in prepared for _, value in rdn):
        return prepared[0] == prepared[1]
    return _skeletons(one) == _skeletons(other)


def _prepared(rdn: list[Attribute]) -> list[tuple[str, str]]:
    return sorted((attribute.oid.dotted_string, names.prepare(names.text(attribute))) for attribute in rdn)


def _skeletons(rdn: list[Attribute]) -> list[tuple[str, str]]:
    return sorted((attribute.oid.dotted_string, _skeleton(attribute.value)) for attribute in rdn)


def _skeleton(value: str | bytes) -> str:
    text = value if isinstance(value, str) else value.decode("latin-1")
    return "".join(
        character for character in text.partition("\0")[0] if character.isascii() and character.isalnum()
    ).lower()
