"""A certificate in a header, of any terminator."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from ..errors import BadCertificate
from ..x509 import ClientCertificate, PeerCertificate
from .guarded import GuardedHeaders, header_value
from .leading_status import LeadingStatus
from .limits import CHAIN_LIMIT, SIZE_LIMIT
from .secret import Secret
from .status import Status, Verification

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Decoder = Callable[[str], bytes | tuple[bytes, ...]]
"""From a header's value to DER, or to several with the leaf first; see :mod:`wsgi_mtls.sources.encodings`."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Headers that hold the rest of the chain, without the leaf.

    Attributes:
        names: the headers, in order; the first that is absent ends the chain. The terminator must set every one.
        decode: reads each.

    Raises:
        ValueError: ``names`` is no list of headers.
    """

    names: Sequence[str]
    decode: Decoder

    def __post_init__(self) -> None:
        if not isinstance(self.names, tuple | list) or not self.names:
            raise ValueError("chain must be a list of header names.")


def optional_chain(names: Sequence[str], decode: Decoder) -> Chain | None:
    """Return the chain's headers, or None where the list of them is empty.

    Raises:
        ValueError: ``names`` is no list.
    """
    return None if isinstance(names, tuple | list) and not names else Chain(names, decode)


def header(
    name: str,
    decode: Decoder,
    *,
    trusted_proxies: str | Iterable[str],
    verified: bool | Status | Sequence[Status] | LeadingStatus = False,
    chain: Chain | None = None,
    secret: Secret | None = None,
    underscores_dropped: bool = False,
    issued_in_order: bool = False,
    refused: Sequence[str] = (),
    chain_limit: int = CHAIN_LIMIT,
    size_limit: int = SIZE_LIMIT,
    label: str | None = None,
) -> GuardedHeaders:
    """Take the certificate from a header. The terminator must overwrite each header named here on every request.

    Args:
        name: the header that holds the certificate.
        decode: how, one of :mod:`~wsgi_mtls.sources.encodings`.
        trusted_proxies: who may send it: addresses and networks, ``"unix"``, or ``"any"``. Empty only beside a secret.
        verified: what says that the chain of this very request was validated: a status before the certificate in the
            same header; a status header; several, which must all say so; True if the terminator rejects every other
            request; False if nothing does.
        chain: the headers that hold the rest of the chain; not for a decoder that returns the chain itself.
        secret: a header and the value that it must have, ``("X-Proxy-Auth", "…")``, for platforms whose addresses are
            not known or belong to other people as well. Compared in constant time, and taken out of the environ.
        underscores_dropped: say True if the terminator, or the server, drops headers whose name has an underscore.
            Wanted for names with hyphens: ``X_SSL_CERT`` and ``X-SSL-CERT`` are one environ key.
        issued_in_order: whether a list is refused unless each certificate in it was issued by the next, another one.
        refused: headers that must not come together with this configuration.
        chain_limit: the most certificates of the chain.
        size_limit: the longest value, in characters.
        label: the source's name in events; the header's by default.

    Raises:
        ValueError: a value that an option can't have; a header name that a client could imitate.
    """
    leading = verified if isinstance(verified, LeadingStatus) else None
    verification = Verification.of(False if isinstance(verified, LeadingStatus) else verified)
    for option, limit, least in (("chain_limit", chain_limit, 0), ("size_limit", size_limit, 1)):
        if type(limit) is not int or limit < least:
            raise ValueError(f"{option} is {limit!r}: give a whole number, {least} or more.")
    label = label or name
    reader = _Reader(
        name, decode, leading, verification, chain, issued_in_order, tuple(refused), chain_limit, size_limit, label
    )
    names = (name, *verification.names, *(chain.names if chain else ()), *refused)
    return GuardedHeaders(
        reader.read,
        names,
        trusted_proxies=trusted_proxies,
        secret=secret,
        underscores_dropped=underscores_dropped,
        label=label,
        can_verify=verification.always or bool(verification.statuses),
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
    chain_limit: int
    size_limit: int
    label: str

    def read(self, environ: "WSGIEnvironment") -> PeerCertificate | None:
        """Read the headers of a trusted proxy."""
        for name in self.refused:
            if header_value(environ, name) is not None:
                raise BadCertificate(f"{name} came: it belongs to another mode than {self.label} is set to.")
        text, verified = self._leaf(environ)
        if text is None:
            return None
        ders = (*self._decode(self.name, text, self.decode), *self._chain(environ))
        if len(ders) - 1 > self.chain_limit:
            raise BadCertificate(f"The chain has more than {self.chain_limit} certificates.")
        leaf, *rest = map(ClientCertificate.from_der, ders)
        if self.issued_in_order:
            _check_order([leaf, *rest])
        status = "" if verified else self._words(environ)
        return PeerCertificate(leaf, tuple(rest), verified=verified, source=self.label, status=status)

    def _words(self, environ: "WSGIEnvironment") -> str:
        """Return what the terminator reports of the chain; empty where it reports nothing."""
        if self.leading is None:
            return self.verification.words(environ)
        return (header_value(environ, self.name) or "").rstrip(" ").rpartition(" ")[0]

    def _leaf(self, environ: "WSGIEnvironment") -> tuple[str | None, bool]:
        """Return the encoded certificate, or None without one, and whether its chain was validated."""
        text = header_value(environ, self.name)
        if self.leading is None:
            return text, self.verification.read(environ, self.name, text is not None)
        if text is None:
            return None, False
        self._check_size(self.name, text)
        return self.leading.split(self.name, text)

    def _check_size(self, name: str, text: str) -> None:
        if len(text) > self.size_limit:
            raise BadCertificate(f"{name} is longer than {self.size_limit} characters.")

    def _decode(self, name: str, text: str, decode: Decoder) -> tuple[bytes, ...]:
        self._check_size(name, text)
        decoded = decode(text)
        ders = decoded if isinstance(decoded, tuple) else (decoded,)
        if not ders:
            raise BadCertificate(f"{name} holds no certificate.")
        return ders

    def _chain(self, environ: "WSGIEnvironment") -> tuple[bytes, ...]:
        if self.chain is None:
            return ()
        texts = [header_value(environ, name) for name in self.chain.names]
        came = [(name, text) for name, text in zip(self.chain.names, texts, strict=True) if text is not None]
        if None in texts[: len(came)]:
            raise BadCertificate(f"{came[-1][0]} came, but not every chain header before it.")
        return tuple(der for name, text in came for der in self._decode(name, text, self.chain.decode))


def _check_order(certificates: list[ClientCertificate]) -> None:
    # A self-signed one is issued by itself: two headers that a server joined would pass.
    if len(set(certificates)) != len(certificates):
        raise BadCertificate("A certificate stands twice in the list.")
    for number, (subject, issuer) in enumerate(pairwise(certificates), 1):
        if not _is_issued_by(subject, issuer):
            raise BadCertificate(f"Certificate {number} of the list was not issued by the next.")


@lru_cache(maxsize=128)
def _is_issued_by(subject: ClientCertificate, issuer: ClientCertificate) -> bool:
    """Compare the names and verify the signature, which is the same for the same octets on every request."""
    try:
        x509.load_der_x509_certificate(subject.der).verify_directly_issued_by(
            x509.load_der_x509_certificate(issuer.der)
        )
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
