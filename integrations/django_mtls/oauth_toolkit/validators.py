"""``OAUTH2_VALIDATOR_CLASS``: who a client is, what its tokens are bound to, and whether that came with them."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db import router, transaction
from oauth2_provider.models import get_access_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request

from wsgi_mtls.binding import bind, bind_refresh_token, verify_confirmation, verify_refresh_token
from wsgi_mtls.certificate import Peer, PeerCertificate
from wsgi_mtls.clients import Client
from wsgi_mtls.errors import CertificateRequired, MutualTLSError, NotAnAccessToken
from wsgi_mtls.events import Event, report
from wsgi_mtls.sources import peer_certificate
from wsgi_mtls.verifier import AuthenticatedClient

from ..conf import mtls_settings
from ..signals import send
from . import remote
from .backends import CLIENT
from .confirmations import (
    claims_of,
    confirm_access_token,
    confirm_refresh_token,
    find_access_token,
    find_refresh_token,
)
from .errors import MutualTLSOAuth2Error
from .guard import looking_at_confirmation, mark_verified
from .registrations import client_of, is_for_mutual_tls


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
        if _authenticated(request) is not None:
            return True
        required: bool = super().client_authentication_required(request, *args, **options)  # type: ignore[misc]
        return required or is_for_mutual_tls(request.client)

    def authenticate_client(self, request: Any, *args: Any, **options: Any) -> bool:
        """Tell whether the client is authenticated: one of mutual TLS by its certificate and by nothing else."""
        client = _authenticated(request)
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
        return authenticated and _may_have_secret(request.client, secret_of(basic))

    def _authenticate_request_body(self, request: Any) -> bool:
        authenticated: bool = super()._authenticate_request_body(request)  # type: ignore[misc]
        return authenticated and _may_have_secret(request.client, getattr(request, "client_secret", None))

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
        return "token" not in response_type.split() or not self._must_bind(client, request)

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **options: Any
    ) -> bool:
        """Tell whether the client may use this grant, before anything of it is used up.

        Raises:
            OAuth2Error: its token must be bound, and no certificate came.
        """
        if not super().validate_grant_type(client_id, grant_type, client, request, *args, **options):  # type: ignore[misc]
            return False
        if grant_type != "refresh_token":
            self._bound(client, request)
        return True

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *args: Any, **options: Any) -> bool:
        """Tell whether a refresh token is this client's, and a public client's this certificate's.

        Raises:
            OAuth2Error: the new token must be bound, and no certificate came.
        """
        if not super().validate_refresh_token(refresh_token, client, request, *args, **options):  # type: ignore[misc]
            return False
        try:
            registered = client_of(client)
            record = {**claims_of(request.refresh_token_instance), "client_id": registered.client_id}
            bound = "cnf" in record or self._always_or_registered(registered)
            peer = _peer(request) if bound else None
            verify_refresh_token(record, peer, registered, always=self.bind_all_tokens)
        except MutualTLSError as error:
            _report("client_rejected", client.client_id, error)
            return False
        self._bound(client, request)
        return True

    def _save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **options: Any) -> Any:
        """Save the tokens with what they are bound to, in one transaction, whichever way they are saved."""
        issued = token.get("access_token")
        with transaction.atomic(using=router.db_for_write(get_access_token_model())):
            saved = super()._save_bearer_token(token, request, *args, **options)  # type: ignore[misc]
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
            peer = _peer(request)
            refresh = bind_refresh_token({}, peer, client, always=self.bind_all_tokens)
            return bind({}, peer, client, always=self.bind_all_tokens), _only_cnf(refresh)
        except MutualTLSError as error:
            _report("client_rejected", application.client_id, error)
            raise MutualTLSOAuth2Error(error, request) from error

    def _must_bind(self, application: Any, request: Any) -> bool:
        try:
            return self._always_or_registered(client_of(application))
        except MutualTLSError as error:
            raise MutualTLSOAuth2Error(error, request) from error

    def _always_or_registered(self, client: Client) -> bool:
        return self.bind_all_tokens or client.tls_client_certificate_bound_access_tokens

    # Whether that came with them

    def validate_bearer_token(self, token: str, scopes: Any, request: Any) -> bool:
        """Tell whether an access token is valid, here and with the certificate of this request."""
        with looking_at_confirmation():
            if not super().validate_bearer_token(token, scopes, request):  # type: ignore[misc]
                return False
        try:
            claims = claims_of(request.access_token)
            if claims or self.binding_required:
                verify_confirmation(claims, _peer(request), required=True)
        except MutualTLSError as error:
            _refuse_token(request, error)
            return False
        mark_verified(request.access_token)
        return True

    def validate_id_token(self, token: str, scopes: Any, request: Any) -> bool:
        """Tell whether an ID token passes for an access token: never one of a client whose access tokens are bound."""
        if not super().validate_id_token(token, scopes, request):  # type: ignore[misc]
            return False
        if self.binding_required or self._must_bind(request.client, request):
            _refuse_token(request, NotAnAccessToken("An ID token came, which is bound to no certificate."))
            return False
        return True

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


def _may_have_secret(application: Any, secret: Any) -> bool:
    """A blank secret is never a confidential client's, though a blank one may be stored (RFC 6749 section 2.3.1)."""
    return bool(secret) or application.client_type != "confidential"


def secret_of(basic: str) -> bytes:
    """Return the secret in the credentials of ``Authorization: Basic``, or none where they can't be read."""
    try:
        return b64decode(basic).partition(b":")[2]
    except ValueError:
        return b""


def _authenticated(request: Any) -> AuthenticatedClient | None:
    client = request.headers.get(CLIENT)
    return client if isinstance(client, AuthenticatedClient) else None


def _peer(request: Any) -> Peer | None:
    """Return the peer certificate of oauthlib's request, whose headers are the environ.

    Raises:
        MutualTLSError: what the terminator delivered is no certificate, or contradicts itself.
    """
    return peer_certificate(dict(request.headers), mtls_settings().source)


def _only_cnf(claims: Mapping[str, object]) -> Mapping[str, object]:
    return {"cnf": claims["cnf"]} if "cnf" in claims else {}


def _refuse_token(request: Any, error: MutualTLSError) -> None:
    """Take back what OAuth Toolkit's validator has put on the request."""
    _report("token_rejected", getattr(request.client, "client_id", None), error, _peer_or_none(request))
    request.oauth2_error = {"error": "invalid_token"}
    request.client = request.user = request.access_token = None
    request.scopes = []


def _peer_or_none(request: Any) -> Peer | None:
    try:
        return _peer(request)
    except MutualTLSError:
        return None


def _report(name: Any, client_id: str | None, error: MutualTLSError, peer: Peer | None = None) -> None:
    thumbprint = peer.certificate.thumbprint if isinstance(peer, PeerCertificate) else None
    event = Event(name, client_id, thumbprint=thumbprint, reason=error.reason, detail=error.message)
    report(event, [send])
