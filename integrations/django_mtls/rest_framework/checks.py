"""System checks: a missing backend, and missing middleware."""

from collections.abc import Iterator
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from rest_framework.settings import api_settings

from ..backends import ClientCertificateBackend
from ..middleware import ClientCertificateMiddleware
from ..project import has_backend, middleware_position, routed_views_with_options
from .authentication import BoundTokenAuthentication, ClientCertificateAuthentication


@register(Tags.security)
def check_authentication(**_: Any) -> list[CheckMessage]:
    """Report a missing backend (``E001``) or middleware (``W001``).

    They are needed where a view has our classes.
    """
    used = tuple(_authentication_classes())
    found: list[CheckMessage] = []
    if _any_is(used, ClientCertificateAuthentication) and not has_backend(ClientCertificateBackend):
        message = "ClientCertificateAuthentication authenticates no user: ClientCertificateBackend is missing."
        hint = 'Add "django_mtls.backends.ClientCertificateBackend" to AUTHENTICATION_BACKENDS.'
        found.append(Error(message, hint=hint, id="django_mtls_rest_framework.E001"))
    ours = (ClientCertificateAuthentication, BoundTokenAuthentication)
    if _any_is(used, ours) and middleware_position(ClientCertificateMiddleware) is None:
        message = "Without ClientCertificateMiddleware other middleware and views see the headers that anyone forges."
        hint = 'Put "django_mtls.middleware.ClientCertificateMiddleware" first in MIDDLEWARE.'
        found.append(checks.Warning(message, hint=hint, id="django_mtls_rest_framework.W001"))
    return found


def _authentication_classes() -> Iterator[Any]:
    yield from api_settings.DEFAULT_AUTHENTICATION_CLASSES or ()
    for view, options in routed_views_with_options():
        named = options.get("authentication_classes", getattr(view, "authentication_classes", None))
        if isinstance(named, list | tuple):  # a property's can't be known before there is a request
            yield from named


def _any_is(used: tuple[Any, ...], kinds: Any) -> bool:
    return any(isinstance(found, type) and issubclass(found, kinds) for found in used)
