"""The trust store: CA certificates and revocation lists to validate chains."""

import logging
import os
import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import TypedDict, Unpack, get_args

from cryptography import x509

from ..errors import MutualTLSError
from ..x509 import ClientCertificate, PeerCertificate
from . import files
from .authority import Authority
from .cache import PathCache
from .crl import Crls, Revocation, newest
from .requirements import Strength
from .snapshot import Rules, Snapshot, ValidatedPath

_logger = logging.getLogger("wsgi_mtls")

Place = str | os.PathLike[str]
MAX_HINTS = 32
"""How many certificates of a client's chain are looked at."""


class Options(TypedDict, total=False):
    """The options of each constructor of :class:`TrustStore`.

    Attributes:
        crls: files and directories of certificate revocation lists, PEM or DER.
        revocation: ``off``, ``if_available`` or ``required``; see the table in ``docs/trust.md``.
        strength: the weakest keys and signatures that are accepted.
        allow_v1_roots: whether a root may lack basic constraints, as X.509 v1 certificates do.
        max_age: how long the files are not looked at again, in seconds; 0 looks at each validation. It is the longest
            delay of a revocation by a CRL file.
    """

    crls: Place | Collection[Place]
    revocation: Revocation
    strength: Strength
    allow_v1_roots: bool
    max_age: float


class TrustStore:
    """CA certificates by which a path is validated (RFC 5280 section 6).

    Several threads may use one. Files are read again when they change. The new state is built aside and swapped in;
    while a file is broken, the last good state stays in force, and the log names the file.

    Make one with :meth:`from_file`, :meth:`from_directory` or :meth:`from_certificates`.
    """

    def __init__(
        self,
        read: Callable[[], Iterable[x509.Certificate]],
        places: Collection[Path],
        options: Options,
    ) -> None:
        self._read, self._places = read, places
        self._crl_places = _places(options.get("crls", ()))
        self._rules = _rules(options, bool(self._crl_places))
        self._max_age = options.get("max_age", 1.0)
        if not isinstance(self._max_age, int | float) or isinstance(self._max_age, bool) or self._max_age < 0:
            raise ValueError(f"max_age is {self._max_age!r}: give a number of seconds, 0 or more.")
        self._lock = Lock()
        self._stamp = self._look()
        self._state = self._load({})
        self._next_look = time.monotonic() + self._max_age

    @classmethod
    def from_file(cls, path: Place, **options: Unpack[Options]) -> "TrustStore":
        """Trust the CA certificates of a file, PEM or DER.

        Args:
            path: the file.
            **options: see :class:`Options`.

        Raises:
            OSError: If a file cannot be read.
            ValueError: If a file holds something else, or an option has a value that it cannot have.
        """
        places = (Path(path),)
        if places[0].is_dir():
            raise ValueError(f"{path} is a directory: use TrustStore.from_directory.")
        return cls(lambda: files.read_certificates(places), places, options)

    @classmethod
    def from_directory(cls, path: Place, **options: Unpack[Options]) -> "TrustStore":
        """Trust the CA certificates in a directory.

        Its files are ``*.pem``, ``*.crt``, ``*.cer`` and ``*.der``.

        Args:
            path: the directory.
            **options: see :class:`Options`.

        Raises:
            OSError: If a file cannot be read.
            ValueError: If a file holds something else, or an option has a value that it cannot have.
        """
        places = (Path(path),)
        if not places[0].is_dir():
            raise ValueError(f"{path} is not a directory: use TrustStore.from_file.")
        return cls(lambda: files.read_certificates(places), places, options)

    @classmethod
    def from_certificates(
        cls, certificates: Iterable[ClientCertificate | bytes], **options: Unpack[Options]
    ) -> "TrustStore":
        """Trust these CA certificates.

        Args:
            certificates: each a :class:`~wsgi_mtls.ClientCertificate`, or DER.
            **options: see :class:`Options`.

        Raises:
            OSError: If a file of revocation lists cannot be read.
            ValueError: If one is not a certificate, or an option has a value that it cannot have.
        """
        parsed = [x509.load_der_x509_certificate(_der(certificate)) for certificate in certificates]
        return cls(lambda: parsed, (), options)

    @property
    def revocation(self) -> Revocation:
        """Whether a certificate is accepted if its revocation status is unknown."""
        return self._rules.revocation

    def validate(
        self, peer: PeerCertificate, at: datetime | None = None, *, issuers: Collection[str] = ()
    ) -> ValidatedPath:
        """Validate the path of a certificate.

        Args:
            peer: the certificate, and what came with it as hints.
            at: the time to validate at, aware; None for now.
            issuers: the values of ``tls_client_auth_issuer`` of the client; one of the CAs that they name must be in
                the path.

        Raises:
            UntrustedPath: If the path is refused; each subclass has a ``reason`` of its own.
            ValueError: If ``at`` has no time zone.
        """
        if time.monotonic() >= self._next_look:
            self._look_again()
        state, cache = self._state
        if at is not None:
            if at.tzinfo is None:
                raise ValueError("at must be an aware datetime, such as datetime.now(UTC).")
            return state.at(at).validate(_der(peer.certificate), _hints(peer), issuers)
        key = (peer.certificate.der, *[hint.der for hint in peer.chain], *issuers)
        if (known := cache.get(key)) is not None:
            return known
        leaf, hints = _der(peer.certificate), _hints(peer)
        path = state.validate(leaf, hints, issuers)
        cache.put(key, path, len(leaf) + sum(map(len, hints)) + sum(map(len, path.certificates)))
        return path

    def subjects(self) -> list[str]:
        """Return the subjects of the trusted CAs, to be read by people."""
        authorities = self.state().authorities
        return [x509.load_der_x509_certificate(one.der).subject.rfc4514_string() for one in authorities]

    def state(self) -> Snapshot:
        """Return what was read last, which never changes."""
        if time.monotonic() >= self._next_look:
            self._look_again()
        return self._state[0]

    def _look_again(self) -> None:
        # One thread reads; the others go on with what was read before.
        if self._lock.acquire(blocking=False):
            try:
                self._refresh()
                self._next_look = time.monotonic() + self._max_age
            finally:
                self._lock.release()

    def _refresh(self) -> None:
        if (stamp := self._look()) == self._stamp:
            return
        try:
            self._state = self._load(self._state[0].crls)
            _logger.info("trust store: read %s", ", ".join(map(str, (*self._places, *self._crl_places))))
        except (OSError, ValueError, MutualTLSError) as error:
            _logger.exception("trust store: the files changed and cannot be read; the last good state stays in force")
            if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
                return  # perhaps only for now: looked at again, and not only when it changes
        self._stamp = stamp

    def _look(self) -> files.Stamp:
        return (files.stamp(self._places, "certificate"), files.stamp(self._crl_places, "crl"))

    def _load(self, known: Crls) -> tuple[Snapshot, PathCache]:
        authorities = {one.der: one for one in map(Authority.of, filter(self._is_ca, self._read()))}
        if not authorities:
            raise ValueError("The trust store holds no CA certificate: give it those of the CAs to trust.")
        crls = newest(files.read_crls(self._crl_places), known)
        if self._crl_places and not crls:
            raise ValueError(f"No CRL in {', '.join(map(str, self._crl_places))}: *.crl, *.pem and *.der are read.")
        return Snapshot(tuple(authorities.values()), crls, self._rules), PathCache()

    def _is_ca(self, certificate: x509.Certificate) -> bool:
        try:
            if certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
                return True
            remedy = "it has CA:FALSE"
        except x509.ExtensionNotFound:
            if self._rules.allow_v1_roots and certificate.subject == certificate.issuer:
                return True
            remedy = "it has no basic constraints; a root without them needs allow_v1_roots=True"
        _logger.warning("trust store: left out %r: %s", certificate.subject.rfc4514_string(), remedy)
        return False


def _rules(options: Options, has_crls: bool) -> Rules:
    revocation = options.get("revocation", "if_available")
    if revocation not in get_args(Revocation):
        raise ValueError(f"revocation is {revocation!r}: use one of {', '.join(get_args(Revocation))}.")
    if has_crls and revocation == "off":
        raise ValueError('crls are given, and revocation is "off": leave one of them out.')
    if not has_crls and revocation == "required":
        raise ValueError('revocation is "required", and no crls are given: no certificate would be accepted.')
    strength = options.get("strength", Strength())
    if not isinstance(strength, Strength):
        raise ValueError(f"strength is {strength!r}: give a Strength.")
    unknown = options.keys() - Options.__annotations__.keys()
    if unknown:
        raise ValueError(f"TrustStore has no option {', '.join(sorted(unknown))}.")
    return Rules(revocation=revocation, strength=strength, allow_v1_roots=options.get("allow_v1_roots", False) is True)


def _places(given: Place | Collection[Place]) -> tuple[Path, ...]:
    return (Path(given),) if isinstance(given, str | os.PathLike) else tuple(map(Path, given))


def _hints(peer: PeerCertificate) -> list[bytes]:
    return [_der(certificate) for certificate in peer.chain[:MAX_HINTS]]


def _der(certificate: ClientCertificate | bytes) -> bytes:
    return certificate.der if isinstance(certificate, ClientCertificate) else bytes(certificate)
