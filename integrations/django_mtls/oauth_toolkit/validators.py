"""``OAUTH2_VALIDATOR_CLASS``: who a client is, what its tokens are bound to, and whether that came with them."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import DataError, router, transaction
from jwcrypto.common import JWException
from oauth2_provider.models import get_access_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from wsgi_mtls.binding import bind, bind_refresh_token, verify_confirmation, verify_refresh_token
from wsgi_mtls.clients import Client
from wsgi_mtls.errors import CertificateRequired, MutualTLSError, NotAnAccessToken

from . import device, remote
from .confirmations import (
    claims_of,
    confirm_access_token,
    confirm_refresh_token,
    find_access_token,
    find_refresh_token,
)
from .errors import MutualTLSOAuth2Error
from .guard import looking_at_confirmation, mark_verified
from .oauthlib_requests import authenticated_by_certificate, peer_of, refuse_token, report_refusal, secret_of
from .registrations import client_of, gets_bound_tokens, is_for_mutual_tls


class MutualTLSValidatorMixin:
    """Before a validator of OAuth Toolkit: ``class Validator(MutualTLSValidatorMixin, OAuth2Validator)``.

    Attributes:
        bind_all_tokens: whether every token is bound, not only those of clients that are registered so.
        binding_required: whether a resource accepts bound tokens alone; a bound one is verified either way.
    """

    bind_all_tokens: ClassVar[bool] = False
    binding_required: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        """Refuse the wrong order of bases, in which the mixin would silently do nothing.

        Raises:
            TypeError: OAuth Toolkit's validator stands before the mixin.
        """
        super().__init_subclass__(**options)
        order = cls.__mro__
        if OAuth2Validator in order and order.index(OAuth2Validator) < order.index(MutualTLSValidatorMixin):
            raise TypeError(f"class {cls.__name__}: name MutualTLSValidatorMixin before OAuth Toolkit's validator.")

    # Who a client is

    def client_authentication_required(self, request: Any, *args: Any, **options: Any) -> bool:
        """Tell whether the client must be authenticated; one of mutual TLS always must."""
        if authenticated_by_certificate(request) is not None:
            return True
        required: bool = super().client_authentication_required(request, *args, **options)  # type: ignore[misc]
        return required or is_for_mutual_tls(request.client)

    def authenticate_client(self, request: Any, *args: Any, **options: Any) -> bool:
        """Tell whether the client is authenticated: one of mutual TLS by its certificate and by nothing else."""
        client = authenticated_by_certificate(request)
        if client is None:
            authenticated: bool = super().authenticate_client(request, *args, **options)  # type: ignore[misc]
            # Only a project without our backend class gets here with such a client.
            return authenticated and not is_for_mutual_tls(request.client)
        request.client = None
        application = self._load_application(client.client_id, request)
        return application is not None and application.client_id == client.client_id

    def authenticate_client_id(self, client_id: str, request: Any, *args: Any, **options: Any) -> bool:
        """Tell whether a client may come without authentication; one of mutual TLS never may."""
        public: bool = super().authenticate_client_id(client_id, request, *args, **options)  # type: ignore[misc]
        return public and not is_for_mutual_tls(request.client)

    def _authenticate_basic_auth(self, request: Any) -> bool:
        if isinstance(request, Request):
            request.encoding = "utf-8"  # or OAuth Toolkit takes the codec's name from a parameter "encoding"
        basic = self._extract_basic_auth(request) or ""  # type: ignore[attr-defined]
        authenticated: bool = super()._authenticate_basic_auth(request)  # type: ignore[misc]
        return authenticated and _may_come(request, secret_of(basic))

    def _authenticate_request_body(self, request: Any) -> bool:
        authenticated: bool = super()._authenticate_request_body(request)  # type: ignore[misc]
        return authenticated and _may_come(request, getattr(request, "client_secret", None))

    def _load_application(self, client_id: str, request: Any) -> Any:
        if "\0" in (client_id or ""):
            return None  # no client has it, and PostgreSQL's drivers raise an error for it
        return super()._load_application(client_id, request)  # type: ignore[misc]

    def revoke_token(self, token: str, token_type_hint: str | None, request: Any, *args: Any, **options: Any) -> None:
        """Revoke a token of this client's; OAuth Toolkit before 3.4 revokes those of others too (RFC 7009, 2.1)."""
        rows = [row for row in (find_access_token(token), find_refresh_token(token)) if row is not None]
        client = getattr(request.client, "pk", None)
        if not rows or any(row.application_id == client for row in rows):
            super().revoke_token(token, token_type_hint, request, *args, **options)  # type: ignore[misc]

    # What its tokens are bound to

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Any, *args: Any, **options: Any
    ) -> bool:
        """Tell whether the client may ask for this; one whose tokens are bound gets none that a browser fetches."""
        if not super().validate_response_type(client_id, response_type, client, request, *args, **options):  # type: ignore[misc]
            return False
        try:
            bound = self._always_or_registered(client_of(client))
        except MutualTLSError as error:
            report_refusal("client_rejected", client.client_id, error)
            return False
        return "token" not in response_type.split() or not bound

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **options: Any
    ) -> bool:
        """Tell whether the client may use this grant, before anything of it is used up.

        A public client has no credentials that ``client_credentials`` could be for (RFC 6749 section 4.4).

        Raises:
            OAuth2Error: its token must be bound, and no certificate came; or the device code is not the client's.
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

    def validate_device_code(self, client_id: str, device_code: str, request: Any) -> str:
        """Return what oauthlib 4 asks and OAuth Toolkit 3.4 does not answer; :meth:`validate_grant_type` has looked."""
        return "authorized"

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *args: Any, **options: Any) -> bool:
        """Tell whether a refresh token is this client's, and a public client's this certificate's.

        OAuth Toolkit is asked last: for a replay it revokes what else was issued, which only its holder may cause.

        Raises:
            OAuth2Error: the new token must be bound, and no certificate came.
        """
        row = find_refresh_token(refresh_token)
        if row is None or row.application_id != client.pk or not self._holds(row, client, request):
            return False
        self._bound(client, request)
        return bool(super().validate_refresh_token(refresh_token, client, request, *args, **options))  # type: ignore[misc]

    def _holds(self, refresh_token: Any, application: Any, request: Any) -> bool:
        try:
            client = client_of(application)
            record = {**claims_of(refresh_token), "client_id": client.client_id}
            peer = peer_of(request) if "cnf" in record or self._always_or_registered(client) else None
            verify_refresh_token(record, peer, client, always=self.bind_all_tokens)
        except MutualTLSError as error:
            report_refusal("client_rejected", application.client_id, error)
            return False
        return True

    def _save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **options: Any) -> Any:
        """Save the tokens with what they are bound to, in one transaction, whichever way they are saved."""
        issued = token.get("access_token")
        with transaction.atomic(using=router.db_for_write(get_access_token_model())):
            if request.grant_type == device.GRANT_TYPE:
                device.use_up_device_code(request.device_code, request.client, request)
            saved = super()._save_bearer_token(token, request, *args, **options)  # type: ignore[misc]
            if not token.get("access_token"):  # issued before for this refresh token, and stored as its hash alone
                raise InvalidGrantError("The token was told once, and is not stored.", request=request)
            access, refresh = self._bound(request.client, request)
            # Another one than was issued was issued before for this refresh token, and stays bound as it is.
            if issued is not None and token.get("access_token") == issued:
                confirm_access_token(issued, access)
            if refresh and token.get("refresh_token"):
                confirm_refresh_token(token["refresh_token"], refresh)
        return saved

    def _bound(self, application: Any, request: Any) -> tuple[Mapping[str, object], Mapping[str, object]]:
        """Return the claims with which the access and the refresh token are saved: ``cnf``, or none."""
        try:
            client = client_of(application)
            if not self._always_or_registered(client):
                return {}, {}
            if not request.grant_type:
                raise CertificateRequired("This client's tokens are bound: it gets them at the token endpoint alone.")
            peer = peer_of(request)
            refresh = bind_refresh_token({}, peer, client, always=self.bind_all_tokens)
            return bind({}, peer, client, always=self.bind_all_tokens), _only_cnf(refresh)
        except MutualTLSError as error:
            report_refusal("client_rejected", application.client_id, error)
            raise MutualTLSOAuth2Error(error, request) from error

    def _always_or_registered(self, client: Client) -> bool:
        return self.bind_all_tokens or client.tls_client_certificate_bound_access_tokens

    # Whether that came with them

    def validate_bearer_token(self, token: str, scopes: Any, request: Any) -> bool:
        """Tell whether an access token is valid, here and with the certificate of this request."""
        with looking_at_confirmation():
            valid: bool = super().validate_bearer_token(token, scopes, request)  # type: ignore[misc]
        row = request.access_token if valid else _without_scope(token, request)
        if row is None:
            return False
        try:
            claims = claims_of(row)
            if claims or self.binding_required:
                verify_confirmation(claims, peer_of(request), required=True)
        except MutualTLSError as error:
            refuse_token(request, error, getattr(row.application, "client_id", None))
            return False
        if valid:
            mark_verified(row)
        return valid

    def validate_id_token(self, token: str, scopes: Any, request: Any) -> bool:
        """Tell whether an ID token passes for an access token: never one of a client whose access tokens are bound."""
        with looking_at_confirmation():
            if not super().validate_id_token(token, scopes, request):  # type: ignore[misc]
                request.oauth2_error = {"error": "invalid_token"}
                return False
        if self.binding_required or self.bind_all_tokens or gets_bound_tokens(request.client):
            error = NotAnAccessToken("An ID token came, which is bound to no certificate.")
            refuse_token(request, error, getattr(request.client, "client_id", None))
            return False
        return True

    def _load_id_token(self, token: str) -> Any:
        try:
            return super()._load_id_token(token)  # type: ignore[misc]
        except _UNREADABLE:
            return None

    def _get_token_from_authentication_server(
        self, token: str, introspection_url: str, introspection_token: str | None,
        introspection_credentials: Sequence[str] | None,
    ) -> Any:  # fmt: skip
        content = remote.introspect(token, introspection_url, introspection_token, introspection_credentials)
        if content is None:
            return None
        user = self.get_or_create_user_from_content(content) if "username" in content else None  # type: ignore[attr-defined]
        return remote.save(token, content, user)


class MutualTLSValidator(MutualTLSValidatorMixin, OAuth2Validator):  # type: ignore[misc]  # OAuth Toolkit has no types
    """OAuth Toolkit's validator with the mixin, for projects that have none of their own."""


_UNREADABLE = (
    JWException, ImproperlyConfigured, ValidationError, DataError, ValueError, LookupError, TypeError, AttributeError,
    ArithmeticError, RecursionError,
)  # fmt: skip
"""What OAuth Toolkit raises for what is no JWT, has claims of another type, or names a client that signs none."""


def _may_come(request: Any, secret: Any) -> bool:
    """A blank secret is nobody's, though it may be stored (RFC 6749 section 2.3.1).

    OAuth Toolkit lets a public client through here with the device grant: it has none, and only names itself.
    """
    return bool(secret) or (request.client.client_type == "public" and request.grant_type == device.GRANT_TYPE)


def _without_scope(token: str, request: Any) -> Any:
    """Return the row of a token that covers too little, or None: who has no right to it is not told even that."""
    told = getattr(request, "oauth2_error", None)
    too_little = isinstance(told, Mapping) and told.get("error") == "insufficient_scope"
    return find_access_token(token) if too_little else None


def _only_cnf(claims: Mapping[str, object]) -> Mapping[str, object]:
    return {"cnf": claims["cnf"]} if "cnf" in claims else {}
