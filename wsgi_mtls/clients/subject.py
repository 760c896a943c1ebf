"""The registered name that a PKI client's certificate must carry.

RFC 8705 section 2.1.2 lists the kinds; a client has exactly one.
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from urllib.parse import urlsplit

from ..errors import BadCertificate, InvalidClientMetadata
from ..x509 import SUBJECT_KINDS, ClientCertificate, SubjectKind, attributes, names
from ..x509.certificate_names import fold_domain, fold_uri
from ..x509.name_text import Attributes, read_registered

SubjectKey = tuple[SubjectKind, Hashable]
"""A subject value ready to be compared: two that name the same are equal, and a registry may index by it."""

_DNS_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_COMMON_NAME = "2.5.4.3"
# What comes last in RFC 4514 text: country, state, locality, organization, domain.
_GENERAL = frozenset({"2.5.4.6", "2.5.4.8", "2.5.4.7", "2.5.4.10", "0.9.2342.19200300.100.1.25"})
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class SubjectValue:
    """A registered subject value.

    Attributes:
        kind: the metadata member that holds it.
        value: its text, as registered.
        key: the same, ready to be compared with those of :func:`subject_keys`.
    """

    kind: SubjectKind
    value: str
    key: SubjectKey

    @classmethod
    def parse(cls, kind: SubjectKind, value: object) -> "SubjectValue":
        """Read a registered value.

        Raises:
            InvalidClientMetadata: If no certificate could contain it, or it would match more than one name.
        """
        if kind not in SUBJECT_KINDS:
            raise InvalidClientMetadata(
                f"{kind!r} is not a kind of subject value; use one of {', '.join(SUBJECT_KINDS)}."
            )
        if not isinstance(value, str) or not value:
            raise InvalidClientMetadata(f"{kind} must be a text that is not empty.")
        try:
            return cls(kind, value, (kind, _PARSERS[kind](value)))
        except ValueError as error:
            raise InvalidClientMetadata(f"{kind} {value!r}: {error}") from None

    def matches(self, certificate: ClientCertificate) -> bool:
        """Return whether the certificate carries exactly this name.

        Raises:
            BadCertificate: If its names of this kind can't be read.
        """
        return self.key[1] in COMPARED[self.kind](certificate)

    def found_in(self, certificate: ClientCertificate) -> tuple[str, ...]:
        """Return the certificate's names of this kind, as texts for people.

        Raises:
            BadCertificate: If its names of this kind can't be read.
        """
        return TEXTS[self.kind](certificate)

    @property
    def opposite(self) -> "SubjectValue | None":
        """The DN with its RDNs in the opposite order, or None.

        ``openssl x509 -subject`` prints this order.
        """
        if self.kind != "tls_client_auth_subject_dn":
            return None
        text = attributes.write(tuple(map(_as_written, reversed(read_registered(self.value)))))
        return SubjectValue.parse(self.kind, text)

    @property
    def warning(self) -> str | None:
        """The reason to think that a DN was registered in the opposite order, or None."""
        if self.kind != "tls_client_auth_subject_dn" or self.value.startswith("/") or self.opposite is None:
            return None
        *_, first = rdns = read_registered(self.value)
        is_general = len(rdns) > 1 and _GENERAL & {oid for oid, _ in first}
        if not is_general or all(oid != _COMMON_NAME for oid, _ in rdns[0]):
            return None
        return (
            f"{self.kind} {self.value!r} ends with CN, as openssl x509 -subject prints it, and RFC 4514 writes the "
            f"opposite order: register {self.opposite.value!r}, unless the certificate itself starts with CN."
        )

    def is_among(self, kind: str, values: Iterable[str]) -> bool:
        """Return whether a terminator that forwards only such texts delivered this name.

        A text that names nothing matches nothing; a DN is read as RFC 4514 and never in the slash form, which is
        ambiguous and whose text the client chooses in part.
        """
        return kind == self.kind and any(
            self.key == (kind, key) for key in (_delivered(self.kind, value) for value in values) if key is not None
        )


def subject_keys(certificate: ClientCertificate) -> frozenset[SubjectKey]:
    """Return each subject value that this certificate could be registered by.

    Values that cannot be read are left out. DNS names, e-mail domains, and URIs' schemes and hosts are compared without
    regard to ASCII case, IP addresses in binary, names as RFC 5280 section 7.1 requires, everything else exactly (RFC
    8705 section 2.1.2).
    """
    return frozenset((kind, key) for kind in COMPARED for key in _readable_keys(kind, certificate))


def _readable_keys(kind: SubjectKind, certificate: ClientCertificate) -> tuple[Hashable, ...]:
    try:
        return tuple(COMPARED[kind](certificate))
    except BadCertificate:
        return ()


def _as_written(rdn: Attributes) -> tuple[attributes.Attribute, ...]:
    return tuple(attributes.Attribute.of(oid, value) for oid, value in rdn)


def _delivered(kind: SubjectKind, value: str) -> Hashable | None:
    if kind == "tls_client_auth_subject_dn" and value.startswith("/"):
        return None
    try:
        return _PARSERS[kind](value)
    except ValueError:
        return None


def _dn(value: str) -> Hashable:
    name = names.from_rdns(read_registered(value))
    if not name.comparable:
        raise BadCertificate(
            "it has no value that is not empty, or one with invisible or control characters, and so matches nothing.",
            reason="malformed_name",
        )
    return name


def _dns(value: str) -> Hashable:
    if "*" in value:
        raise ValueError("a wildcard names no single client; register the very name.")
    if not _DNS_NAME.fullmatch(value):
        if "://" in value:
            raise ValueError("it is not a DNS name. Register a URI by tls_client_auth_san_uri.")
        raise ValueError(
            "it is not a DNS name. Write the name alone, without a port, a prefix, a final dot or spaces; and an "
            "international name as A-labels (xn--…)."
        )
    return value.lower()


def _uri(value: str) -> Hashable:
    if not value.isascii() or _CONTROL.search(value) or not urlsplit(value).scheme:
        raise ValueError("it is not a URI; it needs a scheme and only ASCII characters (RFC 3986).")
    return fold_uri(value)


def _ip(value: str) -> Hashable:
    address = ipaddress.ip_address(value)
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        raise ValueError("a certificate cannot hold an address with a zone.")
    return address


def _email(value: str) -> Hashable:
    local, at, domain = value.rpartition("@")
    if not (local and at and _DNS_NAME.fullmatch(domain)) or not value.isascii() or _CONTROL.search(value):
        raise ValueError("no e-mail address; write local-part@domain in ASCII.")
    return fold_domain(value)


_PARSERS: dict[SubjectKind, Callable[[str], Hashable]] = {
    "tls_client_auth_subject_dn": _dn,
    "tls_client_auth_san_dns": _dns,
    "tls_client_auth_san_uri": _uri,
    "tls_client_auth_san_ip": _ip,
    "tls_client_auth_san_email": _email,
}

COMPARED: dict[SubjectKind, Callable[[ClientCertificate], Collection[Hashable]]] = {
    "tls_client_auth_subject_dn": attrgetter("comparable_subjects"),
    "tls_client_auth_san_dns": attrgetter("comparable_dns"),
    "tls_client_auth_san_uri": attrgetter("comparable_uris"),
    "tls_client_auth_san_ip": attrgetter("san_ip"),
    "tls_client_auth_san_email": attrgetter("comparable_emails"),
}
"""What a certificate carries of each kind, ready to be compared with :attr:`SubjectValue.key`."""

TEXTS: dict[SubjectKind, Callable[[ClientCertificate], tuple[str, ...]]] = {
    "tls_client_auth_subject_dn": lambda it: (it.subject,),
    "tls_client_auth_san_dns": lambda it: tuple(it.san_dns),
    "tls_client_auth_san_uri": lambda it: tuple(it.san_uri),
    "tls_client_auth_san_ip": lambda it: tuple(map(str, it.san_ip)),
    "tls_client_auth_san_email": lambda it: tuple(it.san_email),
}
"""What a certificate carries of each kind, as texts for people."""
