"""The admin's form: a certificate is uploaded, and the registration follows from it."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from wsgi_mtls.clients import SubjectKind, SubjectValue
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.x509 import ClientCertificate

from .choices import Method
from .models import AbstractRegisteredClient
from .uploads import key_set, names, read_certificate

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[AbstractRegisteredClient]
else:
    ModelForm = forms.ModelForm


class _JSONField(forms.JSONField):
    """Shows half a surrogate pair escaped, as it was written: no page can hold it."""

    def prepare_value(self, value: Any) -> Any:
        return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", super().prepare_value(value))


class RegistrationForm(ModelForm):
    """The registration of a client; what the uploaded certificate says fills the fields that are empty.

    A script fills them at once; without it they are filled when the form is saved.

    Attributes:
        may_link: tells whether the editor may link a registration to a user; the admin sets it, and without it the
            form links to nobody.
    """

    may_link: Callable[[Any], bool] | None = None

    certificate = forms.FileField(
        label=_("Upload a certificate"),
        required=False,
        help_text=_(
            "PEM or DER. It fills the subject value, or is added to the JWK set if it is to be registered itself."
        ),
    )

    class Meta:  # noqa: D106
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {"jwks": _JSONField, "metadata": _JSONField}

    class Media:  # noqa: D106
        js = ("django_mtls/certificate.js",)

    def clean_user(self) -> Any:
        """Refuse a user whose rights the editor doesn't have."""
        user = self.cleaned_data.get("user")
        if user is not None and user != self.instance.user and not (self.may_link and self.may_link(user)):
            raise ValidationError(
                _("Who logs in as this user, only somebody may say who may change the user and has the same rights.")
            )
        return user

    def clean_certificate(self) -> ClientCertificate | None:
        """Read the upload."""
        upload = self.cleaned_data.get("certificate")
        return read_certificate(upload) if upload else None

    def clean(self) -> dict[str, Any] | None:
        """Fill from the certificate what is empty, and refuse what contradicts it."""
        super().clean()
        certificate = self.cleaned_data.get("certificate")
        if certificate is not None:
            method = self.cleaned_data.get("token_endpoint_auth_method")
            if method == Method.TLS_CLIENT_AUTH:
                self._fill_subject_value(certificate)
            elif method == Method.SELF_SIGNED and "jwks" in self.cleaned_data:
                try:
                    self.cleaned_data["jwks"] = key_set(certificate, self.cleaned_data["jwks"])
                except ValidationError as error:
                    self.add_error("jwks", error)
        return self.cleaned_data

    def save(self, commit: bool = True) -> AbstractRegisteredClient:
        """Save, with the certificate to be shown."""
        if certificate := self.cleaned_data.get("certificate"):
            self.instance.certificate = certificate
        return super().save(commit)

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
            return  # the model says so beside the field
        if not carried:
            self.add_error("subject_value", _("The uploaded certificate does not carry this name."))
