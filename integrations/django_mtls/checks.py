"""System checks: what can be known to be wrong before the first request."""

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections, models, router, transaction
from django.db.models import QuerySet
from django.middleware.cache import FetchFromCacheMiddleware, UpdateCacheMiddleware
from django.middleware.csrf import CsrfViewMiddleware

from wsgi_mtls.config import (
    NEVER_VERIFIES,
    PARTIAL_CHAINS,
    UNSHARED_PROOFS,
    accepts_both_by_partial_chains,
    never_verifies,
)
from wsgi_mtls.errors import InvalidClientMetadata
from wsgi_mtls.impossible import why_never

from .clients.search import search_keys
from .conf import InvalidSetting, MTLSSettings, invalid_settings, mtls_settings
from .models import AbstractRegisteredClient
from .project import all_are_of, has_backend, middleware_position
from .verification import verifier


@register(Tags.security)
def check_settings(**_: Any) -> list[CheckMessage]:
    """Report what is wrong in ``MTLS``, and what is risky.

    The ids are ``E001`` … ``E004``, ``E008`` and, for risks, ``W001``, …
    """
    problems = invalid_settings(getattr(settings, "MTLS", {}))
    found: list[CheckMessage] = [Error(str(problem), id=problem.id) for problem in problems]
    if found:
        return found
    read = mtls_settings()
    return (_username_field() if read.username_from is not None else []) + _risks(read)


def _risks(read: MTLSSettings) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if read.verbosity == "debug" and not settings.DEBUG:
        message = 'MTLS["VERBOSITY"] is "debug" with DEBUG=False.'
        hint = "Callers learn which clients exist and why each was refused; use normal."
        found.append(checks.Warning(message, hint=hint, id="django_mtls.W001"))
    if accepts_both_by_partial_chains(read):
        hint = 'If no self-signed client\'s certificate is in the CA file, silence "django_mtls.W004".'
        found.append(checks.Warning(f'MTLS["ALLOWED_METHODS"] {PARTIAL_CHAINS}', hint=hint, id="django_mtls.W004"))
    if read.dpop is not None and not read.dpop.is_shared:
        hint = 'If one process serves, give it MemoryStore(evicts=False), or silence "django_mtls.W006".'
        found.append(checks.Warning(f'MTLS["DPOP"] {UNSHARED_PROOFS}', hint=hint, id="django_mtls.W006"))
    if _refuses_all_chains(read):
        found.append(checks.Warning(f'MTLS["SOURCE"] {NEVER_VERIFIES}', id="django_mtls.W008"))
    return found


def _refuses_all_chains(read: MTLSSettings) -> bool:
    """Return whether something needs a validated chain, but nothing validates one."""
    needed = "tls_client_auth" in read.allowed_methods or read.username_from is not None
    return needed and read.trust is None and never_verifies(read.source)


def _username_field() -> list[CheckMessage]:
    """Report a user model whose names are not texts (``E008``).

    Certificates have only texts.
    """
    model: Any = get_user_model()
    field = model._meta.get_field(model.USERNAME_FIELD)
    if isinstance(field, models.CharField | models.TextField):
        return []
    message = f'MTLS["USERNAME_FROM"] finds no user: {model._meta.label}.{field.name} is not a text.'
    hint = "Register the users' certificates and remove USERNAME_FROM, or make USERNAME_FIELD a field of text."
    return [Error(message, hint=hint, id="django_mtls.E008")]


@register(Tags.security)
def check_middleware(**_: Any) -> list[CheckMessage]:
    """Report missing or misplaced middleware, or a missing backend.

    The ids are ``E005`` and ``E009`` for the middleware, and ``E006`` for the backend.
    """
    from .backends import ClientCertificateBackend
    from .middleware import ClientCertificateLoginMiddleware, ClientCertificateMiddleware

    certificate = middleware_position(ClientCertificateMiddleware)
    login = middleware_position(ClientCertificateLoginMiddleware)
    backend = has_backend(ClientCertificateBackend)
    found: list[CheckMessage] = [*_order(certificate, login)]
    if login is not None:
        found += _login(backend)
    elif backend:
        found.append(_without_login())
    if certificate and not all_are_of(settings.MIDDLEWARE[:certificate], UpdateCacheMiddleware):
        found.append(
            checks.Warning(
                "Middleware before ClientCertificateMiddleware sees forged headers, since they are not stripped yet.",
                hint="Put ClientCertificateMiddleware first in MIDDLEWARE; only UpdateCacheMiddleware may come before.",
                id="django_mtls.W003",
            )
        )
    return found


@register(Tags.database)
def check_clients(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Report clients that can never authenticate (``E007``) or be found (``W007``).

    The check runs with ``check --database``. As a warning: an error would stop ``migrate``, maybe the one after which
    the client can be corrected.
    """
    return _clients(databases or (), checks.Warning)


@register(Tags.security, deploy=True)
def check_clients_for_deployment(**_: Any) -> list[CheckMessage]:
    """Report clients that can never authenticate, as errors.

    The check runs with ``check --deploy``, but not at each start, which has no database.
    """
    return _clients(connections, Error)


def _clients(databases: Iterable[str], kind: type[CheckMessage]) -> list[CheckMessage]:
    try:
        model = mtls_settings().client_model
    except InvalidSetting:
        return []  # reported above
    using = router.db_for_read(model)
    if using not in set(databases):
        return []
    try:
        with transaction.atomic(using):
            impossible = [*_impossible(model._default_manager.using(using).filter(enabled=True), kind)]
            return impossible + _stale(model._base_manager.using(using).prefetch_related("search_keys"))
    except (DatabaseError, ImproperlyConfigured):
        return []  # not migrated yet, out of reach, or there is none


def _impossible(records: Iterable[AbstractRegisteredClient], kind: Any) -> Iterable[CheckMessage]:
    for record in records:
        hint = "Correct or disable it in the admin."
        try:
            client = record.to_client()
        except InvalidClientMetadata as error:
            problem = str(error)
        else:
            yield from map(_doubtful, client.warnings, repeat(client.client_id))
            found = why_never(client, verifier())
            if found is None:
                continue
            problem, hint = found, 'Correct it in the admin, or change MTLS, for example ["KEY_SETS"] for a jwks_uri.'
        yield kind(f"This registered client can never authenticate. {problem}", hint=hint, id="django_mtls.E007")


def _stale(records: QuerySet[AbstractRegisteredClient]) -> list[CheckMessage]:
    """Report registrations that their certificates do not find (``W007``).

    Disabled ones are included.
    """
    stale = []
    for record in records.iterator(chunk_size=500):
        held = {(key.digest, key.scope) for key in record.search_keys.all()}
        if held != search_keys(record):
            stale.append(record.client_id)
    if not stale:
        return []
    named = ", ".join(map(repr, stale[:5])) + (", …" if len(stale) > 5 else "")
    message = (
        f"{len(stale)} registrations are not found by their certificates: {named}. They were written past save(), or "
        "by a release that compared names otherwise."
    )
    hint = "Run manage.py mtls_search_keys."
    return [checks.Warning(message, hint=hint, id="django_mtls.W007")]


def _doubtful(reason: str, client_id: str) -> CheckMessage:
    hint = 'Correct it in the admin; if it is meant so, silence "django_mtls.W005".'
    return checks.Warning(f"Client {client_id!r}: {reason}", hint=hint, id="django_mtls.W005")


def _order(certificate: int | None, login: int | None) -> list[CheckMessage]:
    wrong: list[str] = []
    if login is not None:
        wrong += [*_login_order(certificate, login), *_cache_order(login, "ClientCertificateLoginMiddleware")]
    elif certificate is not None:
        wrong += _cache_order(certificate, "ClientCertificateMiddleware")
    return [Error(message, hint="Correct the order of MIDDLEWARE.", id="django_mtls.E005") for message in wrong]


def _login_order(certificate: int | None, login: int) -> list[str]:
    authentication = middleware_position(AuthenticationMiddleware)
    wrong = []
    if certificate is None or certificate > login:
        wrong.append("ClientCertificateMiddleware must come before ClientCertificateLoginMiddleware.")
    if authentication is None or authentication > login:
        wrong.append("AuthenticationMiddleware must come before ClientCertificateLoginMiddleware.")
    if middleware_position(CsrfViewMiddleware) is None:
        wrong.append("CsrfViewMiddleware is missing; a browser sends a certificate unasked, as it does a cookie.")
    return wrong


def _cache_order(ours: int, name: str) -> list[str]:
    """Report a site's cache in the wrong place.

    It fetches pages before the certificate is known, or keeps them too early.
    """
    fetching, updating = middleware_position(FetchFromCacheMiddleware), middleware_position(UpdateCacheMiddleware)
    wrong = []
    if fetching is not None and fetching < ours:
        wrong.append(f"{name} must come before FetchFromCacheMiddleware.")
    if updating is not None and updating > ours:
        wrong.append(f"UpdateCacheMiddleware must come before {name}.")
    return wrong


def _without_login() -> CheckMessage:
    """Report logins without a user; REST framework alone needs no login middleware."""
    message = (
        "ClientCertificateBackend without ClientCertificateLoginMiddleware: a session that login() makes with a "
        "certificate has no user at the next request, since only that middleware compares it with the certificate."
    )
    middleware = "Add django_mtls.middleware.ClientCertificateLoginMiddleware right after AuthenticationMiddleware."
    if not apps.is_installed("rest_framework"):
        return Error(message, hint=middleware, id="django_mtls.E009")
    message += (
        " If users log in to pages, add the middleware to MIDDLEWARE. If only REST framework's"
        " ClientCertificateAuthentication uses the backend, no session is made: silence this check."
    )
    hint = f'{middleware} Or: SILENCED_SYSTEM_CHECKS = ["django_mtls.W002"].'
    return checks.Warning(message, hint=hint, id="django_mtls.W002")


def _login(backend: bool) -> list[CheckMessage]:
    if backend:
        return []
    hint = 'Add "django_mtls.backends.ClientCertificateBackend" to AUTHENTICATION_BACKENDS.'
    message = "ClientCertificateLoginMiddleware logs no user in: ClientCertificateBackend is missing."
    return [Error(message, hint=hint, id="django_mtls.E006")]
