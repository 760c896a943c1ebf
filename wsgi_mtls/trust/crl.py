"""Certificate revocation lists, and their entries for certificates.

For each issuer one list counts.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from cryptography import x509

Revocation = Literal["off", "if_available", "required"]

SKEW = timedelta(seconds=300)
"""How far ``thisUpdate`` may be in the future."""

CrlKey = tuple[bytes, bytes | None, bytes | None, bool]
"""Issuer, authority key identifier, issuing distribution point, and whether it is a delta CRL."""
Crls = Mapping[CrlKey, x509.CertificateRevocationList]

_logger = logging.getLogger("wsgi_mtls")


def newest(found: Iterable[x509.CertificateRevocationList], known: Crls) -> Crls:
    """Keep the newest CRL of each issuer, key and distribution point.

    OpenSSL would choose among several, and not always the newest.

    Args:
        found: those that were read.
        known: those of before, which also count against a file that was put back to an older state.

    Raises:
        ValueError: If one of them cannot be used.
    """
    chosen: dict[CrlKey, x509.CertificateRevocationList] = {}
    for crl in found:
        key = _key(crl)
        for before in (known.get(key), chosen.get(key)):
            if before is not None and _is_older(crl, before):
                _logger.warning("ignored a CRL of %r that is older than one that was read", _issuer(crl))
                crl = before
        chosen[key] = crl
    return chosen


def next_change(crls: Crls, now: datetime) -> datetime:
    """Return when the first of the current CRLs ends, or a future one begins."""
    moments = (moment for crl in crls.values() for moment in (crl.last_update_utc, crl.next_update_utc))
    return min((moment for moment in moments if moment is not None and moment > now), default=_NEVER)


def lists(crls: Crls, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return whether any CRL of the issuer lists the certificate.

    The CRL need not be current.
    """
    name, serial = issuer.subject.public_bytes(), certificate.serial_number
    return any(
        key[0] == name and _entry_counts(crl.get_revoked_certificate_by_serial_number(serial)) and _signed(crl, issuer)
        for key, crl in crls.items()
    )


def _entry_counts(entry: x509.RevokedCertificate | None) -> bool:
    if entry is None:
        return False
    try:
        extensions = entry.extensions
        reason = extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        reason = None
    if reason is x509.ReasonFlags.remove_from_crl:
        return False
    # In an indirect CRL the serial number is another issuer's (RFC 5280 section 5.3.3).
    return not any(isinstance(extension.value, x509.CertificateIssuer) for extension in extensions)


def _signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # another kind raises TypeError
    except Exception:  # a key or signature of a kind that cryptography does not know
        return False


def _key(crl: x509.CertificateRevocationList) -> CrlKey:
    if crl.next_update_utc is None:
        raise ValueError(f"The CRL of {_issuer(crl)!r} has no nextUpdate (RFC 5280 section 5.1.2.5): it never ends.")
    authority_key = distribution_point = None
    is_delta = False
    for extension in crl.extensions:
        if isinstance(value := extension.value, x509.AuthorityKeyIdentifier):
            authority_key = value.public_bytes()
        elif isinstance(value, x509.IssuingDistributionPoint):
            distribution_point = value.public_bytes()
        elif isinstance(value, x509.DeltaCRLIndicator):
            is_delta = True
    return crl.issuer.public_bytes(), authority_key, distribution_point, is_delta


def _is_older(crl: x509.CertificateRevocationList, than: x509.CertificateRevocationList) -> bool:
    moment, number = crl.last_update_utc, _number(crl)
    if (moment, number) == (than.last_update_utc, _number(than)):
        return len(crl) < len(than)  # neither is newer: the one that revokes more counts
    return moment < than.last_update_utc or number < _number(than)


def _number(crl: x509.CertificateRevocationList) -> int:
    try:
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return -1


def _issuer(crl: x509.CertificateRevocationList) -> str:
    return crl.issuer.rfc4514_string()


_NEVER = datetime.max.replace(tzinfo=UTC)
