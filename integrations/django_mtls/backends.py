"""From a certificate to a user."""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.db import IntegrityError, router, transaction
from django.http import HttpRequest

from wsgi_mtls.errors import MutualTLSError, NoCertificate, RefusedClient
from wsgi_mtls.x509 import ClientCertificate, Peer, PeerCertificate

from .conf import mtls_settings
from .models import AbstractRegisteredClient
from .users.named import find_user, holder
from .users.precedence import counting, undisputed
from .users.reporting import deciding, report_refusal
from .users.usernames import username
from .verification import registry, users_verifier


class ClientCertificateBackend(ModelBackend):
    """Authenticates users by certificate, and no one by password; permissions are ``ModelBackend``'s.

    A certificate that is registered for a user (``RegisteredClient.user``) makes that user. Any other makes the user of
    the name that ``USERNAME_FROM`` takes from it, if its chain was validated. Every refusal is reported with its reason
    and is None here.
    """

    def authenticate(  # type: ignore[override]  # another signature, so that Django skips it for passwords
        self, request: HttpRequest | None, *, peer_certificate: Peer | None
    ) -> Any:
        """Return the user whose certificate this is, or None."""
        if peer_certificate is None:
            return None
        try:
            if not isinstance(peer_certificate, PeerCertificate):
                raise NoCertificate(
                    "The terminator forwards only a name; users need the certificate.",
                    reason="certificate_not_delivered",
                )
            user = self._registered_user(request, peer_certificate) or self._named_user(request, peer_certificate)
            if user is not None and not self.user_can_authenticate(user):
                raise RefusedClient(f"User {user.get_username()!r} must not log in.", reason="inactive_user")
        except MutualTLSError as error:
            report_refusal(error, request, peer_certificate)
            return None
        return user

    async def aauthenticate(  # type: ignore[override]  # as authenticate
        self, request: HttpRequest | None, *, peer_certificate: Peer | None
    ) -> Any:
        """Return the user whose certificate this is, or None."""
        return await sync_to_async(self.authenticate)(request, peer_certificate=peer_certificate)

    def get_user(self, user_id: Any) -> None:
        """Return None: a session cookie alone, without its certificate, is not a user's.

        ``ClientCertificateLoginMiddleware``, which has the certificate, sets the user.
        """

    async def aget_user(self, user_id: Any) -> None:
        """Return None, as :meth:`get_user`."""

    def create_user(self, name: str, certificate: ClientCertificate) -> Any:
        """Make a user without rights and without a password; a subclass may add to it.

        Raises:
            ValidationError: the name is none for a user.
        """
        model: Any = get_user_model()
        user = model(**{model.USERNAME_FIELD: name})
        if model.normalize_username(name) != name:
            raise ValidationError("Its normalized form is another one.")
        user.set_unusable_password()
        user.clean_fields(exclude={f.name for f in model._meta.fields if f.name != model.USERNAME_FIELD})
        user.save(force_insert=True)
        return user

    def _registered_user(self, request: HttpRequest | None, peer: PeerCertificate) -> Any:
        """Return the user for whom the certificate is registered, or None if its name decides."""
        records = [record for record in registry().records(peer.certificate) if record.user is not None]
        if not records:
            return None
        named = holder(peer)
        records = list(counting(records, named, peer, request))
        accepted = [record for record in records if record.enabled and _is_accepted(record, request, peer)]
        accepted = list(undisputed(accepted, named, peer, request))
        if len({record.user.pk for record in accepted}) > 1:
            raise RefusedClient(
                "The certificate is registered for several users; leave it to one.", reason="several_users"
            )
        for record in accepted:
            record.seen(peer.certificate)
            return record.user
        if any(not record.enabled for record in records):
            raise RefusedClient(
                "The certificate's registration is disabled; so its name does not count.",
                reason="registration_disabled",
            )
        return None

    def _named_user(self, request: HttpRequest | None, peer: PeerCertificate) -> Any:
        settings = mtls_settings()
        if settings.username_from is None:
            raise RefusedClient(
                "The certificate is registered for no user, and USERNAME_FROM is not set.", reason="no_username"
            )
        try:
            with deciding(request, peer):
                users_verifier().rules.check_certificate(peer)
        except MutualTLSError:
            return None  # reported there
        name = username(peer.certificate, settings.username_from)
        user = find_user(name)
        if user is None and settings.create_unknown_users:
            user = self._created_user(name, peer.certificate)
        if user is None:
            raise RefusedClient(
                f"No user is named {name!r}: create the user, or register the certificate for another one.",
                reason="unknown_user",
            )
        return user

    def _created_user(self, name: str, certificate: ClientCertificate) -> Any:
        using = router.db_for_write(get_user_model())
        try:
            with transaction.atomic(using=using):  # so that a lost race breaks no transaction of the users' database
                user = self.create_user(name, certificate)
        except ValidationError as error:
            raise RefusedClient(
                f"{name!r} is not a username: {' '.join(error.messages)}", reason="malformed_username"
            ) from None
        except IntegrityError as error:
            made_meanwhile = find_user(name, using)  # by another request; a replica may not have it yet
            if made_meanwhile is None:
                raise RefusedClient(f"User {name!r} could not be made: {error}", reason="unknown_user") from None
            return made_meanwhile
        return user if user.get_username() == name else None


def _is_accepted(record: AbstractRegisteredClient, request: HttpRequest | None, peer: PeerCertificate) -> bool:
    try:
        with deciding(request, peer, record.client_id) as decision:
            decision.method = users_verifier().rules.authenticate(record.client_id, peer).method
            decision.outcome = "client_authenticated"
    except MutualTLSError:
        return False  # reported there
    return True
