"""One state of a trust store: what was read together, and what was found with it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from cryptography import x509
from OpenSSL.crypto import X509, X509Store, X509StoreFlags

from ..errors import UntrustedPath
from . import openssl
from .authority import Authority
from .crl import SKEW, Crls, Revocation, lists, next_change
from .facts import read, read_authority
from .intermediates import KeptIntermediates, arrangements
from .requirements import Strength, check_path

NO_CA_KNOWN = frozenset({"chain_incomplete", "untrusted_ca"})
"""The reasons of a path that ends at no CA of the trust store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedPath:
    """A path that was validated.

    Attributes:
        certificates: the DER of each certificate, from the leaf to the root.
        until: the first moment at which the answer could be another.
        revocation_known: whether each certificate below the root is known not to be revoked.
    """

    certificates: tuple[bytes, ...]
    until: datetime
    revocation_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules by which a store accepts a path.

    Attributes:
        revocation: whether a certificate may be used of which it is not known whether it is revoked.
        strength: the weakest keys and signatures.
        allow_v1_roots: whether a root may lack basic constraints.
    """

    revocation: Revocation = "if_available"
    strength: Strength = field(default_factory=Strength)
    allow_v1_roots: bool = False


class Snapshot:
    """CA certificates and CRLs that were read together; never changed.

    Args:
        authorities: the trusted CA certificates.
        crls: the revocation lists.
        rules: how strictly a path is judged.
        moment: the time to validate at; None for the time of each validation.
    """

    def __init__(
        self, authorities: Sequence[Authority], crls: Crls, rules: Rules, moment: datetime | None = None
    ) -> None:
        self.authorities = authorities
        self.crls = crls
        self._rules = rules
        self._moment = moment
        self._names = frozenset(authority.subject for authority in authorities)
        self._plain = self._store(authorities)
        self._kept = KeptIntermediates()

    def at(self, moment: datetime) -> "Snapshot":
        """Return a copy that validates at this time."""
        return Snapshot(self.authorities, self.crls, self._rules, moment)

    def validate(self, leaf: bytes, hints: Iterable[bytes], pins: Collection[str] = ()) -> ValidatedPath:
        """Validate a certificate.

        Args:
            leaf: the certificate.
            hints: what came with it.
            pins: what names the CA that must be in the path, one of several; none leaves that open.

        Raises:
            UntrustedPath: If it is refused.
        """
        handle = openssl.load(leaf)
        refusal: UntrustedPath | None = None
        loaded = self._kept.load(hints)
        for others in arrangements(loaded):
            try:
                path = self._validate(handle, leaf, others, frozenset(pins))
            except UntrustedPath as error:
                # That no CA is known is the least that can be found.
                if refusal is None or (refusal.reason in NO_CA_KNOWN and error.reason not in NO_CA_KNOWN):
                    refusal = error
            else:
                self._kept.keep(loaded, path.certificates)
                return path
        raise refusal or UntrustedPath("No path was tried.")

    def _validate(self, handle: X509, leaf: bytes, others: list[X509], pins: frozenset[str]) -> ValidatedPath:
        if pins:
            return self._pinned(handle, leaf, others, pins)
        if self.crls:
            try:
                path = openssl.build(self._all_checked, handle, others)
            except UntrustedPath:
                pass  # because of a CRL, or because no path exists: see which
            else:
                return self._judged(path, leaf, others, revocation_known=True)
        return self._judged(openssl.build(self._plain, handle, others, self._names), leaf, others)

    def _pinned(self, leaf: X509, der: bytes, hints: list[X509], pins: frozenset[str]) -> ValidatedPath:
        refusal: UntrustedPath = UntrustedPath(
            "None of the CAs that tls_client_auth_issuer names for this client is in the trust store: add its "
            "certificate there.",
            reason="untrusted_ca",
        )
        for authority in self.authorities:
            if authority.pins & pins:
                try:
                    path = self._through(authority, leaf, hints)
                    return self._judged(path, der, hints, revocation_known=self._knows(path, hints))
                except UntrustedPath as error:
                    other = self._other_ca(leaf, hints) if error.reason == "chain_incomplete" else None
                    refusal = other or error
        raise refusal

    def _knows(self, path: list[X509], hints: list[X509]) -> bool:
        """Return whether OpenSSL finds exactly this path, with current CRLs.

        The CRLs cover all of the path. Also where a CA signs its CRLs by a certificate of its own: all of the path is
        checked, so that one counts.
        """
        if not self.crls:
            return False
        try:
            found = openssl.build(self._all_checked, path[0], [*path[1:], *hints])
        except UntrustedPath:
            return False  # because of a CRL, or because another path is found: each certificate is judged by itself
        return [*map(openssl.der_of, found)] == [*map(openssl.der_of, path)]

    def _other_ca(self, leaf: X509, hints: list[X509]) -> UntrustedPath | None:
        """Return the error for an issuer that is trusted but is not the pinned CA."""
        try:
            openssl.build(self._plain, leaf, hints)
        except UntrustedPath:
            return None
        return UntrustedPath(
            "Another CA of the trust store issued this certificate than tls_client_auth_issuer names.",
            reason="untrusted_ca",
        )

    def _through(self, authority: Authority, leaf: X509, hints: list[X509]) -> list[X509]:
        """Return a path through exactly this CA, from the leaf to a root.

        Looking for the CA in any valid path would leave it to the client which of several paths is found.
        """
        others = [*hints, *(own.handle for own in self.authorities if not own.is_root)]
        names = {authority.subject}
        if authority.is_root:
            return openssl.build(self._store([authority]), leaf, others, names)
        # OpenSSL ends a path at an intermediate only where partial chains are on; the rest of the path follows.
        partial = self._store([authority], X509StoreFlags.PARTIAL_CHAIN)
        below = openssl.build(partial, leaf, others, names)
        above = openssl.build(self._plain, authority.handle, hints, self._names)
        # Length and name constraints count over the whole path, so the whole is built of these certificates alone.
        root = openssl.make_store(above[-1:], moment=self._moment)
        path = openssl.build(root, leaf, [*below[1:], *above[1:-1]])
        if not any(openssl.der_of(certificate) == authority.der for certificate in path):
            raise UntrustedPath(
                "The path does not go through the CA that tls_client_auth_issuer names for this client.",
                reason="untrusted_ca",
            )
        return path

    def _judged(
        self, path: list[X509], leaf: bytes, hints: list[X509], *, revocation_known: bool = False
    ) -> ValidatedPath:
        ders = (leaf, *map(openssl.der_of, path[1:]))
        facts = (read(leaf), *map(read_authority, ders[1:]))
        now = self._moment or datetime.now(UTC)
        check_path(facts, self._rules.strength, now, allow_v1_roots=self._rules.allow_v1_roots)
        if not revocation_known and (self.crls or self._rules.revocation == "required"):
            revocation_known = self._check_revocation(path, ders, hints, now)
        until = min(next_change(self.crls, now), *(certificate.not_after for certificate in facts))
        return ValidatedPath(certificates=ders, until=until, revocation_known=revocation_known)

    def _check_revocation(
        self, path: Sequence[X509], ders: Sequence[bytes], hints: Sequence[X509], now: datetime
    ) -> bool:
        """Check each certificate alone: OpenSSL stops at the first one without a CRL."""
        # All of them, also after one that is unknown: it hides no other that is revoked. A root is not asked about
        # itself: taking it out of the store is what ends its trust.
        known = [self._is_known(path[n:], hints, ders[n], ders[n + 1], now) for n in range(len(path) - 1)]
        return all(known)

    def _is_known(
        self, path: Sequence[X509], hints: Sequence[X509], der: bytes, issuer_der: bytes, now: datetime
    ) -> bool:
        code, text = openssl.failure(self._leaf_checked, path[0], path[1:])
        if code == openssl.CRL_NOT_YET_VALID:
            ahead = self._store(self.authorities, openssl.CHECK_LEAF, now + SKEW)
            code, text = openssl.failure(ahead, path[0], path[1:])
        if code == 0:
            return True
        # A CA may sign CRLs by a certificate of its own, which is among the hints. Whether that is revoked has not been
        # checked, so its CRL counts only where it reports a revocation.
        if openssl.failure(self._leaf_checked, path[0], [*path[1:], *hints])[0] == openssl.CERTIFICATE_REVOKED:
            code = openssl.CERTIFICATE_REVOKED
        certificate, issuer = x509.load_der_x509_certificate(der), x509.load_der_x509_certificate(issuer_der)
        subject = certificate.subject.rfc4514_string()
        if code == openssl.CERTIFICATE_REVOKED or lists(self.crls, certificate, issuer):
            raise UntrustedPath(f"The certificate of {subject!r} is revoked by a CRL of its issuer.", reason="revoked")
        if self._rules.revocation == "required":
            raise UntrustedPath(
                f"Whether the certificate of {subject!r} is revoked is not known: {text} (OpenSSL {code}). Put a "
                f"current CRL of {issuer.subject.rfc4514_string()!r} into crls.",
                reason="revocation_unknown",
            )
        return False

    def _store(self, anchors: Iterable[Authority], flags: int = 0, moment: datetime | None = None) -> X509Store:
        crls = self.crls.values() if flags & X509StoreFlags.CRL_CHECK else ()
        handles = [anchor.handle for anchor in anchors]
        return openssl.make_store(handles, crls, flags=flags, moment=moment or self._moment)

    @cached_property
    def _all_checked(self) -> X509Store:
        return self._store(self.authorities, openssl.CHECK_ALL)

    @cached_property
    def _leaf_checked(self) -> X509Store:
        return self._store(self.authorities, openssl.CHECK_LEAF)
