"""Filters of the admin's list of registrations."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

UNKNOWN = "unknown"
NEVER = "never"
LONG_AGO = "not90"


class ExpiryFilter(admin.SimpleListFilter):
    """Registrations whose certificate has expired or soon will."""

    title = _("expiry")
    parameter_name = "expires"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices, in days."""
        return [("0", _("expired")), *((str(days), _ahead(days)) for days in (7, 30, 90)), (UNKNOWN, _("not known"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        """Return the rows of a choice."""
        if self.value() == UNKNOWN:
            return queryset.filter(certificate_expires=None)
        if self.value() not in ("0", "7", "30", "90"):
            return queryset
        return queryset.filter(certificate_expires__lte=timezone.now() + timedelta(days=int(str(self.value()))))


class SeenFilter(admin.SimpleListFilter):
    """Registrations by when their client was authenticated last."""

    title = _("last seen")
    parameter_name = "seen"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices, in days."""
        within = ((str(days), _back(days)) for days in (7, 30))
        return [
            ("1", _("in the last 24 hours")),
            *within,
            (LONG_AGO, _("not in the last 90 days")),
            (NEVER, _("never")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        """Return the rows of a choice."""
        now, value = timezone.now(), self.value()
        if value == NEVER:
            return queryset.filter(last_seen=None)
        if value == LONG_AGO:
            return queryset.exclude(last_seen__gt=now - timedelta(days=90))
        if value not in ("1", "7", "30"):
            return queryset
        return queryset.filter(last_seen__gt=now - timedelta(days=int(str(value))))


def _ahead(days: int) -> str:
    return ngettext("in the next %(days)d day", "in the next %(days)d days", days) % {"days": days}


def _back(days: int) -> str:
    return ngettext("in the last %(days)d day", "in the last %(days)d days", days) % {"days": days}
