"""One X.509 certificate, whose parts are read when a decision asks."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, final, get_args

from cryptography.hazmat import asn1

from ..errors import BadCertificate
from . import parts, public_key
from .certificate_names import CertificateNames
from .pem import pem_to_der
from .reading import Kept, part
from .self_issued import is_self_issued

MAX_DER_SIZE = 65536
"""The largest certificate that is read, in octets."""
_SEQUENCE = b"\x30"

SubjectKind = Literal[
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
]
"""The five names by which a PKI client can be registered (RFC 8705 section 2.1.2)."""
SUBJECT_KINDS: tuple[SubjectKind, ...] = get_args(SubjectKind)


# Without slots: cached_property keeps what was read in the instance's __dict__.
@final
@dataclass(frozen=True, eq=False, repr=False)
class ClientCertificate(CertificateNames):
    """One X.509 certificate (RFC 5280).

    Its octets need no more than to be one DER value. Make one with :meth:`from_der` or :meth:`from_pem`. Two are equal
    if their DER is. Every property but ``der`` and ``thumbprint`` is read when it is asked for, and kept. One that
    can't be read raises ``BadCertificate``, and has no effect on the others: a bound token (RFC 8705 section 3) and a
    certificate that is registered itself (section 2.2) need the octets alone.

    Attributes:
        der: the certificate itself.
        thumbprint: ``x5t#S256`` (RFC 8705 section 3.1): base64url, unpadded, of the SHA-256 of the DER.
    """

    der: bytes
    thumbprint: str

    @staticmethod
    def from_der(der: bytes) -> "ClientCertificate":
        """Take DER, which must be one SEQUENCE and no more.

        Raises:
            BadCertificate: ``malformed_certificate``: If it is something else.
        """
        octets = bytes(der)
        if len(octets) > MAX_DER_SIZE:
            raise BadCertificate(f"The certificate is larger than {MAX_DER_SIZE} octets.")
        try:
            is_sequence = asn1.decode_der(asn1.TLV, octets).tag_bytes == _SEQUENCE
        except ValueError as error:
            raise BadCertificate(f"Not a certificate: expected one DER SEQUENCE, found {error}.") from None
        if not is_sequence:
            raise BadCertificate("Not a certificate: expected one DER SEQUENCE, found another DER value.")
        digest = base64.urlsafe_b64encode(hashlib.sha256(octets).digest())
        return ClientCertificate(octets, digest.rstrip(b"=").decode("ascii"))

    @staticmethod
    def from_pem(pem: str | bytes) -> "ClientCertificate":
        """Read PEM (RFC 7468): one certificate, nothing but white space around it.

        Raises:
            BadCertificate: ``malformed_certificate``: If it is not exactly one certificate.
        """
        text = pem if isinstance(pem, str) else bytes(pem).decode("latin-1")
        return ClientCertificate.from_der(pem_to_der(text))

    @part("extended key usage")
    def extended_key_usage(self) -> frozenset[str] | None:
        """The dotted OIDs of the extended key usage, or None without the extension."""
        return self.extensions.key_purposes()

    @Kept
    def pki_purposes(self) -> frozenset[str] | None:
        """The extended key usage, checked as PKI requires (RFC 5280 section 4.2).

        All that PKI must understand is understood.

        Raises:
            BadCertificate: ``critical_extension``: If a critical extension is not processed here.
            BadCertificate: ``certificate_unreadable``: If one of the extensions that are looked at can't be read.
        """
        return self.extensions.check()

    @part("validity")
    def validity(self) -> tuple[datetime, datetime]:
        """The first and the last moment of validity, UTC."""
        return parts.validity(self.der)

    @property
    def not_before(self) -> datetime:
        """The first moment of validity, UTC."""
        return self.validity[0]

    @property
    def not_after(self) -> datetime:
        """The last moment of validity, UTC."""
        return self.validity[1]

    @part("serial number")
    def serial_number(self) -> int:
        """The serial number, as the issuer gave it."""
        return parts.serial_number(self.der)

    @part("public key")
    def public_key_info(self) -> bytes:
        """The SubjectPublicKeyInfo as the certificate has it, whether or not it is a key."""
        return parts.public_key_info(self.der)

    @part("public key")
    def public_key_der(self) -> bytes:
        """The SubjectPublicKeyInfo.

        As cryptography writes it, where it knows the kind of key: that of an RSA-PSS key (RFC 4055) names plain RSA, so
        that the same key is the same octets. As the certificate has it for any other.
        """
        return public_key.written(self.public_key_info)

    @part("public key")
    def key_size(self) -> tuple[str, int]:
        """The kind of the key, ``rsa`` or ``ec``, and its bits.

        The empty text and 0 for a key of another kind.
        """
        return public_key.size(self.public_key_info)

    @Kept
    def lookup_key(self) -> bytes:
        """The public key, by which registered certificates are searched.

        They are also compared by it. The whole certificate where its key can't be found in it, so that it equals none
        but itself.
        """
        try:
            return self.public_key_der
        except BadCertificate:
            # A key's DER starts otherwise, so octets that are another's key are not taken for it.
            return b"\0" + self.der

    @Kept
    def is_self_signed(self) -> bool:
        """Whether the signature verifies under the certificate's own key.

        Its names do not matter.
        """
        return bool(self._verifies)

    @property
    def may_be_self_signed(self) -> bool:
        """The same, and also where the installed cryptography can't load the key."""
        return self._verifies is not False

    @part("subject or issuer")
    def is_self_issued(self) -> bool:
        """Whether subject and issuer are one name (RFC 5280 section 3.2).

        Also if they may be one for another reader. Whatever the signature is: OpenSSL does not verify that of one that
        is in its CA bundle (:mod:`.self_issued`).
        """
        return parts.has_as_many_rdns(self.der) and is_self_issued(self.subject_attributes, self.issuer_attributes)

    def require_readable(self) -> "ClientCertificate":
        """Return this certificate if all that is shown of it can be read.

        It is for a page or a report.

        Raises:
            BadCertificate: ``certificate_unreadable``: If a part cannot be read, for the first of them.
        """
        for shown in _SHOWN:
            getattr(self, shown)
        return self

    @Kept
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
