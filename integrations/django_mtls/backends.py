"""From a certificate to a user."""

from dataclasses import dataclass
from typing import Any, Self

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.db import IntegrityError, router, transaction
from django.http import HttpRequest

from wsgi_mtls.checks import check_chain
from wsgi_mtls.errors import MutualTLSError, NoCertificate, RefusedClient
from wsgi_mtls.x509 import ClientCertificate, Peer, PeerCertificate

from .conf import mtls_settings
from .models import AbstractRegisteredClient
from .users.named import Named, find_user, look_up
from .users.precedence import Records, counting, undisputed
from .users.reporting import deciding
from .verification import registry, verifier


class ClientCertificateBackend(ModelBackend):
    """A backend that authenticates users by certificate, and never by password.

    Permissions are ``ModelBackend``'s. A certificate that is registered for a user (``RegisteredClient.user``) makes
    that user. Any other makes the user of the name that ``USERNAME_FROM`` takes from it, if its chain was validated.
    Every refusal is reported with its reason and is None here.
    """

    def authenticate(  # type: ignore[override]  # another signature, so that Django skips it for passwords
        self, request: HttpRequest | None, *, peer_certificate: Peer | None
    ) -> Any:
        """Return the user of this certificate, or None.

        Raises:
            RefusedClient: ``resources_unavailable``: If this server has no memory, descriptor, thread or connection
                left to find out, or if its database is down.
        """
        if peer_certificate is None:
            return None
        try:
            with deciding(request, peer_certificate):
                return self._user(request, peer_certificate)
        except MutualTLSError as error:
            _raise_if_unavailable(error)
            return None

    async def aauthenticate(  # type: ignore[override]  # as authenticate
        self, request: HttpRequest | None, *, peer_certificate: Peer | None
    ) -> Any:
        """Return the user of this certificate, or None."""
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
            ValidationError: If the name is not valid for a user.
        """
        model: Any = get_user_model()
        user = model(**{model.USERNAME_FIELD: name})
        if model.normalize_username(name) != name:
            raise ValidationError("Its normalized form is another one.")
        user.set_unusable_password()
        user.clean_fields(exclude={f.name for f in model._meta.fields if f.name != model.USERNAME_FIELD})
        user.save(force_insert=True)
        return user

    def _user(self, request: HttpRequest | None, peer: Peer) -> Any:
        if not isinstance(peer, PeerCertificate):
            raise NoCertificate(
                "The terminator forwards only a name; users need the certificate.",
                reason="certificate_not_delivered",
            )
        login = _Login.of(request, peer)
        user = (self._registered_user(login) if login.records else None) or self._named_user(login)
        if user is not None and not self.user_can_authenticate(user):
            raise RefusedClient(f"User {user.get_username()!r} must not log in.", reason="inactive_user")
        return user

    def _registered_user(self, login: "_Login") -> Any:
        """Return the user of a registered certificate, or None if its name decides."""
        request, peer, named = login.request, login.peer, login.named.user
        records: Records = [record for record in login.records if record.user is not None]
        if not records:
            return None
        records = counting(records, named, peer, request)
        accepted = undisputed([record for record in records if login.accepts(record)], named, peer, request)
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

    def _named_user(self, login: "_Login") -> Any:
        settings, certificate = mtls_settings(), login.peer.certificate
        if settings.username_from is None:
            raise RefusedClient(
                "The certificate is registered for no user, and USERNAME_FROM is not set.", reason="no_username"
            )
        verifier().rules.check_certificate(login.peer, login.is_registered_itself())
        named = login.named if login.named.is_known else look_up(certificate, settings.username_from)
        if named.refusal is not None:
            raise named.refusal
        user = named.user
        if user is None and settings.create_unknown_users:
            user = self._created_user(named.name, certificate)
        if user is None:
            raise RefusedClient(
                f"No user is named {named.name!r}: create the user, or register the certificate for another one.",
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


@dataclass(frozen=True, slots=True)
class _Login:
    """The database's answers about a certificate that logs in.

    Attributes:
        request: the request; None where a project authenticates without one.
        peer: what the client presented.
        named: what the name leads to, if the terminator validated the chain.
        records: the registrations that the certificate may belong to, also disabled ones.
    """

    request: HttpRequest | None
    peer: PeerCertificate
    named: Named
    records: Records

    @classmethod
    def of(cls, request: HttpRequest | None, peer: PeerCertificate) -> Self:
        """Look a certificate up; ignore its name if its chain was not validated."""
        username_from = mtls_settings().username_from
        named = Named()
        if username_from is not None and _is_validated(peer):
            named = look_up(peer.certificate, username_from)
        return cls(request, peer, named, [] if named.registered is False else registry().records(peer.certificate))

    def accepts(self, record: AbstractRegisteredClient) -> bool:
        """Return whether a certificate authenticates an enabled registration.

        The decision is reported.
        """
        if not record.enabled:
            return False
        try:
            with deciding(self.request, self.peer, record.client_id) as decision:
                rules = verifier().rules
                decision.method = rules.check(record.to_client(), self.peer, self.is_registered_itself()).method
                decision.outcome = "client_authenticated"
        except MutualTLSError as error:
            _raise_if_unavailable(error)
            return False  # reported there
        return True

    def is_registered_itself(self) -> bool:
        """Return whether exactly this certificate is registered as self-signed.

        The registration may be enabled or not. The key alone does not count: an editor can register any public key, in
        a certificate that its owner never saw, and could so lock out every user with more rights. A terminator with
        partial chains accepts a certificate that is in its CA bundle, and no other certificate with the same key: what
        the key itself has issued is self-signed.
        """
        return any(self.peer.certificate in record.certificates for record in self.records)


def _is_validated(peer: PeerCertificate) -> bool:
    try:
        check_chain(peer)
    except MutualTLSError:
        return False
    return True


def _raise_if_unavailable(error: MutualTLSError) -> None:
    # A failure of this server proves nothing about the certificate.
    if error.reason == "resources_unavailable":
        raise error
