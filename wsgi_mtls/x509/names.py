"""Distinguished names, compared as RFC 5280 section 7.1 requires.

cryptography reads certificates' names well. Its reader of RFC 4514 text takes no spaces after commas, no lower-case
types and none of the types outside of RFC 4514, reads ``#hex`` as text instead of BER, and its comparison does not
fold case or spaces; so text is read and names are compared here.
"""

from dataclasses import dataclass

from cryptography import x509

from ..errors import BadCertificate
from .attributes import RDNs, TypedValue, is_empty, prepared_text
from .name_text import Attributes

PreparedAttributes = tuple[tuple[str, str], ...]
"""The attributes of one RDN: pairs of dotted OID and prepared value."""


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A name, ready to be compared.

    Attributes:
        rdns: one tuple of (dotted OID, prepared value) an RDN, sorted within the RDN, in the certificate's order. A
            value that can't be compared is the empty text; one of no octets, or of a type that is not a string, is a
            text that no other value can have.
    """

    rdns: tuple[PreparedAttributes, ...]

    def matches(self, other: "DistinguishedName") -> bool:
        """Return whether both are the same name (RFC 5280 section 7.1).

        An empty name, and one with a value that RFC 4518 would drop from or prohibit, matches nothing, itself included.
        """
        return self.comparable and self.rdns == other.rdns

    @property
    def comparable(self) -> bool:
        """Whether this name can match any.

        Each of its values can be compared, and one of them has octets.
        """
        values = [value for rdn in self.rdns for _, value in rdn]
        return all(values) and not all(map(is_empty, values))

    @property
    def reversed(self) -> "DistinguishedName":
        """The name with its RDNs in the opposite order."""
        return DistinguishedName(self.rdns[::-1])


def from_rdns(rdns: list[Attributes]) -> DistinguishedName:
    """Prepare RDNs of text, given in the certificate's order, for comparison."""
    return DistinguishedName(
        tuple(tuple(sorted((oid, prepared_text(value)) for oid, value in rdn)) for rdn in rdns),
    )


def from_attributes(rdns: RDNs) -> DistinguishedName:
    """Prepare a certificate's subject or issuer for comparison."""
    return DistinguishedName(tuple(tuple(sorted((a.oid, a.value.prepared) for a in rdn)) for rdn in rdns))


def to_x509(rdns: list[Attributes]) -> x509.Name:
    """Make the name that goes into a certificate.

    Raises:
        BadCertificate: ``malformed_name``: If a value is not a text, or has a length that its attribute type does not
            allow.
    """
    try:
        return x509.Name(x509.RelativeDistinguishedName([_to_x509(oid, value) for oid, value in rdn]) for rdn in rdns)
    except ValueError as error:
        raise BadCertificate(f"No certificate can carry this name: {error}.", reason="malformed_name") from None


def _to_x509(oid: str, value: str | TypedValue) -> "x509.NameAttribute[str]":
    if isinstance(value, TypedValue):
        raise ValueError(f"{value.to_hex()} is not a text")
    return x509.NameAttribute(x509.ObjectIdentifier(oid), value)
