"""Whether a certificate's subject and issuer may be one name (RFC 5280 section 3.2), whoever reads them.

A TLS terminator looks at no signature of a self-issued certificate that stands in its CA bundle, and decides by its own
reading which one that is. So every pair that it may take for one name must be one here.
"""

from collections.abc import Iterable

from cryptography import x509

from . import names

RDN = Iterable[x509.NameAttribute[str | bytes]]


def is_self_issued(certificate: x509.Certificate, subject: names.DistinguishedName) -> bool:
    """Tell whether subject and issuer are, or may be, the same name.

    Args:
        certificate: the certificate.
        subject: its subject, prepared.
    """
    issuer = names.from_x509(certificate.issuer)
    return len(subject.rdns) == len(issuer.rdns) and all(
        map(_may_be_one, subject.rdns, issuer.rdns, certificate.subject.rdns, certificate.issuer.rdns)
    )


def _may_be_one(one: names.Attributes, other: names.Attributes, one_raw: RDN, other_raw: RDN) -> bool:
    """Compare what is left of both by any reading, where a value can't be compared as RFC 5280 says.

    OpenSSL drops white space at the ends, reads a T61String as Latin-1, and leaves in place what RFC 4518 prohibits;
    but an ASCII letter or digit is one for every reader, except behind a NUL.
    """
    if all(value for _, value in (*one, *other)):
        return one == other
    return _skeletons(one_raw) == _skeletons(other_raw)


def _skeletons(rdn: RDN) -> list[tuple[str, str]]:
    return sorted((attribute.oid.dotted_string, _skeleton(attribute.value)) for attribute in rdn)


def _skeleton(value: str | bytes) -> str:
    text = value if isinstance(value, str) else value.decode("latin-1")
    return "".join(
        character for character in text.partition("\0")[0] if character.isascii() and character.isalnum()
    ).lower()
