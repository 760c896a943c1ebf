"""Registered OAuth clients (RFC 7591, RFC 8705), and users with certificates."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models, router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wsgi_mtls.clients import Client
from wsgi_mtls.errors import BadCertificate, InvalidClientMetadata
from wsgi_mtls.jwks import registered_keys
from wsgi_mtls.x509 import ClientCertificate

from .clients.choices import Method, SubjectKindChoice
from .clients.claims import claim_errors
from .clients.moments import end_of
from .clients.parsed import client_of
from .clients.search import certificate_digests, registration_digests, search_keys
from .clients.search_keys import SearchKey, give_keys
from .clients.sightings import note_seen
from .clients.validation import registration_errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .users.rights import Editor

    Moment = models.DateTimeField[datetime | None, datetime | None]
    Octets = models.BinaryField[bytes | None, bytes | None]


class AbstractRegisteredClient(models.Model):
    """The RFC 8705 registration of an OAuth client: a base for a project's model.

    If ``client_id`` is a field of another model, the subclass has a property of that name, and ``client_id_lookup`` is
    the lookup of the field in a query.

    Attributes:
        editor: the user who saves the registration next, to be set before ``full_clean()`` and ``save()``. Without an
            editor, a registration takes no name or key that logs in another user.
    """

    client_id_lookup: ClassVar[str] = "client_id"
    editor: "Editor | None" = None

    client_id: "models.CharField[str, str]" = models.CharField(
        _("client_id"),
        max_length=255,
        unique=True,
        validators=[RegexValidator(r"\A[\x20-\x7e]+\Z", _("Printable ASCII only (RFC 6749 appendix A.1)."))],
    )
    token_endpoint_auth_method: "models.CharField[str, str]" = models.CharField(
        _("authentication method"), max_length=64, choices=Method.choices, default=Method.TLS_CLIENT_AUTH
    )
    subject_kind: "models.CharField[str, str]" = models.CharField(
        _("subject value's kind"), max_length=32, choices=SubjectKindChoice.choices, blank=True
    )
    subject_value: "models.TextField[str, str]" = models.TextField(
        _("subject value"), blank=True, help_text=_("The one name that a certificate from a CA must carry.")
    )
    jwks = models.JSONField(
        _("JWK set"),
        null=True,
        blank=True,
        help_text=_("The registered certificates, as x5c (RFC 8705 section 2.2.2)."),
    )
    jwks_uri: "models.CharField[str, str]" = models.CharField(
        _("JWK set's address"), max_length=2000, blank=True, validators=[URLValidator(schemes=["https"])]
    )
    tls_client_certificate_bound_access_tokens: "models.BooleanField[bool, bool]" = models.BooleanField(
        _("certificate-bound access tokens"), default=False, help_text=_("Issue this client bound tokens only.")
    )
    metadata = models.JSONField(
        _("other metadata"), default=dict, blank=True, help_text=_("Other members of RFC 7591, kept as they are.")
    )
    enabled: "models.BooleanField[bool, bool]" = models.BooleanField(_("enabled"), default=True)
    user: "models.ForeignKey[Any, Any]" = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="%(app_label)s_%(class)s_set",
        verbose_name=_("user"),
        help_text=_(
            "The user who logs in with this certificate. You can choose a user whom you may change and whose "
            "permissions you also have; the same holds for users who log in by the certificate's name or key now."
        ),
    )
    saved_by: "models.ForeignKey[Any, Any]" = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("saved by"),
    )
    created: "models.DateTimeField[datetime, datetime]" = models.DateTimeField(_("created"), auto_now_add=True)
    last_seen: "Moment" = models.DateTimeField(_("last seen"), null=True, blank=True, editable=False)
    certificate_der: "Octets" = models.BinaryField(_("certificate"), null=True, blank=True, editable=False)
    certificate_expires: "Moment" = models.DateTimeField(
        _("expires"), null=True, blank=True, editable=False, db_index=True
    )
    search_keys = models.ManyToManyField(SearchKey, related_name="+", editable=False)

    class Meta:  # noqa: D106
        abstract = True

    def __str__(self) -> str:
        return str(self.client_id)

    def to_metadata(self) -> dict[str, object]:
        """Return the registered members under their names in RFC 7591."""
        members: dict[str, object] = {
            **(self.metadata or {}),
            "client_id": self.client_id,
            "token_endpoint_auth_method": self.token_endpoint_auth_method,
            "jwks": self.jwks,
            "jwks_uri": self.jwks_uri or None,
            "tls_client_certificate_bound_access_tokens": self.tls_client_certificate_bound_access_tokens,
        }
        if self.subject_kind:
            members[self.subject_kind] = self.subject_value
        return {name: value for name, value in members.items() if value is not None}

    def to_client(self) -> Client:
        """Return the client that the verifier judges.

        Raises:
            InvalidClientMetadata: If it can never authenticate.
        """
        if not isinstance(self.metadata, dict):
            raise InvalidClientMetadata(f"Client {self.client_id!r}: metadata must be an object.")
        return client_of(self.to_metadata())

    @property
    def found_by_certificate(self) -> bool:
        """Whether a certificate alone finds this registration.

        No other registration may then have its name or keys. True if it logs in a user. A model of clients without a
        ``client_id`` in their requests overrides this.
        """
        return self.user_id is not None  # type: ignore[attr-defined]  # Django makes it

    @property
    def certificates(self) -> tuple[ClientCertificate, ...]:
        """The certificates of the self-signed method, and none if they are unreadable."""
        if self.jwks is None or self.token_endpoint_auth_method != Method.SELF_SIGNED:
            return ()
        try:
            return registered_keys(self.jwks).certificates
        except InvalidClientMetadata:
            return ()

    @property
    def certificate(self) -> ClientCertificate | None:
        """The certificate registered or seen last, if readable; only to be shown."""
        try:
            return (
                ClientCertificate.from_der(bytes(self.certificate_der)).require_readable()
                if self.certificate_der
                else None
            )
        except BadCertificate:
            return None

    @certificate.setter
    def certificate(self, certificate: ClientCertificate) -> None:
        self.certificate_der = certificate.der
        self.certificate_expires = end_of(certificate)

    def clean(self) -> None:
        """Reject what no certificate can satisfy, or the editor may not take."""
        super().clean()
        if self.metadata is None:  # what an empty field of a form means
            self.metadata = {}
        if errors := registration_errors(self):
            raise ValidationError(errors)
        if claimed := claim_errors(self):
            raise ValidationError(claimed)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the editor, and update the search keys and the shown certificate.

        Raises:
            KeyTaken: If another registration has a name or key that can't be shared.
        """
        changed = {"saved_by", *(("certificate_der", "certificate_expires") if self._refresh_certificate() else ())}
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], *changed}
        # A client that its client_id names is not searched by it, and its database need not be that of the users.
        self.saved_by = self.editor.user if self.editor is not None and self.found_by_certificate else None
        with transaction.atomic(using=kwargs.get("using") or router.db_for_write(type(self), instance=self)):
            super().save(*args, **kwargs)
            self.update_search_keys(self._state.db)

    def _refresh_certificate(self) -> bool:
        """Update the certificate that is shown, and return whether it has changed."""
        shown, before = self.certificate, self.certificate_der
        registered = registration_digests(self)
        if shown is not None and registered and not self.jwks_uri and not registered & certificate_digests(shown):
            self.certificate_der = self.certificate_expires = None
        if not self.certificate_der and self.certificates:
            self.certificate = max(self.certificates, key=_sorted_by_end)
        return before != self.certificate_der

    def update_search_keys(self, using: str | None = None) -> None:
        """Update the search keys, after a change that bypassed :meth:`save`.

        Args:
            using: the database's alias; by default the one to write to, whichever database the record was read from.

        Raises:
            KeyTaken: If another registration has a name or key that can't be shared.
        """
        give_keys(self, search_keys(self), using or router.db_for_write(type(self), instance=self))

    def seen(self, certificate: ClientCertificate | None, now: datetime | None = None) -> None:
        """Note which certificate authenticated the client, at most once a minute."""
        note_seen(self, certificate, now or timezone.now())


def _sorted_by_end(certificate: ClientCertificate) -> datetime:
    try:
        return certificate.not_after
    except BadCertificate:
        return datetime.min.replace(tzinfo=UTC)


class RegisteredClient(AbstractRegisteredClient):
    """A registered OAuth client, or a user's registered certificate."""

    client_name: "models.CharField[str, str]" = models.CharField(_("name"), max_length=255, blank=True)

    class Meta:  # noqa: D106
        verbose_name = _("registered client")
        verbose_name_plural = _("registered clients")
        ordering: "ClassVar[Iterable[str]]" = ("client_id",)
