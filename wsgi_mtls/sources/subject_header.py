"""A name out of the certificate in a header.

It is for terminators that keep the certificate to themselves.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import BadCertificate
from ..x509 import SUBJECT_KINDS, PeerSubject, SubjectKind
from ..x509.name_text import read as read_name
from .encodings import SIZE_LIMIT
from .proxies import GuardedHeaders, TrustedProxies
from .secret import Secret
from .source import CertificateSource, FirstOf
from .status import Status, Verification

ValuesDecoder = Callable[[str], tuple[str, ...]]
"""From a header's value to the values of one kind of subject alternative name."""

_WITHOUT_COMMA = frozenset({"tls_client_auth_san_dns", "tls_client_auth_san_ip", "tls_client_auth_san_email"})


class SubjectHeaders(GuardedHeaders):
    """A source of a name without a certificate.

    :func:`subject_header` makes one.
    """


class UriHeader(SubjectHeaders):
    """A source of a URI and the certificate's hash.

    Tokens can be bound to the hash.
    """


def one_value(text: str) -> tuple[str, ...]:
    """Take the whole header as one value."""
    return (text,)


def subject_header(
    name: str | Sequence[str],
    *,
    kind: SubjectKind,
    verified: bool | Status | Sequence[Status],
    trusted_proxies: str | Iterable[str],
    decode: ValuesDecoder = one_value,
    secret: Secret | None = None,
    underscores_dropped: bool = False,
    hyphens_dropped: bool = False,
    label: str | None = None,
) -> SubjectHeaders:
    """Take a subject value from a header that has no certificate.

    It authenticates only clients of ``tls_client_auth`` that are registered by this kind. Self-signed clients and bound
    tokens need the certificate, and the terminator alone checks expiry, key usage and self-signedness. The verifier
    must be limited to that method: ``Verifier(…, allowed_methods=["tls_client_auth"])``.

    A DN is read as RFC 4514 (nginx's ``$ssl_client_s_dn``, Apache's ``%{SSL_CLIENT_S_DN}s``). The slash form (nginx's
    ``$ssl_client_s_dn_legacy``, HAProxy's ``ssl_c_s_dn`` without a format) is refused: the client chooses part of its
    text.

    Two headers that a server joined with a comma read as one longer DN, so a second header can't be seen here: the
    terminator must overwrite the header on every request, and a name without hyphens, which has no underscore alias, is
    the better one. A value of a DNS name, IP or e-mail address has no comma, unless ``decode`` takes it apart.

    Args:
        name: the header; several where the terminator numbers them, as Apache's ``SSL_CLIENT_SAN_DNS_n``.
        kind: what it holds, ``"tls_client_auth_subject_dn"`` or one of the SAN kinds.
        verified: as for :func:`~wsgi_mtls.sources.header`; without it no client is authenticated.
        trusted_proxies: the peers that may send it.
        decode: splits a value that holds several; the whole value is one by default. A comma-separated list is safe
            only if the terminator escapes commas.
        secret: as for :func:`~wsgi_mtls.sources.header`.
        underscores_dropped: as for :func:`~wsgi_mtls.sources.header`.
        hyphens_dropped: as for :func:`~wsgi_mtls.sources.header`.
        label: the source's name in events; the header's by default.

    Raises:
        ValueError: If an option has a value that it cannot have, or if a client could imitate a header's name.
    """
    headers = (name,) if isinstance(name, str) else tuple(name)
    if not headers or kind not in SUBJECT_KINDS:
        raise ValueError(f"Name a header, and a kind among {', '.join(SUBJECT_KINDS)}.")
    verification = Verification.of(verified)
    reader = _Reader(headers, kind, verification, decode, label or headers[0])
    return SubjectHeaders(
        reader.read,
        (*headers, *verification.names),
        proxies=TrustedProxies(trusted_proxies, secret),
        underscores_dropped=underscores_dropped,
        hyphens_dropped=hyphens_dropped,
        label=reader.label,
        can_verify=verification.always or bool(verification.statuses),
        statuses=verification.without_certificate,
    )


def check_methods(source: CertificateSource, allowed_methods: Collection[str]) -> None:
    """Check at start that a source can serve the methods that the application allows.

    Raises:
        ValueError: If the source forwards only a name, which serves no other method than ``tls_client_auth``.
    """
    if _forwards_a_name(source) and set(allowed_methods) != {"tls_client_auth"}:
        raise ValueError(
            "The source forwards a name and no certificate: it can't serve self-signed clients. "
            'Give the verifier allowed_methods=["tls_client_auth"], or have the terminator pass the certificate on.'
        )


def check_delivers_certificate(source: CertificateSource) -> None:
    """Check that the source delivers certificates if a trust store validates chains.

    Raises:
        ValueError: If the source forwards only a name, or the certificate's hash.
    """
    if _forwards_a_name(source):
        raise ValueError(
            "The source forwards a name and no certificate: a trust store has nothing to validate. "
            "Have the terminator pass the certificate on."
        )


def check_delivers_thumbprint(source: CertificateSource) -> None:
    """Check at start that an API's source can serve bound tokens.

    Raises:
        ValueError: If the source forwards only a name, to which no token is bound.
    """
    if _forwards_a_name(source, unless=UriHeader):
        raise ValueError(
            "subject_header forwards a name and no certificate: it can't serve bound tokens. "
            "Have the terminator pass the certificate on."
        )


def _forwards_a_name(source: CertificateSource, unless: type[SubjectHeaders] | tuple[()] = ()) -> bool:
    if isinstance(source, FirstOf):
        return any(_forwards_a_name(half, unless) for half in source.halves)
    return isinstance(source, SubjectHeaders) and not isinstance(source, unless)


@dataclass(frozen=True, slots=True)
class _Reader:
    headers: tuple[str, ...]
    kind: SubjectKind
    verification: Verification
    decode: ValuesDecoder
    label: str

    def read(self, came: Mapping[str, str]) -> PeerSubject | None:
        """Read the headers of a trusted proxy."""
        texts = [came[name] for name in self.headers if name in came]
        verified = self.verification.read(came, self.label, bool(texts))
        if not texts:
            return None
        if self.decode is one_value and self.kind in _WITHOUT_COMMA and any("," in text for text in texts):
            raise BadCertificate(
                f"{self.label} came more than once, or holds several values: split them with decode=.",
                reason="malformed_name",
            )
        values = tuple(value for text in texts for value in self.decode(self._utf8(text)))
        if self.kind == "tls_client_auth_subject_dn":
            for value in values:
                read_name(value)
        return PeerSubject(self.kind, values, verified, self.label)

    def _utf8(self, text: str) -> str:
        """Undo the latin-1 of PEP 3333."""
        if len(text) > SIZE_LIMIT:
            raise BadCertificate(f"{self.label} is longer than {SIZE_LIMIT} characters.", reason="malformed_name")
        try:
            return text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            raise BadCertificate(
                f"Expected UTF-8 in {self.label}, found other octets.", reason="malformed_name"
            ) from None
