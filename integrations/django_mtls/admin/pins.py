"""The form field of the CA that must have issued a client's certificate.

Its member of the metadata is ``tls_client_auth_issuer``.
"""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from wsgi_mtls.clients import read_issuers

from ..clients.choices import Method

if TYPE_CHECKING:
    from ..models import AbstractRegisteredClient

PIN = "tls_client_auth_issuer"


class PinField(forms.CharField):
    """Several values, one a line; cleaned to what the member holds, or None."""

    widget = forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField mtls-json"})

    def __init__(self) -> None:
        super().__init__(
            label=_("CA of the client"),
            required=False,
            help_text=_(
                'The CA that must have issued the certificate, where MTLS["TRUST"] trusts several: spki-sha256: or '
                "cert-sha256: and 43 characters of base64url, as wsgi-mtls explain prints; one a line while a CA "
                "rotates. Kept in the metadata as tls_client_auth_issuer."
            ),
        )

    def clean(self, value: Any) -> Any:
        """Read the values.

        Raises:
            ValidationError: If one of them names no CA.
        """
        values = tuple(super().clean(value).split())
        try:
            read_issuers(values)
        except ValueError as error:
            raise ValidationError(f"{error}.") from None
        return [*values] if len(values) > 1 else (values[0] if values else None)


class PinnedAdmin:
    """Base of an admin class or inline that shows a pinned CA as read-only text."""

    @admin.display(description=_("CA of the client"))
    def tls_client_auth_issuer(self, record: "AbstractRegisteredClient") -> str:
        """Return the pin, as the field shows it."""
        return (take_pin(record) or ("-",))[0]


def take_pin(record: "AbstractRegisteredClient") -> tuple[str, dict[str, Any]] | None:
    """Return a record's pin for the field, or None, and its metadata without the pin."""
    metadata = record.metadata
    if not isinstance(metadata, dict) or not metadata.get(PIN):
        return None
    try:
        values = read_issuers(metadata[PIN])
    except ValueError:
        return None  # it stays in the metadata, to be corrected there
    return "\n".join(values), {name: value for name, value in metadata.items() if name != PIN}


def put_pin(form: forms.BaseForm, metadata: Any) -> Any:
    """Return the metadata with a form's pin; show a contradiction at the field."""
    pin, method = form.cleaned_data.get(PIN), form.cleaned_data.get("token_endpoint_auth_method")
    others = {} if metadata is None else metadata
    if not isinstance(others, dict):
        return metadata  # the model shows that at the field
    if PIN in others:
        form.add_error("metadata", _("%s: this has a field of its own.") % PIN)
    elif pin is not None and method is not None and method != Method.TLS_CLIENT_AUTH:
        form.add_error(PIN, _("This is for clients with a certificate from a CA (tls_client_auth) alone."))
    return metadata if pin is None else {**others, PIN: pin}
