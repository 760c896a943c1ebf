"""Models next to OAuth Toolkit's: registrations, and bindings of tokens."""

from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import get_application_model
from oauth2_provider.settings import oauth2_settings

from wsgi_mtls.clients import AUTH_METHODS

from ..models import AbstractRegisteredClient

if TYPE_CHECKING:
    Reference = models.OneToOneField[Any, Any]


class RegistrationManager(models.Manager["ApplicationRegistration"]):
    """Also fetches the application, which has the ``client_id``."""

    def get_queryset(self) -> "models.QuerySet[ApplicationRegistration]":
        """Return all registrations."""
        return super().get_queryset().select_related("application")


class ApplicationRegistration(AbstractRegisteredClient):
    """The RFC 8705 registration of an application.

    ``MTLS["CLIENT_MODEL"]`` names this model. An application without one is a client of OAuth Toolkit's own. One with a
    disabled registration is refused.
    """

    client_id_lookup: ClassVar[str] = "application__client_id"

    application: "Reference" = models.OneToOneField(
        oauth2_settings.APPLICATION_MODEL,
        models.CASCADE,
        related_name="mtls_registration",
        verbose_name=_("application"),
    )

    objects: ClassVar[RegistrationManager] = RegistrationManager()

    class Meta:  # noqa: D106
        verbose_name = _("mutual TLS registration")
        verbose_name_plural = _("mutual TLS registrations")

    @property
    def client_id(self) -> str:
        """The application's."""
        return "" if self.application_id is None else str(self.application.client_id)  # type: ignore[attr-defined]  # Django makes it

    @client_id.setter
    def client_id(self, client_id: str) -> None:
        for application in get_application_model().objects.filter(client_id=client_id):
            if application.client_id == client_id:
                self.application = application
                return
        raise ValidationError(
            f"Expected the client_id of an application, found {client_id!r}: create that application first."
        )

    @property
    def uses_mutual_tls(self) -> bool:
        """Whether only its certificate authenticates the application, or it is disabled."""
        return not self.enabled or self.token_endpoint_auth_method in AUTH_METHODS

    def to_metadata(self) -> dict[str, object]:
        """Return the registration.

        For other methods, the application decides whether the client is public.
        """
        metadata = super().to_metadata()
        if self.token_endpoint_auth_method not in AUTH_METHODS:
            if self.application.client_type == "public":
                metadata["token_endpoint_auth_method"] = "none"
            elif self.token_endpoint_auth_method == "none":
                metadata["token_endpoint_auth_method"] = "client_secret_basic"
        return metadata


class RegistrationAccess(models.Model):
    """A dynamically registered client's way to its registration (RFC 7592).

    Attributes:
        token_hash: the SHA-256 of its registration access token.
        expires: when that token expires (``DCR_REGISTRATION_TOKEN_EXPIRE_SECONDS``); None for never.
        by_certificate: whether it registered by its certificate, and so replaces its registration with that alone.
    """

    application: "Reference" = models.OneToOneField(
        oauth2_settings.APPLICATION_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="mtls_registration_access",
    )
    token_hash: "models.CharField[str, str]" = models.CharField(max_length=64)
    expires: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True)
    by_certificate: "models.BooleanField[bool, bool]" = models.BooleanField(default=False)

    objects: ClassVar[models.Manager["RegistrationAccess"]] = models.Manager()

    class Meta:  # noqa: D106
        verbose_name = _("access to a registration")

    def new_token(self) -> str:
        """Replace the registration access token: save a hash, and return the token."""
        token = token_urlsafe(32)
        self.token_hash = sha256(token.encode()).hexdigest()
        seconds = oauth2_settings.DCR_REGISTRATION_TOKEN_EXPIRE_SECONDS
        self.expires = None if seconds is None else timezone.now() + timedelta(seconds=seconds)
        self.save()
        return token

    def is_token(self, token: str) -> bool:
        """Return whether a token is the client's, and has not expired."""
        if self.expires is not None and self.expires <= timezone.now():
            return False
        return compare_digest(self.token_hash, sha256(token.encode()).hexdigest())


class Confirmation(models.Model):
    """The binding of a token.

    Attributes:
        claims: an object with ``cnf``, as this server made it or another one's introspection endpoint reported it.
    """

    claims = models.JSONField()

    class Meta:  # noqa: D106
        abstract = True


class AccessTokenConfirmation(Confirmation):
    """The binding of an access token (RFC 8705 section 3).

    A token without one is not bound.
    """

    token: "Reference" = models.OneToOneField(
        oauth2_settings.ACCESS_TOKEN_MODEL, models.CASCADE, primary_key=True, related_name="mtls_confirmation"
    )

    class Meta:  # noqa: D106
        verbose_name = _("confirmation of an access token")


class RefreshTokenConfirmation(Confirmation):
    """The binding of a public client's refresh token (RFC 8705 section 4)."""

    token: "Reference" = models.OneToOneField(
        oauth2_settings.REFRESH_TOKEN_MODEL, models.CASCADE, primary_key=True, related_name="mtls_confirmation"
    )

    class Meta:  # noqa: D106
        verbose_name = _("confirmation of a refresh token")


class RedeemedCode(models.Model):
    """A redeemed authorization code, and its token (RFC 6749 section 4.1.2).

    Attributes:
        refresh_token: what all later tokens are found by; None where the code gave an access token alone.
        access_token: that one.
    """

    code_checksum: "models.CharField[str, str]" = models.CharField(max_length=64, unique=True)
    # Either is deleted when it can't do harm any more, and takes the row along.
    refresh_token: "Reference | None" = models.OneToOneField(
        oauth2_settings.REFRESH_TOKEN_MODEL, models.CASCADE, null=True, related_name="mtls_redeemed_code"
    )
    access_token: "Reference | None" = models.OneToOneField(
        oauth2_settings.ACCESS_TOKEN_MODEL, models.CASCADE, null=True, related_name="mtls_redeemed_code"
    )

    class Meta:  # noqa: D106
        verbose_name = _("redeemed code")
