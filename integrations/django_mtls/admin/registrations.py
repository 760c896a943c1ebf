"""Registered clients in Django's admin."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from ..clients.choices import Method
from ..clients.impossible import impossible_warning
from ..clients.last_fetches import last_fetch
from ..clients.moments import days_left
from ..clients.uploads import ca_warning, describe, key_set, names, read_certificate
from ..conf import mtls_settings
from ..models import AbstractRegisteredClient, RegisteredClient
from .forms import RegistrationForm
from .linking import LinkingAdmin
from .pins import PinnedAdmin


class ExpiryFilter(admin.SimpleListFilter):
    """Those whose certificate has expired or soon will."""

    title = _("expiry")
    parameter_name = "expires"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices, in days."""
        return [("0", _("expired")), *((str(days), _("within %s days") % days) for days in (7, 30, 90))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        """Return the rows of a choice."""
        if self.value() not in ("0", "7", "30", "90"):
            return queryset
        return queryset.filter(certificate_expires__lte=timezone.now() + timedelta(days=int(str(self.value()))))


if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class RegistrationAdmin(LinkingAdmin, PinnedAdmin, ModelAdmin):
    """For models on :class:`~django_mtls.models.AbstractRegisteredClient`."""

    form = RegistrationForm
    list_display: Any = (
        "client_id",
        "token_endpoint_auth_method",
        "subject_value",
        "expires",
        "days_left",
        "enabled",
        "last_seen",
    )
    list_filter: ClassVar[tuple[Any, ...]] = ("enabled", "token_endpoint_auth_method", ExpiryFilter)
    search_fields: ClassVar[tuple[str, ...]] = ("client_id", "subject_value")
    readonly_fields: ClassVar[tuple[str, ...]] = ("certificate_details", "jwks_uri_fetched", "created", "last_seen")
    raw_id_fields: ClassVar[tuple[str, ...]] = ("user",)  # works too where users have no admin
    fieldsets: ClassVar[tuple[Any, ...]] = (
        (None, {"fields": ("client_id", "enabled", "user")}),
        (
            _("Certificate"),
            {
                "fields": (
                    "certificate",
                    "token_endpoint_auth_method",
                    "subject_kind",
                    "subject_value",
                    "tls_client_auth_issuer",
                    "jwks",
                    "jwks_uri",
                    "jwks_uri_fetched",
                    "certificate_details",
                )
            },
        ),
        (_("Tokens and metadata"), {"fields": ("tls_client_certificate_bound_access_tokens", "metadata")}),
        (None, {"fields": ("created", "last_seen")}),
    )

    @admin.display(description=_("expires"), ordering="certificate_expires")
    def expires(self, record: AbstractRegisteredClient) -> Any:
        """Return when the certificate expires that was registered or seen last."""
        return record.certificate_expires

    @admin.display(description=_("days left"), ordering="certificate_expires")
    def days_left(self, record: AbstractRegisteredClient) -> int | None:
        """Return how many days that is from now."""
        return None if record.certificate_expires is None else days_left(record.certificate_expires)

    @admin.display(description=_("certificate registered or seen last"))
    def certificate_details(self, record: AbstractRegisteredClient) -> str:
        """Return the certificate's names, thumbprint and expiry."""
        certificate = record.certificate
        if certificate is None:
            return "-"
        lines = (
            (name, value if isinstance(value, str) else ", ".join(value))
            for name, value in describe(certificate).items()
        )
        return format_html_join("", "<div><b>{}</b> {}</div>", ((name, value) for name, value in lines if value))

    @admin.display(description=_("JWK set fetched last"))
    def jwks_uri_fetched(self, record: AbstractRegisteredClient) -> str:
        """Return when the client's set was fetched last by this process, and what failed."""
        return last_fetch(record.jwks_uri)

    def get_urls(self) -> list[URLPattern]:
        """Add the view that the form's script asks."""
        inspect = path("inspect-certificate/", self.admin_site.admin_view(self.inspect), name=self._inspect_name)
        return [inspect, *super().get_urls()]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Tell the form's script where to ask."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        if "certificate" in form.base_fields:
            url = reverse(f"{self.admin_site.name}:{self._inspect_name}")
            form.base_fields["certificate"].widget.attrs["data-inspect-url"] = url
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave the upload out where nothing can be changed."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name != "certificate"]})
            for title, options in fieldsets
        ]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save; warn of clients that can never authenticate, and of certificates that no CA bundle may have."""
        super().save_model(request, obj, form, change)
        if warning := impossible_warning(obj):
            self.message_user(request, warning, messages.WARNING)
        for warning in sorted({ca_warning(certificate) for certificate in obj.certificates} - {""}):
            self.message_user(request, f"{obj}: {warning}", messages.WARNING)

    def inspect(self, request: HttpRequest) -> JsonResponse:
        """Tell the form's script what an uploaded certificate says; nothing is saved."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        upload = request.FILES.get("certificate")
        if request.method != "POST" or upload is None:
            return JsonResponse({"error": "POST a certificate."}, status=400)
        try:
            certificate = read_certificate(upload)
            jwks = key_set(certificate) if certificate.is_self_signed else None
        except ValidationError as error:
            return JsonResponse({"error": " ".join(error.messages)}, status=400)
        return JsonResponse(
            {
                "method": Method.SELF_SIGNED if certificate.is_self_signed else Method.TLS_CLIENT_AUTH,
                "names": names(certificate),
                "jwks": jwks,
                "details": describe(certificate),
            }
        )

    @property
    def _inspect_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_inspect"


@admin.register(RegisteredClient)
class RegisteredClientAdmin(RegistrationAdmin):
    """The concrete model; where ``CLIENT_MODEL`` is another, its rows have no effect, and none can be added."""

    list_display = ("client_id", "client_name", *RegistrationAdmin.list_display[1:])
    search_fields = (*RegistrationAdmin.search_fields, "client_name")
    fieldsets = (
        (None, {"fields": ("client_id", "client_name", "enabled", "user")}),
        *RegistrationAdmin.fieldsets[1:],
    )

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the model is shown among the others."""
        return _is_used(self.model) and super().has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether a client can be registered here."""
        return _is_used(self.model) and super().has_add_permission(request)


def _is_used(model: type[AbstractRegisteredClient]) -> bool:
    return mtls_settings().client_model is model
