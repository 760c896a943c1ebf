"""One X.509 certificate: octets first, and each part of it read when a decision asks."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache, wraps
from typing import Literal, TypeVar, final, get_args

from cryptography.hazmat import asn1

from ..errors import BadCertificate, short
from . import attributes, names, parts
from .extensions import Extensions
from .parts import IPAddress
from .pem import pem_to_der
from .self_issued import is_self_issued

MAX_DER_SIZE = 65536
"""The largest certificate that is read, in octets."""
_MAX_CACHED_SIZE = 8192  # anybody can make many that are larger, and one takes a multiple of its size
_SEQUENCE = b"\x30"
_USER_PRINCIPAL_NAME = "1.3.6.1.4.1.311.20.2.3"

SubjectKind = Literal[
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
]
"""The five names by which a PKI client can be registered (RFC 8705 section 2.1.2)."""
SUBJECT_KINDS: tuple[SubjectKind, ...] = get_args(SubjectKind)

Part = TypeVar("Part")


def _part(name: str) -> Callable[[Callable[["ClientCertificate"], Part]], "cached_property[Part]"]:
    """Make a property that is read when it is asked for and kept, and that fails in one way."""

    def decorate(read: Callable[["ClientCertificate"], Part]) -> "cached_property[Part]":
        @wraps(read)
        def read_part(self: "ClientCertificate") -> Part:
            try:
                return read(self)
            except (ValueError, TypeError) as error:
                if isinstance(error, BadCertificate) and error.reason == "certificate_unreadable":
                    raise
                raise BadCertificate(
                    f"The certificate's {name} can't be read ({short(str(error))}): have it issued anew without the "
                    "fault.",
                    reason="certificate_unreadable",
                ) from None

        return cached_property(read_part)

    return decorate


# Without slots: cached_property keeps what was read in the instance's __dict__.
@final
@dataclass(frozen=True, eq=False, repr=False)
class ClientCertificate:
    """One X.509 certificate (RFC 5280): its octets, which need no more than to be one DER value.

    Make one with :meth:`from_der` or :meth:`from_pem`. Two are equal if their DER is. Every property but ``der`` and
    ``thumbprint`` is read when it is asked for, and kept. One that can't be read raises ``BadCertificate``, and
    says nothing about the others: a bound token (RFC 8705 section 3) and a certificate that is registered itself
    (section 2.2) need the octets alone.

    Attributes:
        der: the certificate itself.
        thumbprint: ``x5t#S256`` (RFC 8705 section 3.1): base64url, unpadded, of the SHA-256 of the DER.
    """

    der: bytes
    thumbprint: str

    @staticmethod
    def from_der(der: bytes) -> "ClientCertificate":
        """Take DER, which must be one SEQUENCE and no more. The last 512 certificates of usual size are kept.

        Raises:
            BadCertificate: ``malformed_certificate``: it is something else.
        """
        octets = bytes(der)
        return _from_der(octets) if len(octets) <= _MAX_CACHED_SIZE else _make(octets)

    @staticmethod
    def from_pem(pem: str | bytes) -> "ClientCertificate":
        """Read PEM (RFC 7468): one certificate, nothing but white space around it.

        Raises:
            BadCertificate: ``malformed_certificate``: as :meth:`from_der`.
        """
        text = pem if isinstance(pem, str) else bytes(pem).decode("latin-1")
        return ClientCertificate.from_der(pem_to_der(text))

    @_part("subject")
    def subject(self) -> str:
        """The subject as RFC 4514 text, to be read by people; ``subject_name`` is what is compared."""
        return attributes.write(self.subject_attributes)

    @_part("subject")
    def subject_attributes(self) -> attributes.RDNs:
        """The subject's attributes as they are written, by RDN, in the certificate's order."""
        return attributes.decode(parts.tbs(self.der).subject)

    @_part("subject")
    def subject_name(self) -> names.DistinguishedName:
        """The subject, ready to be compared."""
        return names.from_attributes(self.subject_attributes)

    @property
    def common_names(self) -> tuple[str, ...]:
        """The subject's CN values, in order; the empty text where it is open which text a value is."""
        return self.subject_values(parts.COMMON_NAME)

    def subject_values(self, oid: str) -> tuple[str, ...]:
        """Return the subject's values of an attribute type, as they are written.

        Args:
            oid: the type, dotted: ``"2.5.4.5"`` for serialNumber.

        Raises:
            BadCertificate: ``certificate_unreadable``: the subject can't be read.
        """
        attributes = (attribute for rdn in self.subject_attributes for attribute in rdn)
        return tuple(attribute.text for attribute in attributes if attribute.oid == oid)

    @_part("issuer")
    def issuer(self) -> str:
        """The issuer as RFC 4514 text."""
        return attributes.write(self.issuer_attributes)

    @_part("issuer")
    def issuer_attributes(self) -> attributes.RDNs:
        """The issuer's attributes as they are written."""
        return attributes.decode(parts.tbs(self.der).issuer)

    @_part("DNS name in the subject alternative name")
    def san_dns(self) -> tuple[str, ...]:
        """The dNSName entries of the subject alternative name."""
        return parts.texts(self._general_names, parts.DNS_NAME)

    @_part("URI in the subject alternative name")
    def san_uri(self) -> tuple[str, ...]:
        """Its uniformResourceIdentifier entries."""
        return parts.texts(self._general_names, parts.URI)

    @_part("e-mail address in the subject alternative name")
    def san_email(self) -> tuple[str, ...]:
        """Its rfc822Name entries."""
        return parts.texts(self._general_names, parts.EMAIL)

    @_part("IP address in the subject alternative name")
    def san_ip(self) -> tuple[IPAddress, ...]:
        """Its iPAddress entries of 4 or 16 octets; others (RFC 5280 section 4.2.1.6) are not addresses."""
        return parts.addresses(self._general_names)

    @_part("otherName in the subject alternative name")
    def other_names(self) -> tuple[tuple[str, bytes], ...]:
        """Its otherName entries: pairs of dotted type and the DER of the value."""
        return parts.other_names(self._general_names)

    @property
    def user_principal_names(self) -> tuple[str, ...]:
        """Its otherName entries of Microsoft's userPrincipalName; the empty text for one that is not a UTF8String."""
        return tuple(
            attributes.decode_value(value).text for oid, value in self.other_names if oid == _USER_PRINCIPAL_NAME
        )

    @_part("list of extensions")
    def extensions(self) -> Extensions:
        """The extensions, undecoded but for their OID and ``critical``."""
        return Extensions(parts.tbs(self.der).extensions)

    @_part("extended key usage")
    def extended_key_usage(self) -> frozenset[str] | None:
        """The dotted OIDs of the extended key usage, or None without the extension."""
        return self.extensions.key_purposes()

    @property
    def not_before(self) -> datetime:
        """The first moment of validity, UTC."""
        return self._validity[0]

    @property
    def not_after(self) -> datetime:
        """The last moment of validity, UTC."""
        return self._validity[1]

    @_part("serial number")
    def serial_number(self) -> int:
        """The serial number, as the issuer gave it."""
        return parts.tbs(self.der).serial_number

    @_part("public key")
    def public_key_der(self) -> bytes:
        """The SubjectPublicKeyInfo.

        As cryptography writes it, where it knows the kind of key: that of an RSA-PSS key (RFC 4055) names plain RSA, so
        that the same key is the same octets. As the certificate has it for any other.
        """
        return parts.public_key(self.der)

    @_part("public key")
    def key_size(self) -> tuple[str, int]:
        """The kind of the key, ``rsa`` or ``ec``, and its bits; the empty text and 0 for one of another kind."""
        return parts.key_size(self.der)

    @property
    def lookup_key(self) -> bytes:
        """What registered certificates are compared and searched by: the public key.

        The whole certificate where its key can't be found in it, so that it equals none but itself.
        """
        try:
            return self.public_key_der
        except BadCertificate:
            # A key's DER starts otherwise, so octets that are another's key are not taken for it.
            return b"\0" + self.der

    @property
    def is_self_signed(self) -> bool:
        """Whether the signature verifies under the certificate's own key, whatever the names say."""
        return bool(self._verifies)

    @property
    def may_be_self_signed(self) -> bool:
        """The same, and also where the installed cryptography can't load the key."""
        return self._verifies is not False

    @_part("subject or issuer")
    def is_self_issued(self) -> bool:
        """Whether subject and issuer are one name (RFC 5280 section 3.2) or may be so for another reader.

        Whatever the signature is: OpenSSL does not verify that of one that is in its CA bundle (:mod:`.self_issued`).
        """
        found = parts.tbs(self.der)
        same_count = attributes.count(found.subject) == attributes.count(found.issuer)
        return same_count and is_self_issued(self.subject_attributes, self.issuer_attributes)

    def require_readable(self) -> "ClientCertificate":
        """Return this certificate if all that is shown of it can be read, for a page or a report.

        Raises:
            BadCertificate: ``certificate_unreadable``: the first part that can't be.
        """
        for shown in _SHOWN:
            getattr(self, shown)
        return self

    @_part("subject alternative name")
    def _general_names(self) -> tuple[asn1.TLV, ...]:
        return self.extensions.general_names()

    @_part("validity")
    def _validity(self) -> tuple[datetime, datetime]:
        return parts.validity(self.der)

    @cached_property
    def _verifies(self) -> bool | None:
        try:
            return parts.is_self_signed(self.der)
        except ValueError:
            return None

    def __eq__(self, other: object) -> bool:
        return self.der == other.der if isinstance(other, ClientCertificate) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.der)

    def __repr__(self) -> str:
        return f"<ClientCertificate {self.thumbprint}>"

    def __reduce__(self) -> tuple[object, ...]:
        return ClientCertificate.from_der, (self.der,)


_SHOWN = (
    *("subject", "issuer", "san_dns", "san_uri", "san_ip", "san_email", "extended_key_usage", "not_before"),
    *("serial_number", "public_key_der", "is_self_signed", "is_self_issued"),
)


@lru_cache(maxsize=512)
def _from_der(der: bytes) -> ClientCertificate:
    return _make(der)


def _make(der: bytes) -> ClientCertificate:
    if len(der) > MAX_DER_SIZE:
        raise BadCertificate(f"The certificate is larger than {MAX_DER_SIZE} octets.")
    try:
        is_sequence = asn1.decode_der(asn1.TLV, der).tag_bytes == _SEQUENCE
    except ValueError as error:
        raise BadCertificate(f"Not a certificate: expected one DER SEQUENCE, found {error}.") from None
    if not is_sequence:
        raise BadCertificate("Not a certificate: expected one DER SEQUENCE, found another DER value.")
    return ClientCertificate(der, base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode("ascii"))
