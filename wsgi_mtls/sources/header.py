"""A certificate in a header, of any terminator."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..errors import BadCertificate
from ..x509 import ClientCertificate, PeerCertificate
from ..x509.parts import is_issued_by
from .encodings import CHAIN_LIMIT, SIZE_LIMIT
from .proxies import GuardedHeaders, TrustedProxies
from .secret import Secret
from .status import LeadingStatus, Status, Verification

Decoder = Callable[[str], bytes | tuple[bytes, ...]]
"""From a header's value to DER, or to several with the leaf first; see :mod:`wsgi_mtls.sources.encodings`.

The same value must always give the same octets: a value that was seen before is not decoded again.
"""


@dataclass(frozen=True, slots=True)
class Chain:
    """Headers that hold the rest of the chain, without the leaf.

    Attributes:
        names: the headers, in order; the first that is absent ends the chain. The terminator must set every one.
        decode: reads each.

    Raises:
        ValueError: If ``names`` is not a list of headers.
    """

    names: Sequence[str]
    decode: Decoder

    def __post_init__(self) -> None:
        if not isinstance(self.names, tuple | list) or not self.names:
            raise ValueError(f"chain must be a list of header names, not {self.names!r}.")


def header(
    name: str,
    decode: Decoder,
    *,
    trusted_proxies: str | Iterable[str],
    verified: bool | Status | Sequence[Status] | LeadingStatus = False,
    chain: Chain | None = None,
    secret: Secret | None = None,
    underscores_dropped: bool = False,
    hyphens_dropped: bool = False,
    issued_in_order: bool = False,
    refused: Sequence[str] = (),
    label: str | None = None,
) -> GuardedHeaders:
    """Take the certificate from a header.

    The terminator must overwrite the header on every request. A value longer than 65536 characters is refused, and so
    is a chain of more than 10 certificates.

    Args:
        name: the header that holds the certificate.
        decode: how, one of :mod:`~wsgi_mtls.sources.encodings`.
        trusted_proxies: the peers that may send it: addresses and networks, ``"unix"``, or ``"any"``. Empty only with a
            secret.
        verified: what reports that the chain of this very request was validated: a status before the certificate in
            the same header; a status header; several, which must all report it; True if the terminator rejects every
            other request; False if nothing does.
        chain: the headers that hold the rest of the chain; not for a decoder that returns the chain itself.
        secret: a header and the value that it must have, ``("X-Proxy-Auth", "…")``, for platforms whose addresses are
            not known or are other people's also. Compared in constant time, and taken out of the environ.
        underscores_dropped: whether the terminator, or the server, drops headers whose name has an underscore. It must
            be True for names with hyphens: ``X_SSL_CERT`` and ``X-SSL-CERT`` are one environ key.
        hyphens_dropped: whether the terminator drops ``SSL-CLIENT-CERT`` of a client where it sends
            ``SSL_CLIENT_CERT`` itself. It must be True for names with underscores; the server must pass on those
            names alone, as gunicorn's ``forwarder_headers`` does.
        issued_in_order: whether a list is refused unless each certificate in it was issued by the next, another one.
        refused: headers that must not come together with this configuration.
        label: the source's name in events; the header's by default.

    Raises:
        ValueError: If an option has a value that it cannot have, or if a client could imitate a header's name.
    """
    leading = verified if isinstance(verified, LeadingStatus) else None
    verification = Verification.of(False if isinstance(verified, LeadingStatus) else verified)
    label = label or name
    reader = _Reader(name, decode, leading, verification, chain, issued_in_order, tuple(refused), label)
    return GuardedHeaders(
        reader.read,
        (name, *verification.names, *(chain.names if chain else ()), *refused),
        proxies=TrustedProxies(trusted_proxies, secret),
        underscores_dropped=underscores_dropped,
        hyphens_dropped=hyphens_dropped,
        label=label,
        can_verify=leading is not None or verification.always or bool(verification.statuses),
        announced=(name, *verification.names),
        statuses={name: leading.none} if leading is not None else verification.without_certificate,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    name: str
    decode: Decoder
    leading: LeadingStatus | None
    verification: Verification
    chain: Chain | None
    issued_in_order: bool
    refused: tuple[str, ...]
    label: str

    def read(self, came: Mapping[str, str]) -> PeerCertificate | None:
        """Read the headers of a trusted proxy."""
        for name in self.refused:
            if name in came:
                raise BadCertificate(f"{name} came: it is of another mode than {self.label} is set to.")
        text, verified = self._leaf(came)
        if text is None:
            return None
        ders = (*_decode(self.name, text, self.decode), *self._chain(came))
        if len(ders) - 1 > CHAIN_LIMIT:
            raise BadCertificate(f"The chain has more than {CHAIN_LIMIT} certificates.")
        leaf, *rest = map(ClientCertificate.from_der, ders)
        if self.issued_in_order:
            _check_order([leaf, *rest])
        status = "" if verified else self._words(came)
        return PeerCertificate(leaf, tuple(rest), verified=verified, source=self.label, status=status)

    def _words(self, came: Mapping[str, str]) -> str:
        """Return what the terminator reports of the chain.

        The text is empty where it reports nothing.
        """
        if self.leading is None:
            return self.verification.words(came)
        return came.get(self.name, "").rstrip(" ").rpartition(" ")[0]

    def _leaf(self, came: Mapping[str, str]) -> tuple[str | None, bool]:
        """Return the encoded certificate, and whether its chain was validated.

        Without a certificate the first is None.
        """
        text = came.get(self.name)
        if self.leading is None:
            return text, self.verification.read(came, self.name, text is not None)
        if text is None:
            return None, False
        _check_size(self.name, text)
        return self.leading.split(self.name, text)

    def _chain(self, came: Mapping[str, str]) -> tuple[bytes, ...]:
        if self.chain is None:
            return ()
        present = [(name, came[name]) for name in self.chain.names if name in came]
        if any(name not in came for name in self.chain.names[: len(present)]):
            raise BadCertificate(f"{present[-1][0]} came, but not every chain header before it.")
        return tuple(der for name, text in present for der in _decode(name, text, self.chain.decode))


def _check_size(name: str, text: str) -> None:
    if len(text) > SIZE_LIMIT:
        raise BadCertificate(f"{name} is longer than {SIZE_LIMIT} characters.")


def _decode(name: str, text: str, decode: Decoder) -> tuple[bytes, ...]:
    _check_size(name, text)
    decoded = decode(text)
    ders = decoded if isinstance(decoded, tuple) else (decoded,)
    if not ders:
        raise BadCertificate(f"{name} holds no certificate.")
    return ders


def _check_order(certificates: list[ClientCertificate]) -> None:
    # A self-signed one is issued by itself: two headers that a server joined would pass.
    if len(set(certificates)) != len(certificates):
        raise BadCertificate("The list has the same certificate twice.")
    for number, (subject, issuer) in enumerate(pairwise(certificates), 1):
        if not _is_issued_by(subject, issuer):
            raise BadCertificate(f"Certificate {number} of the list was not issued by the next.")


def _is_issued_by(subject: ClientCertificate, issuer: ClientCertificate) -> bool:
    try:
        return is_issued_by(subject.der, issuer.der)
    except ValueError:
        return False
