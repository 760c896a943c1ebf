"""Registered clients in Django's admin."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from ..clients.choices import Method
from ..clients.impossible import impossible_warning
from ..clients.last_fetches import last_fetch
from ..clients.uploads import certificate_warnings, key_set, names, read_certificate
from ..conf import mtls_settings
from ..models import AbstractRegisteredClient, RegisteredClient
from .filters import ExpiryFilter, SeenFilter
from .forms import RegistrationForm
from .linking import LinkingAdmin
from .pins import PinnedAdmin
from .words import (
    ago,
    breakable,
    certificate_lines,
    certificates,
    certificates_html,
    expiry,
    plain,
    registered_by,
    short_date,
    two_lines,
    warning_html,
)

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class RegistrationAdmin(LinkingAdmin, PinnedAdmin, ModelAdmin):
    """The admin of models that inherit from ``AbstractRegisteredClient``."""

    form = RegistrationForm
    list_display: Any = ("client_id", "registered_by", "expires", "enabled", "seen", "linked_user")
    list_filter: ClassVar[tuple[Any, ...]] = ("token_endpoint_auth_method", "enabled", ExpiryFilter, SeenFilter)
    list_select_related = ("user",)
    search_fields: ClassVar[tuple[str, ...]] = ("client_id", "subject_value")
    readonly_fields: ClassVar[tuple[str, ...]] = (
        "problem",
        "certificate_details",
        "jwks_uri_fetched",
        "created",
        "last_seen",
    )
    raw_id_fields: ClassVar[tuple[str, ...]] = ("user",)  # works too where users have no admin
    fieldsets: ClassVar[tuple[Any, ...]] = (
        (None, {"fields": ("problem", "certificate", "certificate_details")}),
        (_("Client"), {"fields": ("client_id", "enabled", "user")}),
        (
            _("Authentication"),
            {
                "fields": (
                    "token_endpoint_auth_method",
                    "subject_kind",
                    "subject_value",
                    "tls_client_auth_issuer",
                    "jwks",
                    "jwks_uri",
                    "jwks_uri_fetched",
                )
            },
        ),
        (_("Tokens and metadata"), {"fields": ("tls_client_certificate_bound_access_tokens", "metadata")}),
        (None, {"fields": ("created", "last_seen")}),
    )

    class Media:  # noqa: D106
        css: ClassVar[dict[str, Any]] = {"all": ("django_mtls/list.css",)}

    @admin.display(description=_("registered by"), ordering="subject_value")
    def registered_by(self, record: AbstractRegisteredClient) -> Any:
        """Return the name or key by which the client authenticates."""
        what, kind = registered_by(record)
        return two_lines("", breakable(what), kind)

    @admin.display(description=_("expires"), ordering="certificate_expires")
    def expires(self, record: AbstractRegisteredClient) -> Any:
        """Return when the certificate that was registered or seen last expires."""
        end = record.certificate_expires
        if end is None:
            return None
        words, level = expiry(end)
        return two_lines(_("Expires:"), words, short_date(end), level)

    @admin.display(description=_("last seen"), ordering="last_seen")
    def seen(self, record: AbstractRegisteredClient) -> Any:
        """Return how long ago the client was authenticated last."""
        if record.last_seen is None:
            return two_lines(_("Last seen:"), _("never"))
        return two_lines(_("Last seen:"), ago(record.last_seen), short_date(record.last_seen))

    @admin.display(description=_("user"), ordering="user")
    def linked_user(self, record: AbstractRegisteredClient) -> Any:
        """Return the user who logs in with the certificate."""
        return None if record.user is None else two_lines(_("User:"), plain(str(record.user), 80))

    @admin.display(description=_("warning"))
    def problem(self, record: AbstractRegisteredClient) -> str:
        """Return why the client can never authenticate here."""
        return warning_html(impossible_warning(record))

    @admin.display(description=_("certificate registered or seen last"))
    def certificate_details(self, record: AbstractRegisteredClient) -> str:
        """Return the certificates' names, thumbprints and expiry."""
        return certificates_html(certificates(record))

    @admin.display(description=_("JWK set fetched last"))
    def jwks_uri_fetched(self, record: AbstractRegisteredClient) -> str:
        """Return when the client's set was fetched last by this process, and what failed."""
        return last_fetch(record.jwks_uri)

    def get_urls(self) -> list[URLPattern]:
        """Add the view that the form's script asks."""
        inspect = path("inspect-certificate/", self.admin_site.admin_view(self.inspect), name=self._inspect_name)
        return [inspect, *super().get_urls()]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Give the form's script its URL."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        if "certificate" in form.base_fields:
            url = reverse(f"{self.admin_site.name}:{self._inspect_name}")
            form.base_fields["certificate"].widget.attrs["data-inspect-url"] = url
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out fields with nothing to show, and the upload if nothing can change."""
        left_out = {*_nothing_to_show(obj)}
        if obj is not None and not self.has_change_permission(request, obj):
            left_out.add("certificate")
        kept = [
            (title, {**options, "fields": [name for name in options["fields"] if name not in left_out]})
            for title, options in super().get_fieldsets(request, obj)
        ]
        return [(title, options) for title, options in kept if options["fields"]]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Hide the search keys from the list of rows that are deleted."""
        found, counts, *rest = super().get_deleted_objects(objs, request)
        keys = self.model.search_keys.through._meta
        counts = {name: count for name, count in counts.items() if name != keys.verbose_name_plural}
        return (_without(found, f"{capfirst(keys.verbose_name)}: "), counts, *rest)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save; warn of clients that can never authenticate, and of certificates of CAs."""
        super().save_model(request, obj, form, change)
        if warning := impossible_warning(obj):
            self.message_user(request, warning, messages.WARNING)
        for warning in sorted({warning for shown in certificates(obj) for warning in certificate_warnings(shown)}):
            self.message_user(request, f"{obj}: {warning}", messages.WARNING)

    def inspect(self, request: HttpRequest) -> JsonResponse:
        """Return what is in an uploaded certificate, for the form's script.

        Nothing is saved.
        """
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
                "details": certificate_lines(certificate),
                "warnings": certificate_warnings(certificate),
            }
        )

    @property
    def _inspect_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_inspect"


@admin.register(RegisteredClient)
class RegisteredClientAdmin(RegistrationAdmin):
    """The admin of the concrete model, ``RegisteredClient``.

    If ``CLIENT_MODEL`` is another, the rows of this one have no effect, and none can be added.
    """

    list_display = ("client", *RegistrationAdmin.list_display[1:])
    search_fields = (*RegistrationAdmin.search_fields, "client_name")
    fieldsets = (
        RegistrationAdmin.fieldsets[0],
        (_("Client"), {"fields": ("client_id", "client_name", "enabled", "user")}),
        *RegistrationAdmin.fieldsets[2:],
    )

    @admin.display(description=_("client"), ordering="client_id")
    def client(self, record: RegisteredClient) -> Any:
        """Return the client's name below its client_id."""
        return two_lines("", plain(record.client_id, 80), plain(record.client_name, 80))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the model is shown among the others."""
        return _is_used(self.model) and super().has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether a client can be registered here."""
        return _is_used(self.model) and super().has_add_permission(request)


def _without(found: list[Any], start: str) -> list[Any]:
    """Return nested lists of lines without the lines that start so."""
    nested = [_without(each, start) if isinstance(each, list) else each for each in found]
    return [each for each in nested if each != [] and not (isinstance(each, str) and each.startswith(start))]


def _nothing_to_show(record: AbstractRegisteredClient | None) -> Iterator[str]:
    if record is None:
        yield from ("created", "last_seen")
    if record is None or not impossible_warning(record):
        yield "problem"
    if record is None or not certificates(record):
        yield "certificate_details"
    if record is None or not record.jwks_uri:
        yield "jwks_uri_fetched"


def _is_used(model: type[AbstractRegisteredClient]) -> bool:
    return mtls_settings().client_model is model
