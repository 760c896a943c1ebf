"""The registration in Django's admin: its own page, and on its application's."""

from typing import Any, ClassVar

from django.contrib import admin
from oauth2_provider.admin import ApplicationAdmin

from ..admin.forms import RegistrationForm
from ..admin.linking import ClaimingAdmin, LinkingInline
from ..admin.pins import PinnedAdmin
from ..admin.registrations import RegistrationAdmin
from .models import ApplicationRegistration


def _fieldset(field: str, *without: str) -> Any:
    """Return the fieldset in which a registration by itself has a field."""
    title, options = next(found for found in RegistrationAdmin.fieldsets if field in found[1]["fields"])
    return title, options | {"fields": tuple(name for name in options["fields"] if name not in without)}


@admin.register(ApplicationRegistration)
class ApplicationRegistrationAdmin(RegistrationAdmin):
    """The registration on a page of its own."""

    search_fields: ClassVar[tuple[str, ...]] = ("application__client_id", "application__name", "subject_value")
    raw_id_fields: ClassVar[tuple[str, ...]] = ("application", "user")
    fieldsets: ClassVar[tuple[Any, ...]] = (
        RegistrationAdmin.fieldsets[0],
        (RegistrationAdmin.fieldsets[1][0], {"fields": ("application", "enabled", "user")}),
        *RegistrationAdmin.fieldsets[2:],
    )


class RegistrationInline(LinkingInline, PinnedAdmin, admin.StackedInline):  # type: ignore[type-arg]  # not generic at run time
    """The registration, shown on the application's page."""

    model = ApplicationRegistration
    form = RegistrationForm
    extra = 0
    raw_id_fields = ("user",)
    fieldsets = (
        _fieldset("certificate", "problem", "certificate_details"),
        (None, {"fields": ("enabled", "user")}),
        _fieldset("token_endpoint_auth_method", "jwks_uri_fetched"),
        _fieldset("metadata"),
    )


class MutualTLSApplicationAdmin(ClaimingAdmin, ApplicationAdmin):  # type: ignore[misc]  # OAuth Toolkit has no types
    """The admin of an application with its registration.

    It is the value of ``OAUTH2_PROVIDER["APPLICATION_ADMIN_CLASS"]``.
    """

    inlines = (RegistrationInline,)
