"""Names, moments and certificates in the words of the admin's pages."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wsgi_mtls.errors import BadCertificate, short
from wsgi_mtls.x509 import ClientCertificate

from ..clients.choices import Method, SubjectKindChoice
from ..clients.moments import EARLIEST, LATEST, days_left
from ..clients.uploads import certificate_warnings
from ..models import AbstractRegisteredClient

SOON = 30
"""The days before its end in which a certificate should be renewed."""
_DAYS_OF_TWO_YEARS = 730
_MOST_NAMES = 10
_KINDS = dict(SubjectKindChoice.choices)
_SEPARATOR = re.compile(r"(?<=[./,@])")
_MOST_CERTIFICATES = 5


def plain(text: str, length: int = 200) -> str:
    """Return a stranger's text, cut, with control, line and bidi marks escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short(text, length))


def two_lines(label: Any, first: object, second: object = "", level: str = "") -> SafeString:
    """Return the cell of a list: what matters, and below it what explains it.

    Args:
        label: the column's title, which narrow screens show next to the text, since they have no header.
        first: the text that matters.
        second: the text below it.
        level: ``expired``, ``soon``, or nothing: the colour of the first text.
    """
    below = format_html(' <span class="mtls-quiet">{}</span>', second) if second else ""
    title = format_html('<span class="mtls-label">{}</span> ', label) if label else ""
    return format_html(
        '{}<span class="mtls-first {}">{}</span>{}', title, f"mtls-{level}" if level else "", first, below
    )


def breakable(text: str) -> SafeString:
    """Return a name that a narrow cell breaks after its separators."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in _SEPARATOR.split(text)))


def registered_by(record: AbstractRegisteredClient) -> tuple[str, str]:
    """Return the name or key by which a client authenticates, and its kind."""
    method = record.token_endpoint_auth_method
    if method == Method.TLS_CLIENT_AUTH:
        return plain(record.subject_value, 80) or "-", str(_KINDS.get(record.subject_kind, ""))
    if method != Method.SELF_SIGNED:
        return plain(method), ""
    if record.jwks_uri:
        return plain(record.jwks_uri, 80), _("published certificates")
    keys = record.jwks.get("keys") if isinstance(record.jwks, dict) else None
    count = len(keys) if isinstance(keys, list) else 0
    counted = ngettext("%(count)d certificate", "%(count)d certificates", count) % {"count": count}
    return counted, _("registered itself")


def expiry(moment: datetime) -> tuple[str, str]:
    """Return in words when a certificate expires or expired, and how urgent it is."""
    days = days_left(moment)
    if days < -1:
        return _expired(-days - 1), "expired"
    if days < 0:
        return _("expired in the last 24 hours"), "expired"
    if days == 0:
        return _("in less than 24 hours"), "soon"
    return _ahead(days), "soon" if days <= SOON else ""


def _ahead(days: int) -> str:
    if days >= _DAYS_OF_TWO_YEARS:
        return ngettext("in %(years)d year", "in %(years)d years", days // 365) % {"years": days // 365}
    return ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days}


def _expired(days: int) -> str:
    if days >= _DAYS_OF_TWO_YEARS:
        years = days // 365
        return ngettext("expired %(years)d year ago", "expired %(years)d years ago", years) % {"years": years}
    return ngettext("expired %(days)d day ago", "expired %(days)d days ago", days) % {"days": days}


def ago(moment: datetime) -> str:
    """Return how long ago a moment was, in words."""
    passed = timezone.now() - moment
    if passed.days > 0:
        return ngettext("%(days)d day ago", "%(days)d days ago", passed.days) % {"days": passed.days}
    hours = passed.seconds // 3600 if passed.days == 0 else 0
    if hours > 0:
        return ngettext("%(hours)d hour ago", "%(hours)d hours ago", hours) % {"hours": hours}
    return _("in the last hour")


def date(moment: datetime, form: str = "DATE_FORMAT") -> str:
    """Return a date in the editor's language and time zone, in a Django format."""
    return date_format(timezone.localtime(moment) if timezone.is_aware(moment) else moment, form)


def short_date(moment: datetime) -> str:
    """Return a date in the format for a narrow column."""
    return date(moment, "SHORT_DATE_FORMAT")


def certificate_lines(certificate: ClientCertificate) -> list[tuple[str, str]]:
    """Return a certificate's lines for people: a label and a text for each."""
    lines: list[tuple[str, Callable[[], Iterable[object]]]] = [
        (_("Subject"), lambda: [certificate.subject]),
        (_("Issuer"), lambda: [certificate.issuer]),
        (_("DNS names"), lambda: certificate.san_dns),
        (_("URIs"), lambda: certificate.san_uri),
        (_("IP addresses"), lambda: certificate.san_ip),
        (_("E-mail addresses"), lambda: certificate.san_email),
        (_("Thumbprint"), lambda: [certificate.thumbprint]),
        (_("Expires"), lambda: [_end(certificate)]),
    ]
    shown = [(label, _listed(read)) for label, read in lines]
    return [(label, text) for label, text in shown if text]


def _end(certificate: ClientCertificate) -> str:
    end = certificate.not_after
    # Further out, other time zones may have no such year.
    shown = date(end) if EARLIEST <= end <= LATEST else date_format(end, "DATE_FORMAT")
    return f"{shown} ({expiry(end)[0]})"


def _listed(read: Callable[[], Iterable[object]]) -> str:
    try:
        values = [plain(str(value)) for value in read()]
    except BadCertificate:
        return _("unreadable")  # a certificate that is registered itself is compared by its octets
    more = len(values) - _MOST_NAMES
    listed = ", ".join(values[:_MOST_NAMES])
    return f"{listed}, … {_more(more)}" if more > 0 else listed


def _more(count: int) -> str:
    return ngettext("and %(count)d more", "and %(count)d more", count) % {"count": count}


def certificates(record: AbstractRegisteredClient) -> list[ClientCertificate]:
    """Return the certificates to show: the last one seen, and the registered ones."""
    registered, seen = [*record.certificates], record.certificate
    return registered if seen is None or seen in registered else [seen, *registered]


def certificates_html(found: list[ClientCertificate]) -> SafeString:
    """Return certificates as a page shows them, with their warnings."""
    shown = [format_html("{}{}", _warnings(each), _definitions(each)) for each in found[:_MOST_CERTIFICATES]]
    if len(found) > _MOST_CERTIFICATES:
        shown.append(format_html("<p>{}</p>", _more(len(found) - _MOST_CERTIFICATES)))
    return mark_safe("".join(shown))  # noqa: S308  # each part is escaped


def warning_html(text: str) -> SafeString:
    """Return a warning as a page shows it."""
    return format_html('<p class="mtls-warning">{}</p>', text)


def _warnings(certificate: ClientCertificate) -> SafeString:
    return mark_safe("".join(map(warning_html, certificate_warnings(certificate))))  # noqa: S308  # each part is escaped


def _definitions(certificate: ClientCertificate) -> SafeString:
    lines = format_html_join("", "<dt>{}</dt><dd>{}</dd>", certificate_lines(certificate))
    return format_html('<dl class="mtls-certificate">{}</dl>', lines)
