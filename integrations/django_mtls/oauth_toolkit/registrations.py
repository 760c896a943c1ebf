"""Which registration an application has."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from oauth2_provider.models import get_application_model

from wsgi_mtls.clients import Client
from wsgi_mtls.errors import UnknownClient

from ..conf import mtls_settings
from .models import ApplicationRegistration


def registration_model() -> type[ApplicationRegistration]:
    """Return the model that ``MTLS["CLIENT_MODEL"]`` names.

    Raises:
        ImproperlyConfigured: it has no applications.
    """
    model = mtls_settings().client_model
    if not issubclass(model, ApplicationRegistration):
        raise ImproperlyConfigured('MTLS["CLIENT_MODEL"] must be "django_mtls_oauth_toolkit.ApplicationRegistration".')
    return model


def is_named_for_mutual_tls(client_id: str) -> bool:
    """Tell whether a ``client_id`` is, or is taken by the database for, one that only its certificate authenticates."""
    found = registration_model()._default_manager.filter(application__client_id=client_id)
    return any(registration.uses_mutual_tls for registration in found)


def is_for_mutual_tls(application: object) -> bool:
    """Tell whether only its certificate authenticates an application."""
    registration = _registration(application)
    return registration is not None and registration.uses_mutual_tls


def client_of(application: Any) -> Client:
    """Return an application as the core knows clients.

    Raises:
        UnknownClient: its registration is disabled.
        InvalidClientMetadata: its registration can never authenticate.
    """
    registration = _registration(application)
    if registration is None:
        method = "none" if application.client_type == "public" else "client_secret_basic"
        return Client(client_id=application.client_id, token_endpoint_auth_method=method)
    if not registration.enabled:
        raise UnknownClient(f"The registration of client {application.client_id!r} is disabled.")
    return registration.to_client()


def _registration(application: object) -> ApplicationRegistration | None:
    if not isinstance(application, get_application_model()) or application.pk is None:
        return None
    return registration_model()._default_manager.filter(application=application).first()
