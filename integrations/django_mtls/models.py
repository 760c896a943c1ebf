"""Registered OAuth clients (RFC 7591, RFC 8705), and whose certificates may log in as which user."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wsgi_mtls.certificate import ClientCertificate
from wsgi_mtls.clients import SubjectKind, SubjectValue
from wsgi_mtls.errors import InvalidClientMetadata, MalformedCertificate
from wsgi_mtls.jwks import registered_certificates

from .record import RecordedClient
from .search import registration_digests

if TYPE_CHECKING:
    from collections.abc import Iterable

    Moment = models.DateTimeField[datetime | None, datetime | None]
    Octets = models.BinaryField[bytes | None, bytes | None]

SEEN_EVERY = timedelta(minutes=1)
"""How long ``last_seen`` stays as it is at least, so that a busy client is no busy row."""


class Method(models.TextChoices):
    """``token_endpoint_auth_method`` (RFC 7591 section 2, RFC 8705 section 2)."""

    TLS_CLIENT_AUTH = "tls_client_auth", _("PKI: a certificate from a CA (tls_client_auth)")
    SELF_SIGNED = "self_signed_tls_client_auth", _("registered certificate (self_signed_tls_client_auth)")
    PRIVATE_KEY_JWT = "private_key_jwt", "private_key_jwt"
    CLIENT_SECRET_BASIC = "client_secret_basic", "client_secret_basic"
    CLIENT_SECRET_POST = "client_secret_post", "client_secret_post"
    CLIENT_SECRET_JWT = "client_secret_jwt", "client_secret_jwt"
    NONE = "none", _("none (a public client)")


class SubjectKindChoice(models.TextChoices):
    """Which of the five names is registered (RFC 8705 section 2.1.2)."""

    SUBJECT_DN = "tls_client_auth_subject_dn", _("subject DN")
    SAN_DNS = "tls_client_auth_san_dns", _("DNS name")
    SAN_URI = "tls_client_auth_san_uri", _("URI")
    SAN_IP = "tls_client_auth_san_ip", _("IP address")
    SAN_EMAIL = "tls_client_auth_san_email", _("e-mail address")


class SearchKey(models.Model):
    """What a certificate is searched by: the digest of a subject value or of a public key.

    It finds candidates and decides nothing: the verifier looks at the registration itself.
    """

    digest: "models.CharField[str, str]" = models.CharField(max_length=64, unique=True)

    class Meta:  # noqa: D106
        verbose_name = _("search key")

    def __str__(self) -> str:
        return str(self.digest)


class AbstractRegisteredClient(models.Model):
    """The RFC 8705 registration of an OAuth client, for models of one's own: a subclass adds what it likes.

    A subclass whose ``client_id`` stands in another model sets ``client_id = None`` and gives a property of that name,
    and its ``client_id_lookup`` says how a query gets there.
    """

    client_id_lookup: ClassVar[str] = "client_id"

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
        help_text=_("Who logs in with this certificate."),
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
        """Return the registration as RFC 7591 names it; members that are not registered are left out."""
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

    def to_client(self) -> RecordedClient:
        """Return the client that the verifier judges.

        Raises:
            InvalidClientMetadata: it can never authenticate.
        """
        if not isinstance(self.metadata, dict):
            raise InvalidClientMetadata(f"Client {self.client_id!r}: metadata must be an object.")
        return RecordedClient.of(self)

    @property
    def certificates(self) -> tuple[ClientCertificate, ...]:
        """The registered certificates, and none if they can't be read."""
        try:
            return registered_certificates(self.jwks) if self.jwks is not None else ()
        except InvalidClientMetadata:
            return ()

    @property
    def certificate(self) -> ClientCertificate | None:
        """The certificate that was registered or seen last; it is shown and decides nothing."""
        try:
            return ClientCertificate.from_der(bytes(self.certificate_der)) if self.certificate_der else None
        except MalformedCertificate:
            return None

    @certificate.setter
    def certificate(self, certificate: ClientCertificate) -> None:
        self.certificate_der = certificate.der
        self.certificate_expires = certificate.not_after

    def clean(self) -> None:
        """Refuse, beside the field, what no certificate can satisfy."""
        super().clean()
        errors: dict[str, Any] = {}
        for field, check in (
            ("subject_value", self._check_subject_value),
            ("jwks", self._check_jwks),
            ("jwks_uri", self._check_jwks_uri),
            ("metadata", self._check_metadata),
        ):
            try:
                check()
            except ValueError as error:  # InvalidClientMetadata is one
                errors[field] = str(error)
        if not errors and self.client_id and self._are_clean("client_id", "jwks_uri"):
            try:
                self.to_client()
            except InvalidClientMetadata as error:
                errors["token_endpoint_auth_method"] = str(error)
        if errors:
            raise ValidationError(errors)

    def _are_clean(self, *names: str) -> bool:
        """Tell whether these fields find nothing wrong with their values; else an error stands beside them already."""
        try:
            for field in self._meta.fields:
                if field.name in names:
                    field.clean(getattr(self, field.name), self)
        except ValidationError:
            return False
        return True

    def _check_subject_value(self) -> None:
        if self.subject_kind and not self.subject_value:
            raise ValueError(_("Write the name, or choose no kind."))
        if self.subject_value and not self.subject_kind:
            raise ValueError(_("Choose which kind of name this is."))
        if self.subject_kind:
            SubjectValue.parse(cast("SubjectKind", self.subject_kind), self.subject_value)
        elif self.token_endpoint_auth_method == Method.TLS_CLIENT_AUTH:
            raise ValueError(_("A client of PKI needs the one name that its certificate must carry."))

    def _check_jwks(self) -> None:
        if self.jwks is not None:
            found = registered_certificates(self.jwks)
        elif self.token_endpoint_auth_method != Method.SELF_SIGNED or self.jwks_uri:
            return
        else:
            found = ()
        if not found and self.token_endpoint_auth_method == Method.SELF_SIGNED:
            raise ValueError(_("Register a certificate: upload one, or write a JWK set whose keys carry x5c."))

    def _check_jwks_uri(self) -> None:
        if self.jwks is not None and self.jwks_uri:
            raise ValueError(_("A JWK set and its address exclude each other (RFC 7591 section 2)."))

    def _check_metadata(self) -> None:
        if not isinstance(self.metadata, dict):
            raise ValueError(_("Write an object."))
        taken = {"client_id", "token_endpoint_auth_method", "jwks", "jwks_uri", *SubjectKindChoice.values}
        taken.add("tls_client_certificate_bound_access_tokens")
        if double := sorted(taken & self.metadata.keys()):
            raise ValueError(_("%s: this has a field of its own.") % ", ".join(double))

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and bring the search keys up to date."""
        if not self.certificate_der and self.certificates:
            self.certificate = max(self.certificates, key=lambda certificate: certificate.not_after)
        with transaction.atomic(using=kwargs.get("using")):
            super().save(*args, **kwargs)
            self.update_search_keys()

    def update_search_keys(self) -> None:
        """Make this registration be found by its certificates; after a change that went past :meth:`save`."""
        using = self._state.db
        digests = registration_digests(self)
        keys = [SearchKey.objects.using(using).get_or_create(digest=digest)[0] for digest in digests]
        self.search_keys.set(keys)

    def seen(self, certificate: ClientCertificate | None, now: datetime | None = None) -> None:
        """Note that the client was authenticated, at most once a minute, and with which certificate."""
        now = now or timezone.now()
        if self.last_seen is not None and now - self.last_seen < SEEN_EVERY:
            return
        changes: dict[str, object] = {"last_seen": now}
        if certificate is not None and certificate != self.certificate:
            changes |= {"certificate_der": certificate.der, "certificate_expires": certificate.not_after}
        # Conditional, so that of several processes only one writes.
        due = models.Q(last_seen__isnull=True) | models.Q(last_seen__lte=now - SEEN_EVERY)
        type(self)._base_manager.filter(due, pk=self.pk).update(**changes)
        self.last_seen = now


class RegisteredClient(AbstractRegisteredClient):
    """A registered OAuth client, or a user's registered certificate."""

    client_name: "models.CharField[str, str]" = models.CharField(_("name"), max_length=255, blank=True)

    class Meta:  # noqa: D106
        verbose_name = _("registered client")
        verbose_name_plural = _("registered clients")
        ordering: "ClassVar[Iterable[str]]" = ("client_id",)
