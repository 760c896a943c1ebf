"""System checks: what can be known to be wrong before the first request."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth import load_backend
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, router
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.module_loading import import_string

from wsgi_mtls.errors import InvalidClientMetadata

from .conf import InvalidSetting, invalid_settings, mtls_settings
from .models import AbstractRegisteredClient


@register(Tags.security)
def check_settings(**_: Any) -> list[CheckMessage]:
    """Report what is wrong with ``MTLS``: ``E001`` unknown key, ``E002`` and ``E003`` source, ``E004`` other values."""
    given = getattr(settings, "MTLS", {})
    found: list[CheckMessage] = [Error(str(problem), id=problem.id) for problem in invalid_settings(given)]
    if not found and mtls_settings().verbosity == "debug" and not settings.DEBUG:
        found.append(
            checks.Warning(
                'MTLS["VERBOSITY"] is "debug" with DEBUG=False.',
                hint="It tells callers which clients exist and why each was refused; use normal.",
                id="django_mtls.W001",
            )
        )
    return found


@register(Tags.security)
def check_middleware(**_: Any) -> list[CheckMessage]:
    """Report middleware that is missing or in the wrong order (``E005``), and a missing backend (``E006``)."""
    from .middleware import ClientCertificateLoginMiddleware, ClientCertificateMiddleware

    certificate = _position(ClientCertificateMiddleware)
    login = _position(ClientCertificateLoginMiddleware)
    backend = _has_backend()
    found: list[CheckMessage] = []
    if login is not None:
        found += [*_order(certificate, login), *_login(backend)]
    elif backend:
        found.append(
            checks.Warning(
                "ClientCertificateBackend without ClientCertificateLoginMiddleware: nobody is logged out when the "
                "certificate is gone.",
                hint="Add django_mtls.middleware.ClientCertificateLoginMiddleware after AuthenticationMiddleware.",
                id="django_mtls.W002",
            )
        )
    if certificate:
        found.append(
            checks.Warning(
                "Middleware before ClientCertificateMiddleware sees forged headers, since they are not stripped yet.",
                hint="Put ClientCertificateMiddleware first in MIDDLEWARE.",
                id="django_mtls.W003",
            )
        )
    return found


@register(Tags.database)
def check_clients(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Report registered clients that can never authenticate (``E007``); with ``migrate`` and ``check --database``."""
    try:
        model = mtls_settings().client_model
    except InvalidSetting:
        return []  # reported above
    using = router.db_for_read(model)
    if using not in (databases or ()):
        return []
    try:
        return [*_impossible(model._default_manager.using(using).filter(enabled=True))]
    except DatabaseError:
        return []  # not migrated yet


def _impossible(records: Iterable[AbstractRegisteredClient]) -> Iterable[CheckMessage]:
    for record in records:
        try:
            record.to_client()
        except InvalidClientMetadata as error:
            hint = "Correct or disable it in the admin."
            yield Error(f"This registered client can never authenticate. {error}", hint=hint, id="django_mtls.E007")


def _order(certificate: int | None, login: int) -> list[CheckMessage]:
    authentication = _position(AuthenticationMiddleware)
    wrong = []
    if certificate is None or certificate > login:
        wrong.append("ClientCertificateMiddleware must stand before ClientCertificateLoginMiddleware.")
    if authentication is None or authentication > login:
        wrong.append("AuthenticationMiddleware must stand before ClientCertificateLoginMiddleware.")
    if _position(CsrfViewMiddleware) is None:
        wrong.append("CsrfViewMiddleware is missing; a browser sends a certificate unasked, as it does a cookie.")
    return [Error(message, hint="Correct the order of MIDDLEWARE.", id="django_mtls.E005") for message in wrong]


def _login(backend: bool) -> list[CheckMessage]:
    if backend:
        return []
    hint = 'Add "django_mtls.backends.ClientCertificateBackend" to AUTHENTICATION_BACKENDS.'
    message = "ClientCertificateLoginMiddleware logs nobody in: ClientCertificateBackend is missing."
    return [Error(message, hint=hint, id="django_mtls.E006")]


def _position(wanted: type) -> int | None:
    for position, path in enumerate(settings.MIDDLEWARE):
        try:
            middleware = import_string(path)
        except ImportError:
            continue  # Django itself reports it
        if isinstance(middleware, type) and issubclass(middleware, wanted):
            return position
    return None


def _has_backend() -> bool:
    from .backends import ClientCertificateBackend

    return any(isinstance(load_backend(path), ClientCertificateBackend) for path in settings.AUTHENTICATION_BACKENDS)
