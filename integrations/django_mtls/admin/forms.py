"""The admin's form, which takes the registration from an uploaded certificate."""

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _

from wsgi_mtls.clients import SubjectKind, SubjectValue
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.x509 import ClientCertificate

from ..clients.choices import Method
from ..clients.last_fetches import HELP as LAST_FETCH_HELP
from ..clients.uploads import key_set, names, read_certificate
from ..models import AbstractRegisteredClient
from ..users.rights import Editor
from .pins import PIN, PinField, put_pin, take_pin

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[AbstractRegisteredClient]
else:
    ModelForm = forms.ModelForm


class _JSONDecoder(json.JSONDecoder):
    """A JSON decoder that reports what Python cannot read as malformed.

    Python cannot read what is nested too deep or has a number with too many digits. Django shows only the error that
    this class raises.
    """

    def decode(self, s: str, *args: Any) -> Any:
        try:
            return super().decode(s, *args)
        except (ValueError, RecursionError) as error:
            raise json.JSONDecodeError(str(error), s, 0) from None


class _JSONField(forms.JSONField):
    """A form field that shows JSON in lines, and is empty without a value.

    Half a surrogate pair is shown escaped, since no page can hold it.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "decoder": options.get("decoder") or _JSONDecoder})

    def prepare_value(self, value: Any) -> Any:
        if value is None or value == {}:
            return ""
        return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", self._text(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        if initial in (None, {}) and not (data or "").strip():
            return False
        return super().has_changed(initial, data)

    def _text(self, value: Any) -> str:
        if not isinstance(value, InvalidJSONInput):
            with suppress(RecursionError):  # of what was written to be shown again
                return json.dumps(value, ensure_ascii=False, indent=2)
        return str(super().prepare_value(value))


_UNCHANGED = Editor(None, may_link=lambda user: True, may_view=lambda record: False)


class EditedForm(ModelForm):
    """A form of any of a registration's fields, as the admin's editable list has it.

    Attributes:
        editor: the user who edits, and what this user may do. The admin sets it; without it the form links to no user
            and takes no name or key that a user logs in by.
    """

    editor: Editor | None = None

    def clean_user(self) -> Any:
        """Reject a user with rights that the editor does not have."""
        user = self.cleaned_data.get("user")
        if user is not None and user != self.instance.user and not (self.editor and self.editor.may_link(user)):
            raise ValidationError(
                _("You can link a certificate only to a user whom you may change and whose permissions you also have.")
            )
        return user

    def clean(self) -> dict[str, Any] | None:
        """Set the editor, so that the model can check the editor's rights.

        Raises:
            PermissionDenied: If the stored registration is a user's whom the editor may not link.
        """
        stored = self.instance.pk is not None
        if stored and not self.has_changed():
            # A list also shows rows that the editor does not change, which are not saved.
            self.instance.editor = _UNCHANGED
            return super().clean()
        linked = self.instance.user if stored else None  # the form's own value comes after this
        if self.editor is not None and linked is not None and not self.editor.may_link(linked):
            raise PermissionDenied
        self.instance.editor = self.editor
        return super().clean()

    def add_error(self, field: str | None, error: Any) -> None:
        """Show what is wrong with fields that this form does not have above the others."""
        if field is None and hasattr(error, "error_dict"):
            shown: dict[str, list[ValidationError]] = {}
            for name, found in error.error_dict.items():
                shown.setdefault(name if name in self.fields else NON_FIELD_ERRORS, []).extend(found)
            error = ValidationError(shown)
        super().add_error(field, error)


_UNREADABLE = _("The certificate cannot be read now. It will be read when the form is saved.")
_JSON = {"rows": 6, "class": "vLargeTextField mtls-json", "spellcheck": "false"}


class RegistrationForm(EditedForm):
    """The registration of a client; an uploaded certificate fills the empty fields.

    Scripts fill them at once, and hide what the method does not use; without them they are filled when the form is
    saved, and all fields are shown.
    """

    certificate = forms.FileField(
        label=_("Upload a certificate"),
        required=False,
        help_text=_(
            "PEM or DER. It fills in the name that the certificate carries. A self-signed certificate is registered "
            "itself: it is added to the JWK set."
        ),
        widget=forms.FileInput(attrs={"data-unreadable": _UNREADABLE}),
    )

    tls_client_auth_issuer = PinField()

    class Meta:  # noqa: D106
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {"jwks": _JSONField, "metadata": _JSONField}
        help_texts: ClassVar[dict[str, Any]] = {
            "client_id": _(
                "What the client sends as client_id. For the card of a user, any text that no other registration has."
            ),
            "jwks_uri_fetched": LAST_FETCH_HELP,
        }
        labels: ClassVar[dict[str, Any]] = {
            "client_id": "client_id",
            "subject_kind": _("Kind of name"),
            "subject_value": _("Name in the certificate"),
            "jwks_uri": _("Address of the JWK set"),
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "subject_value": AdminTextInputWidget(attrs={"class": "vLargeTextField"}),
            "jwks_uri": AdminTextInputWidget(attrs={"class": "vLargeTextField"}),
            "jwks": AdminTextareaWidget(attrs=_JSON),
            "metadata": AdminTextareaWidget(attrs=_JSON),
        }

    class Media:  # noqa: D106
        css: ClassVar[dict[str, Any]] = {"all": ("django_mtls/form.css",)}
        js = ("django_mtls/certificate.js", "django_mtls/methods.js")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not {PIN, "metadata"} <= {*(self._meta.fields or ())}:
            self.fields.pop(PIN, None)  # a page without it leaves the pin where it is, in the metadata
        elif PIN in self.fields and (taken := take_pin(self.instance)) is not None:
            self.initial[PIN], self.initial["metadata"] = taken

    def clean_certificate(self) -> ClientCertificate | None:
        """Read the upload."""
        upload = self.cleaned_data.get("certificate")
        return read_certificate(upload) if upload else None

    def clean(self) -> dict[str, Any] | None:
        """Fill from the certificate what is empty, and refuse what contradicts it."""
        super().clean()
        certificate = self.cleaned_data.get("certificate")
        if certificate is not None:
            self.instance.certificate = certificate  # to be shown, and for the model to find its user
            method = self.cleaned_data.get("token_endpoint_auth_method")
            if method == Method.TLS_CLIENT_AUTH:
                self._fill_subject_value(certificate)
            elif method == Method.SELF_SIGNED and "jwks" in self.cleaned_data:
                try:
                    self.cleaned_data["jwks"] = key_set(certificate, self.cleaned_data["jwks"])
                except ValidationError as error:
                    self.add_error("jwks", error)
        if PIN in self.fields and "metadata" in self.cleaned_data:
            self.cleaned_data["metadata"] = put_pin(self, self.cleaned_data["metadata"])
        return self.cleaned_data

    def _fill_subject_value(self, certificate: ClientCertificate) -> None:
        if certificate.is_self_signed:
            message = _(
                "The certificate is self-signed, so no CA vouches for its names; register the certificate itself."
            )
            self.add_error("token_endpoint_auth_method", message)
            return
        kind, value = self.cleaned_data.get("subject_kind"), self.cleaned_data.get("subject_value")
        if not value:
            fitting = [name for name in names(certificate) if kind in (None, "", name[0])]
            if not fitting:
                self.add_error("certificate", _("The certificate carries no name that can be registered."))
            else:
                self.cleaned_data["subject_kind"], self.cleaned_data["subject_value"] = fitting[0]
        elif kind:
            self._refuse_other_name(certificate, kind, value)

    def _refuse_other_name(self, certificate: ClientCertificate, kind: str, value: str) -> None:
        try:
            carried = SubjectValue.parse(cast("SubjectKind", kind), value).matches(certificate)
        except InvalidClientMetadata:
            return  # the model reports that at the field
        if not carried:
            self.add_error("subject_value", _("The uploaded certificate does not carry this name."))
