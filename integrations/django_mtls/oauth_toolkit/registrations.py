"""Which registration an application has."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from oauth2_provider.models import get_application_model
from oauth2_provider.settings import oauth2_settings

from wsgi_mtls.clients import Client
from wsgi_mtls.errors import MutualTLSError, RefusedClient

from ..conf import mtls_settings
from .models import ApplicationRegistration


def registration_model() -> type[ApplicationRegistration]:
    """Return the model that ``MTLS["CLIENT_MODEL"]`` names.

    Raises:
        ImproperlyConfigured: If it has no applications.
    """
    model = mtls_settings().client_model
    if not issubclass(model, ApplicationRegistration):
        raise ImproperlyConfigured('MTLS["CLIENT_MODEL"] must be "django_mtls_oauth_toolkit.ApplicationRegistration".')
    return model


def is_left_to_toolkit(client_id: str) -> bool:
    """Return whether OAuth Toolkit authenticates the client of a ``client_id``.

    It does not if only a certificate authenticates the client, nor if that ``client_id`` is unknown, so that a caller
    cannot distinguish the two. The database may fold the case of a ``client_id``.
    """
    found = registration_model()._default_manager.filter(application__client_id=client_id)
    if any(registration.uses_mutual_tls for registration in found):
        return False
    return get_application_model().objects.filter(client_id=client_id).exists() or _may_be_fetched(client_id)


def _may_be_fetched(client_id: str) -> bool:
    """Return whether OAuth Toolkit may fetch a client's metadata from this URL.

    It can do so from 3.4 on.
    """
    return bool(getattr(oauth2_settings, "CIMD_ENABLED", False)) and client_id.startswith("https://")


def is_for_mutual_tls(application: object) -> bool:
    """Return whether only its certificate authenticates an application."""
    registration = _registration(application)
    return registration is not None and registration.uses_mutual_tls


def client_of(application: Any) -> Client:
    """Return the core's client for an application.

    Raises:
        RefusedClient: ``unknown_client``: If its registration is disabled.
        InvalidClientMetadata: If its registration can never authenticate.
    """
    registration = _registration(application)
    if registration is None:
        method = "none" if application.client_type == "public" else "client_secret_basic"
        return Client(client_id=application.client_id, token_endpoint_auth_method=method)
    if not registration.enabled:
        raise RefusedClient(
            f"The registration of client {application.client_id!r} is disabled.", reason="unknown_client"
        )
    return registration.to_client()


def gets_bound_tokens(application: Any) -> bool:
    """Return whether an application's tokens are bound.

    The result is True if it is disabled or unknown.
    """
    try:
        return application is None or client_of(application).tls_client_certificate_bound_access_tokens
    except MutualTLSError:
        return True


def _registration(application: object) -> ApplicationRegistration | None:
    if not isinstance(application, get_application_model()) or application.pk is None:
        return None
    return registration_model()._default_manager.filter(application=application).first()
