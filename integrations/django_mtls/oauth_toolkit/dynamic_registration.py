"""Registration and configuration of clients (RFC 7591, RFC 7592) by endpoints.

Clients of mutual TLS can use both endpoints. OAuth Toolkit, from 3.4 on, refuses their methods and drops the members of
RFC 8705.
"""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.hashers import check_password
from django.db import router, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider import views as toolkit
from oauth2_provider.models import get_application_model
from oauth2_provider.settings import oauth2_settings

from wsgi_mtls.errors import InvalidClientMetadata, InvalidToken, MutualTLSError, RefusedClient
from wsgi_mtls.registration import check_possession, without_empty
from wsgi_mtls.request.bearer import bearer_token

from ..caching import mark_private
from ..mixins import ForProgramsMixin
from ..oauth import report_refusal
from ..refusals import refusal
from ..verification import verifier
from . import applications
from .models import ApplicationRegistration, RegistrationAccess
from .protection import challenge_response
from .registered_metadata import METHODS, description, read_metadata, save
from .registering import (
    NOT_STORED,
    may_register,
    needs_certificate,
    read_object,
    registration_client_uri,
    registration_error,
    verified_certificate,
)

_NOT_IN_UPDATES = frozenset({
    "registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at",
})  # fmt: skip


class RegistrationMixin(ForProgramsMixin):
    """A mixin that also registers clients of mutual TLS.

    It comes before OAuth Toolkit's ``DynamicClientRegistrationView``.

    Attributes:
        fetches_jwks_uri: whether a ``jwks_uri`` is fetched at registration, and refused unless certificates come:
            ``as_view(fetches_jwks_uri=True)``. Each registration then takes up to ``timeout`` of ``KEY_SETS``.
    """

    fetches_jwks_uri = False

    def post(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        """Register a client.

        One of a method that is unknown here is left to OAuth Toolkit.
        """
        mark_private(request)
        given: dict[str, Any] | InvalidClientMetadata
        try:
            given = read_object(request)
            if isinstance(method := given.get("token_endpoint_auth_method"), str) and method not in METHODS:
                return super().post(request, *args, **options)  # type: ignore[misc,no-any-return]  # a view follows
        except InvalidClientMetadata as error:
            given = error  # only a party that may register learns what is wrong
        if not may_register(request):
            return _not_allowed(request)
        try:
            if isinstance(given, InvalidClientMetadata):
                raise given
            return _register(request, read_metadata(given, fetch=self.fetches_jwks_uri))
        except InvalidClientMetadata as error:
            return registration_error("invalid_client_metadata", error.message)


class ConfigurationMixin(ForProgramsMixin):
    """A mixin by which a client reads, replaces or deletes its registration.

    It comes before OAuth Toolkit's ``DynamicClientRegistrationManagementView``. A client that OAuth Toolkit itself has
    registered is left to it.

    Attributes:
        fetches_jwks_uri: whether a new ``jwks_uri`` is fetched, as at registration.
    """

    fetches_jwks_uri = False

    def dispatch(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        """Serve the client in the path, with its own registration access token."""
        client_id = options["client_id"]
        if not oauth2_settings.DCR_ENABLED:
            return super().dispatch(request, *args, **options)  # type: ignore[misc,no-any-return]  # a view follows
        self._access = None if "\0" in client_id else _access_of(client_id)
        if self._access is None and _is_left(client_id):
            return super().dispatch(request, *args, **options)  # type: ignore[misc,no-any-return]  # a view follows
        mark_private(request)
        try:
            token = bearer_token(request.META)
            if self._access is None or not self._access.is_token(token):
                raise InvalidToken("The token is not the registration access token of this client.")
        except MutualTLSError as error:
            report_refusal(request, error)
            return challenge_response(error)
        self._token = token
        response: HttpResponseBase = super().dispatch(request, *args, **options)  # type: ignore[misc]
        return response

    def get(self, request: HttpRequest, client_id: str, *args: Any, **options: Any) -> HttpResponseBase:
        """Return what is registered."""
        if self._access is None:
            return super().get(request, client_id, *args, **options)  # type: ignore[misc,no-any-return]
        return _told(request, self._access, self._token)

    def put(self, request: HttpRequest, client_id: str, *args: Any, **options: Any) -> HttpResponseBase:
        """Replace a registration (RFC 7592 section 2.2).

        Members that are missing, null or empty are gone.
        """
        if self._access is None:
            return super().put(request, client_id, *args, **options)  # type: ignore[misc,no-any-return]
        if _is_linked(self._access):
            return registration_error("access_denied", "An administrator has linked a user to this client.", 403)
        try:
            given = without_empty(read_object(request))
            if problem := _unfit_update(given, self._access.application):
                return registration_error("invalid_request", problem)
            return _replace(request, self._access, self._token, read_metadata(given, fetch=self.fetches_jwks_uri))
        except InvalidClientMetadata as error:
            return registration_error("invalid_client_metadata", error.message)
        except MutualTLSError as error:
            report_refusal(request, error, client_id)
            return refusal(request, error)

    def delete(self, request: HttpRequest, client_id: str, *args: Any, **options: Any) -> HttpResponseBase:
        """Delete the client with its tokens, unless a user is linked to its registration."""
        if self._access is None:
            return super().delete(request, client_id, *args, **options)  # type: ignore[misc,no-any-return]
        if _is_linked(self._access):
            return registration_error("access_denied", "An administrator has linked a user to this client.", 403)
        self._access.application.delete()
        return HttpResponse(status=204, headers=NOT_STORED)


def _register(request: HttpRequest, metadata: dict[str, Any]) -> HttpResponseBase:
    by_certificate = needs_certificate()
    if by_certificate:
        check_possession(metadata, verified_certificate(request), verifier())
    model = get_application_model()
    user = getattr(request, "user", None)
    owner = user if user is not None and user.is_authenticated else None
    application = model(user=owner, registration_source=model.RegistrationSource.DCR)
    with transaction.atomic(using=router.db_for_write(get_application_model())):
        secret = save(application, ApplicationRegistration(), metadata)
        access = RegistrationAccess(application=application, by_certificate=by_certificate)
        token = access.new_token()
    return _told(request, access, token, secret, 201)


def _replace(
    request: HttpRequest, access: RegistrationAccess, token: str, metadata: dict[str, Any]
) -> HttpResponseBase:
    if access.by_certificate:
        check_possession(metadata, verified_certificate(request), verifier())
    with transaction.atomic(using=router.db_for_write(get_application_model())):
        secret = save(access.application, access.application.mtls_registration, metadata)
        if oauth2_settings.DCR_ROTATE_REGISTRATION_TOKEN_ON_UPDATE:
            token = access.new_token()
    return _told(request, access, token, secret)


def _told(
    request: HttpRequest, access: RegistrationAccess, token: str, secret: str | None = None, status: int = 200
) -> JsonResponse:
    application = access.application
    uri = registration_client_uri(request, application.client_id, by_certificate=access.by_certificate)
    answer: dict[str, Any] = {
        **description(application, application.mtls_registration),
        "client_id_issued_at": int(application.created.timestamp()),
        "registration_access_token": token,
        "registration_client_uri": uri,
    }
    if secret is not None:
        answer |= {"client_secret": secret, "client_secret_expires_at": 0}
    return JsonResponse(answer, status=status, headers=NOT_STORED)


def _unfit_update(given: dict[str, Any], application: Any) -> str | None:
    """Return what RFC 7592 section 2.2 forbids in an update, or None."""
    if given.get("client_id") != application.client_id:
        return "client_id must be the client's own."
    if sent := sorted(_NOT_IN_UPDATES & given.keys()):
        return f"{sent[0]} must be left out of an update."
    secret = given.get("client_secret")
    if secret is not None and not (isinstance(secret, str) and check_password(secret, application.client_secret)):
        return "client_secret must be the one that was issued."
    return None


def _access_of(client_id: str) -> RegistrationAccess | None:
    """Return the access to the registration of a client, unless that is disabled."""
    found = RegistrationAccess.objects.select_related("application").filter(application__client_id=client_id).first()
    if found is None or found.application.client_id != client_id:  # what the database takes for it
        return None
    registration = ApplicationRegistration.objects.filter(application=found.application, enabled=True).first()
    return None if registration is None else found


def _is_left(client_id: str) -> bool:
    """Return whether OAuth Toolkit's own endpoint has registered a client."""
    model = get_application_model()
    of_toolkit = model.objects.filter(client_id=client_id, registration_source=model.RegistrationSource.DCR)
    return "\0" not in client_id and bool(of_toolkit.filter(mtls_registration_access=None).exists())


def _is_linked(access: RegistrationAccess) -> bool:
    return access.application.mtls_registration.user_id is not None


def _not_allowed(request: HttpRequest) -> HttpResponseBase:
    """Refuse a registration without a challenge.

    Only the project's permission classes know a scheme.
    """
    if needs_certificate():
        return refusal(request, RefusedClient("No certificate may register a client.", reason="no_certificate"))
    return registration_error("access_denied", "This request may not register a client.", 403)


if hasattr(toolkit, "DynamicClientRegistrationView"):

    class DynamicClientRegistrationView(RegistrationMixin, toolkit.DynamicClientRegistrationView):  # type: ignore[misc]  # it has no types
        """The registration endpoint."""

    # dispatch is another one here, so that the parents' decorators must be repeated.
    @method_decorator(csrf_exempt, name="dispatch")
    @method_decorator(login_not_required, name="dispatch")
    class ClientConfigurationView(ConfigurationMixin, applications.RegistrationManagementView):
        """The client configuration endpoint."""
