"""Moments of certificates, converted for a project's database and pages."""

from datetime import UTC, datetime

from django.conf import settings
from django.utils import timezone

from wsgi_mtls.errors import BadCertificate
from wsgi_mtls.x509 import ClientCertificate

# Further out, other time zones and MariaDB have no such year: 99991231235959Z means "never" (RFC 5280 section
# 4.1.2.5), and what expired before there were certificates has expired.
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


def as_stored(moment: datetime) -> datetime:
    """Return an aware moment for a ``DateTimeField``.

    Without ``USE_TZ`` the result is naive, in local time.
    """
    bounded = min(max(moment, EARLIEST), LATEST)
    return bounded if settings.USE_TZ else timezone.make_naive(bounded, timezone.get_default_timezone())


def days_left(moment: datetime) -> int:
    """Return the whole days until an aware or stored moment; negative if it is past."""
    return (moment - (timezone.now() if timezone.is_naive(moment) else datetime.now(UTC))).days


def end_of(certificate: ClientCertificate) -> datetime | None:
    """Return when a certificate ends, as stored; None if that cannot be read.

    A certificate that is registered itself needs no end.
    """
    try:
        return as_stored(certificate.not_after)
    except BadCertificate:
        return None
