"""System checks for settings that are unsafe, or would refuse every client.

Unsafe ones would accept a bound token or a blank secret unchecked.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import oauth2_provider
from django.contrib.auth.hashers import check_password, identify_hasher
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections, router, transaction
from django.db.models import Q
from oauth2_provider import views as toolkit
from oauth2_provider.models import get_application_model
from oauth2_provider.settings import oauth2_settings

from wsgi_mtls.clients import AUTH_METHODS
from wsgi_mtls.errors import InvalidServerMetadata

from ..conf import InvalidSetting
from ..middleware import ClientCertificateMiddleware
from ..project import middleware_position, routed_views
from .introspection import check_setting
from .metadata import mtls_base
from .registrations import registration_model
from .releases import KNOWN, is_known

_PUSHED = "PushedAuthorizationRequestView"
MAX_HASHES = 100
"""How many hashed secrets are tried for the blank one, newest first: each takes as long as a login."""


@register(Tags.security)
def check_settings(**_: Any) -> list[CheckMessage]:
    """Report settings that bypass mutual TLS, or cannot be used.

    ``E001`` is the model, ``E002`` the validator, ``E003`` the backend, ``E004`` the base, ``E006`` introspection.
    """
    from .backends import MutualTLSOAuthLibCore
    from .validators import MutualTLSValidatorMixin

    found: list[CheckMessage] = []
    try:
        registration_model()
    except InvalidSetting:
        pass  # django_mtls reports it
    except ImproperlyConfigured as error:
        found.append(_error("E001", str(error), "Without it no application is registered for mutual TLS."))
    if not issubclass(oauth2_settings.OAUTH2_VALIDATOR_CLASS, MutualTLSValidatorMixin):
        message = 'OAUTH2_PROVIDER["OAUTH2_VALIDATOR_CLASS"] has no MutualTLSValidatorMixin: no token is bound.'
        found.append(_error("E002", message, 'Use "django_mtls.oauth_toolkit.validators.MutualTLSValidator".'))
    if not issubclass(oauth2_settings.OAUTH2_BACKEND_CLASS, MutualTLSOAuthLibCore):
        message = 'OAUTH2_PROVIDER["OAUTH2_BACKEND_CLASS"] authenticates no client by certificate.'
        found.append(_error("E003", message, 'Use "django_mtls.oauth_toolkit.backends.MutualTLSOAuthLibCore".'))
    try:
        mtls_base()
    except InvalidServerMetadata as error:
        message = f'OAUTH2_PROVIDER["MTLS_BASE"]: {error}'
        found.append(_error("E004", message, "Write where clients reach the server with mutual TLS, or nothing."))
    try:
        check_setting()
    except ImproperlyConfigured as error:
        message = f'OAUTH2_PROVIDER["MTLS_INTROSPECTION"]: {error}'
        found.append(
            _error("E006", message, 'Write {"the client that asks": ["a client whose tokens it asks about"]}.')
        )
    return found


@register(Tags.urls)
def check_urls(**_: Any) -> list[CheckMessage]:
    """Report OAuth Toolkit's own views (``E005``), also if ours are routed.

    Its introspection view does not report what tokens are bound to, its token view reports the state of a device code
    before it knows the client, and its view of pushed requests (RFC 9126) refuses clients of mutual TLS. Its view
    to delete an application also deletes a registration that keeps a user's lost card out.
    """
    from . import pushed_authorization
    from .applications import ApplicationDelete
    from .views import IntrospectTokenView, TokenView

    ours: dict[Any, Any] = {
        toolkit.IntrospectTokenView: IntrospectTokenView,
        toolkit.TokenView: TokenView,
        toolkit.ApplicationDelete: ApplicationDelete,
    }
    if hasattr(toolkit, _PUSHED):
        ours[getattr(toolkit, _PUSHED)] = pushed_authorization.PushedAuthorizationMixin
    found = {
        view
        for view in routed_views()
        for theirs, our in ours.items()
        if issubclass(view, theirs) and not issubclass(view, our)
    }
    hint = 'Include "django_mtls.oauth_toolkit.urls" instead of "oauth2_provider.urls", or derive the view from ours.'
    names = sorted(f"{view.__module__}.{view.__qualname__}" for view in found)
    return [_error("E005", f"A URL leads to {name}, which knows nothing of mutual TLS.", hint) for name in names]


@register(Tags.security)
def check_middleware(**_: Any) -> list[CheckMessage]:
    """Report that ``ClientCertificateMiddleware`` is missing (``W002``)."""
    if middleware_position(ClientCertificateMiddleware) is not None:
        return []
    message = "Without ClientCertificateMiddleware other middleware and views see the headers that anyone forges."
    hint = 'Put "django_mtls.middleware.ClientCertificateMiddleware" first in MIDDLEWARE.'
    return [checks.Warning(message, hint=hint, id="django_mtls_oauth_toolkit.W002")]


@register(Tags.compatibility)
def check_release(**_: Any) -> list[CheckMessage]:
    """Report an unknown release of OAuth Toolkit (``W003``).

    An incompatible one ends the start.
    """
    if is_known(oauth2_provider.__version__):
        return []
    message = f"OAuth Toolkit {oauth2_provider.__version__} is not known here; {KNOWN[0]} to {KNOWN[-1]} are."
    hint = "Run your own tests, or look for a newer wsgi-mtls."
    return [checks.Warning(message, hint=hint, id="django_mtls_oauth_toolkit.W003")]


@register(Tags.database)
def check_secrets(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Report applications with a blank plain secret (``W001``).

    The check runs with ``check --database``. In OAuth Toolkit such applications authenticate with no credential at all;
    here they can't authenticate. A public one needs no secret, but for ``client_credentials``, which it does not get
    here.
    """
    return _secrets(databases or (), _blank)


@register(Tags.security, deploy=True)
def check_hashed_secrets(**_: Any) -> list[CheckMessage]:
    """Also report applications with a hashed blank secret.

    The check is slow, and runs with ``check --deploy`` only.
    """
    return _secrets(connections, lambda applications: chain(_blank(applications), _hashed(applications)))


def _secrets(databases: Iterable[str], find: Callable[[Any], Iterable[Any]]) -> list[CheckMessage]:
    model: Any = get_application_model()
    using = router.db_for_read(model)
    if using not in set(databases):
        return []
    try:
        with transaction.atomic(using):
            return [
                checks.Warning(
                    f"Application {application.client_id!r} is {application.client_type} and has a blank secret.",
                    hint="Register it for mutual TLS, or make it confidential with a secret of its own.",
                    id="django_mtls_oauth_toolkit.W001",
                )
                for application in find(_of_secrets(model._default_manager.using(using)))
            ]
    except (DatabaseError, ImproperlyConfigured):
        return []  # not migrated yet, out of reach, or reported above


def _of_secrets(applications: Any) -> Any:
    """Return the applications that a secret authenticates."""
    of_mutual_tls = registration_model()._default_manager.filter(token_endpoint_auth_method__in=AUTH_METHODS)
    matters = Q(client_type="confidential") | Q(authorization_grant_type="client-credentials")
    return applications.filter(matters).order_by("-pk").exclude(pk__in=of_mutual_tls.values("application_id"))


def _blank(applications: Any) -> Any:
    return applications.filter(client_secret="")


def _hashed(applications: Any) -> Iterator[Any]:
    for application in islice(applications.exclude(client_secret=""), MAX_HASHES):
        if _is_hash_of_nothing(application.client_secret):
            yield application


def _is_hash_of_nothing(secret: str) -> bool:
    try:
        identify_hasher(secret)
    except ValueError:
        return False
    return check_password("", secret)


def _error(check_id: str, message: str, hint: str) -> CheckMessage:
    return Error(message, hint=hint, id=f"django_mtls_oauth_toolkit.{check_id}")
