"""The names in a certificate: as people read them, and as they are compared."""

import re

from . import attributes, names, parts
from .extensions import Extensions
from .parts import IPAddress
from .reading import Kept, part

# RFC 3986 appendix B: the scheme; the authority without and with what identifies a user, if there is one; the rest.
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)(//(?:[^/?#]*@)?)?((?(2)[^/?#@]*))(.*)", re.DOTALL)
_USER_PRINCIPAL_NAME = "1.3.6.1.4.1.311.20.2.3"


class CertificateNames:
    """The subject, issuer and subject alternative names of a certificate.

    Each is read when it is asked for.
    """

    der: bytes

    @part("subject")
    def subject(self) -> str:
        """The subject as RFC 4514 text, to be read by people."""
        # Decisions compare ``subject_name``.
        return attributes.write(self.subject_attributes)

    @part("subject")
    def subject_attributes(self) -> attributes.RDNs:
        """The subject's attributes as they are written, by RDN.

        The order is the certificate's.
        """
        return attributes.decode(parts.subject(self.der))

    @part("subject")
    def subject_name(self) -> names.DistinguishedName:
        """The subject, ready to be compared."""
        return names.from_attributes(self.subject_attributes)

    @property
    def common_names(self) -> tuple[str, ...]:
        """The subject's CN values, in order.

        The empty text where it is open which text a value is.
        """
        return self.subject_values(parts.COMMON_NAME)

    def subject_values(self, oid: str) -> tuple[str, ...]:
        """Return the subject's values of an attribute type, as they are written.

        Args:
            oid: the type, dotted: ``"2.5.4.5"`` for serialNumber.

        Raises:
            BadCertificate: ``certificate_unreadable``: If the subject can't be read.
        """
        attributes = (attribute for rdn in self.subject_attributes for attribute in rdn)
        return tuple(attribute.text for attribute in attributes if attribute.oid == oid)

    @part("issuer")
    def issuer(self) -> str:
        """The issuer as RFC 4514 text."""
        return attributes.write(self.issuer_attributes)

    @part("issuer")
    def issuer_attributes(self) -> attributes.RDNs:
        """The issuer's attributes as they are written."""
        return attributes.decode(parts.issuer(self.der))

    @part("DNS name in the subject alternative name")
    def san_dns(self) -> tuple[str, ...]:
        """The dNSName entries of the subject alternative name."""
        return parts.texts(self.extensions.general_names(), parts.DNS_NAME)

    @part("URI in the subject alternative name")
    def san_uri(self) -> tuple[str, ...]:
        """Its uniformResourceIdentifier entries."""
        return parts.texts(self.extensions.general_names(), parts.URI)

    @part("e-mail address in the subject alternative name")
    def san_email(self) -> tuple[str, ...]:
        """Its rfc822Name entries."""
        return parts.texts(self.extensions.general_names(), parts.EMAIL)

    @part("IP address in the subject alternative name")
    def san_ip(self) -> tuple[IPAddress, ...]:
        """Its iPAddress entries of 4 or 16 octets.

        Others are not addresses (RFC 5280 section 4.2.1.6).
        """
        return parts.addresses(self.extensions.general_names())

    @part("otherName in the subject alternative name")
    def other_names(self) -> tuple[tuple[str, bytes], ...]:
        """Its otherName entries: pairs of dotted type and the DER of the value."""
        return parts.other_names(self.extensions.general_names())

    @property
    def user_principal_names(self) -> tuple[str, ...]:
        """Its otherName entries of Microsoft's userPrincipalName.

        The empty text for one that is not a UTF8String.
        """
        return tuple(
            attributes.decode_value(value).text for oid, value in self.other_names if oid == _USER_PRINCIPAL_NAME
        )

    @Kept
    def comparable_subjects(self) -> tuple[names.DistinguishedName, ...]:
        """The subject, if it can equal any other."""
        return (self.subject_name,) if self.subject_name.comparable else ()

    @Kept
    def comparable_dns(self) -> frozenset[str]:
        """The dNSName entries in lower case."""
        return frozenset(name.lower() for name in self.san_dns if name.isascii())

    @Kept
    def comparable_uris(self) -> frozenset[str]:
        """The uniformResourceIdentifier entries with scheme and host in lower case."""
        return frozenset(map(fold_uri, self.san_uri))

    @Kept
    def comparable_emails(self) -> frozenset[str]:
        """The rfc822Name entries with their domain in lower case."""
        return frozenset(map(fold_domain, self.san_email))

    @part("list of extensions")
    def extensions(self) -> Extensions:
        """The extensions, undecoded but for their OID and ``critical``."""
        return Extensions(parts.extensions(self.der))


def fold_uri(uri: str) -> str:
    """Fold the scheme and the host of a URI."""
    # RFC 5280 section 7.4 compares them without regard to case; the rest counts exactly.
    match = _URI.fullmatch(uri) if uri.isascii() else None
    if match is None:
        return uri
    scheme, user, host, rest = match.groups("")
    return scheme.lower() + user + host.lower() + rest


def fold_domain(email: str) -> str:
    """Return an e-mail address with its domain in lower case.

    The local part is compared exactly.
    """
    local, at, domain = email.rpartition("@")
    return local + at + domain.lower() if email.isascii() else email
