"""The registration in Django's admin: by itself, and beside its application."""

from typing import Any, ClassVar

from django.contrib import admin
from oauth2_provider.admin import ApplicationAdmin

from ..admin import RegistrationAdmin
from ..forms import RegistrationForm
from ..linking import LinkingInline
from .models import ApplicationRegistration


@admin.register(ApplicationRegistration)
class ApplicationRegistrationAdmin(RegistrationAdmin):
    """By itself."""

    search_fields: ClassVar[tuple[str, ...]] = ("application__client_id", "application__name", "subject_value")
    raw_id_fields: ClassVar[tuple[str, ...]] = ("application", "user")
    fieldsets: ClassVar[tuple[Any, ...]] = (
        (None, {"fields": ("application", "enabled", "user")}),
        *RegistrationAdmin.fieldsets[1:],
    )


class RegistrationInline(LinkingInline, admin.StackedInline):  # type: ignore[type-arg]  # not generic at run time
    """Beside the application."""

    model = ApplicationRegistration
    form = RegistrationForm
    extra = 0
    raw_id_fields = ("user",)
    fieldsets = (
        (None, {"fields": ("enabled", "user")}),
        (None, RegistrationAdmin.fieldsets[1][1] | {"fields": RegistrationAdmin.fieldsets[1][1]["fields"][:-1]}),
        *RegistrationAdmin.fieldsets[2:3],
    )


class MutualTLSApplicationAdmin(ApplicationAdmin):  # type: ignore[misc]  # OAuth Toolkit has no types
    """``OAUTH2_PROVIDER["APPLICATION_ADMIN_CLASS"]``: an application with its registration."""

    inlines = (RegistrationInline,)
