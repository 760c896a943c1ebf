"""The validator: authentication of clients, and binding of their tokens.

It is the value of ``OAUTH2_VALIDATOR_CLASS``.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import router, transaction
from oauth2_provider.models import get_access_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from wsgi_mtls.binding import bind, bind_refresh_token, verify_refresh_token
from wsgi_mtls.clients import Client
from wsgi_mtls.errors import InvalidRequest, MutualTLSError

from .client_validator import ClientValidatorMixin
from .confirmations import (
    claims_of,
    confirm_access_token,
    confirm_refresh_token,
    find_refresh_token,
)
from .errors import MutualTLSOAuth2Error
from .hardening import device
from .hardening.credentials import CredentialsValidatorMixin
from .hardening.device import DeviceValidatorMixin
from .hardening.id_tokens import IDTokenValidatorMixin
from .hardening.revocation import RevocationValidatorMixin
from .hardening.single_use import SingleUseValidatorMixin, end_reused
from .oauthlib_requests import authenticated_by_certificate, peer_of, report_refusal
from .registrations import client_of
from .resource_validator import ResourceValidatorMixin


class MutualTLSValidatorMixin(
    ClientValidatorMixin,
    ResourceValidatorMixin,
    CredentialsValidatorMixin,
    DeviceValidatorMixin,
    IDTokenValidatorMixin,
    RevocationValidatorMixin,
    SingleUseValidatorMixin,
):
    """A mixin of mutual TLS for a validator of OAuth Toolkit.

    It comes first: ``class Validator(MutualTLSValidatorMixin, OAuth2Validator)``.

    Attributes:
        bind_all_tokens: whether every token is bound, not only those of clients that are registered so.
        binding_required: whether a resource accepts bound tokens alone; a bound one is verified either way.
    """

    bind_all_tokens: ClassVar[bool] = False
    binding_required: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        """Refuse the wrong order of bases, in which the mixin would silently do nothing.

        Raises:
            TypeError: If OAuth Toolkit's validator precedes the mixin.
        """
        super().__init_subclass__(**options)
        order = cls.__mro__
        if OAuth2Validator in order and order.index(OAuth2Validator) < order.index(MutualTLSValidatorMixin):
            raise TypeError(f"class {cls.__name__}: name MutualTLSValidatorMixin before OAuth Toolkit's validator.")

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Any, *args: Any, **options: Any
    ) -> bool:
        """Return whether the client may use a response type.

        A client with bound tokens may use none that hands a token to a browser.
        """
        if not super().validate_response_type(client_id, response_type, client, request, *args, **options):  # type: ignore[misc]
            return False
        try:
            bound = self._always_or_registered(client_of(client))
        except MutualTLSError as error:
            report_refusal("client", client.client_id, error)
            return False
        return "token" not in response_type.split() or not bound

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **options: Any
    ) -> bool:
        """Return whether the client may use this grant, before anything of it is used up.

        A public client has no credentials that ``client_credentials`` could be for (RFC 6749 section 4.4).

        Raises:
            OAuth2Error: If its token must be bound, and no certificate came; or the device code is not the client's.
        """
        if not super().validate_grant_type(client_id, grant_type, client, request, *args, **options):  # type: ignore[misc]
            return False
        by_certificate = authenticated_by_certificate(request) is not None
        if grant_type == "client_credentials" and client.client_type != "confidential" and not by_certificate:
            return False
        if grant_type == device.GRANT_TYPE:
            grant = device.check_device_code(request.device_code, client, request)
            # Not what the device asks for now.
            request.user, request.scope, request.scopes = grant.user, grant.scope, grant.scope.split()
        if grant_type != "refresh_token":
            self._bound(client, request)
        return True

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *args: Any, **options: Any) -> bool:
        """Return whether this client may use a refresh token.

        A public client's needs this certificate. OAuth Toolkit is asked last: for a replay it revokes what else was
        issued, which only its holder may cause.

        Raises:
            OAuth2Error: If the new token must be bound, and no certificate came.
        """
        row = find_refresh_token(refresh_token)
        if row is None or row.application_id != client.pk or not self._holds(row, client, request):
            return False
        self._bound(client, request)
        valid = bool(super().validate_refresh_token(refresh_token, client, request, *args, **options))  # type: ignore[misc]
        if not valid:
            end_reused(row, client)
        return valid

    def _holds(self, refresh_token: Any, application: Any, request: Any) -> bool:
        try:
            client = client_of(application)
            record = {**claims_of(refresh_token), "client_id": client.client_id}
            peer = peer_of(request) if "cnf" in record or self._always_or_registered(client) else None
            verify_refresh_token(record, peer, client, always=self.bind_all_tokens)
        except MutualTLSError as error:
            report_refusal("client", application.client_id, error)
            return False
        return True

    def _save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **options: Any) -> Any:
        """Save the tokens and what they are bound to in one transaction.

        This holds whichever way OAuth Toolkit saves them.
        """
        issued = token.get("access_token")
        with transaction.atomic(using=router.db_for_write(get_access_token_model())):
            if request.grant_type == device.GRANT_TYPE:
                device.use_up_device_code(request.device_code, request.client, request)
            saved = super()._save_bearer_token(token, request, *args, **options)
            if not token.get("access_token"):  # issued before for this refresh token, and stored as its hash alone
                raise InvalidGrantError("The token was returned once, and is not stored.", request=request)
            access, refresh = self._bound(request.client, request)
            # The access token was issued before for this refresh token, and stays bound as it is.
            if issued is not None and token.get("access_token") == issued:
                confirm_access_token(issued, access)
            if refresh and token.get("refresh_token"):
                confirm_refresh_token(token["refresh_token"], refresh)
        return saved

    def _bound(self, application: Any, request: Any) -> tuple[Mapping[str, object], Mapping[str, object]]:
        """Return the claims saved with both tokens: ``cnf``, or none."""
        try:
            client = client_of(application)
            if not self._always_or_registered(client):
                return {}, {}
            if not request.grant_type:
                raise InvalidRequest(
                    "This client's tokens are bound: it gets them at the token endpoint alone.",
                    reason="certificate_required",
                )
            peer = peer_of(request)
            refresh = bind_refresh_token({}, peer, client, always=self.bind_all_tokens)
            return bind({}, peer, client, always=self.bind_all_tokens), _only_cnf(refresh)
        except MutualTLSError as error:
            report_refusal("client", application.client_id, error)
            raise MutualTLSOAuth2Error(error, request) from error

    def _always_or_registered(self, client: Client) -> bool:
        return self.bind_all_tokens or client.tls_client_certificate_bound_access_tokens


class MutualTLSValidator(MutualTLSValidatorMixin, OAuth2Validator):  # type: ignore[misc]  # OAuth Toolkit has no types
    """OAuth Toolkit's validator with the mixin, for projects without their own."""


def _only_cnf(claims: Mapping[str, object]) -> Mapping[str, object]:
    return {"cnf": claims["cnf"]} if "cnf" in claims else {}
