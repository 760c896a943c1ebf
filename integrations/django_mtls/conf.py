"""The setting ``MTLS``: one dict, read when it is needed and checked whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from wsgi_mtls.settings import SETTINGS, Settings, read_settings
from wsgi_mtls.settings import invalid_settings as core_invalid_settings
from wsgi_mtls.sources import check_delivers_certificate

from .users.usernames import USERNAME_FROM, UsernameFrom

if TYPE_CHECKING:
    from .models import AbstractRegisteredClient


class InvalidSetting(ImproperlyConfigured):
    """A key of ``MTLS`` has a value that it can't have; the message names it and the remedy.

    Attributes:
        key: the key.
        id: of the system check that reports it.
    """

    def __init__(self, key: str, message: str, check_id: str) -> None:
        super().__init__(f'MTLS["{key}"] {message}' if key else f"MTLS {message}")
        self.key = key
        self.id = check_id


@dataclass(frozen=True, slots=True, kw_only=True)
class MTLSSettings(Settings):
    """What ``MTLS`` says; each key is the attribute's name in upper case.

    :data:`wsgi_mtls.settings.SETTINGS` has those that every adapter has; ``SOURCE`` and ``TOKENS`` may be dotted paths.

    Attributes:
        username_from: which name of a certificate is the user's: ``"subject_cn"``, ``"san_email"``, ``"san_dns"``,
            ``"san_uri"``, … (:mod:`.users.usernames`), a callable or its dotted path. None (the default): only
            registered certificates log in.
        create_unknown_users: whether a user is made for a name that nobody has. It gets no rights. Default: False.
        use_session: whether the login middleware logs in to a session, instead of for each request. Default: False.
        client_model: the model of the registered clients. Default: ``"django_mtls.RegisteredClient"``.
    """

    username_from: UsernameFrom | None
    create_unknown_users: bool
    use_session: bool
    client_model: "type[AbstractRegisteredClient]"


@lru_cache(maxsize=1)
def mtls_settings() -> MTLSSettings:
    """Return what ``settings.MTLS`` says now; ``override_settings`` works.

    Raises:
        InvalidSetting: the first thing that is wrong with it.
    """
    given = getattr(settings, "MTLS", {})
    for problem in invalid_settings(given):
        raise problem
    shared = read_settings(_imported(given))
    own = {key.lower(): reader(given) for key, reader in _READERS.items()}
    return MTLSSettings(**{field.name: getattr(shared, field.name) for field in fields(shared)}, **own)


def invalid_settings(given: object) -> list[InvalidSetting]:
    """Return all that is wrong with ``MTLS``."""
    if not isinstance(given, Mapping):
        return [InvalidSetting("", f"is {given!r}: write a dict.", "django_mtls.E001")]
    problems = [_unknown(key) for key in given if key not in KEYS]
    for reader in _READERS.values():
        try:
            reader(given)
        except InvalidSetting as problem:
            problems.append(problem)
    try:
        imported = _imported(given)
    except InvalidSetting as problem:
        return [*problems, problem]
    shared = core_invalid_settings(imported)
    problems += (InvalidSetting(p.name, p.problem, _IDS.get(p.name, "django_mtls.E004")) for p in shared)
    return problems or _misfits(imported)


def _misfits(imported: Mapping[str, Any]) -> list[InvalidSetting]:
    """Return what is wrong with settings that are good by themselves, and not together."""
    if imported.get("USERNAME_FROM") is None:
        return []
    if callable(imported.get("TRUST")):
        message = "is a function of the client, and USERNAME_FROM needs certificates without one: give a TrustStore."
        return [InvalidSetting("TRUST", message, "django_mtls.E004")]
    try:
        check_delivers_certificate(read_settings(imported).source)
    except ValueError:
        message = "forwards a name and no certificate, from which USERNAME_FROM could take one: remove either."
        return [InvalidSetting("SOURCE", message, "django_mtls.E002")]
    return []


def _imported(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that every adapter has, with what is a dotted path imported."""
    paths = {key: value for key, value in given.items() if isinstance(value, str)}
    imported = {
        key: _import(key, path) for key, path in paths.items() if key == "TOKENS" or (key == "SOURCE" and "." in path)
    }
    return {**given, **imported}


def _unknown(key: object) -> InvalidSetting:
    near = get_close_matches(str(key), KEYS, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(sorted(KEYS))}."
    return InvalidSetting(str(key), f"is not a key: {remedy}", "django_mtls.E001")


def _username_from(given: Mapping[str, Any]) -> UsernameFrom | None:
    value = given.get("USERNAME_FROM")
    if isinstance(value, str) and value in USERNAME_FROM:
        return USERNAME_FROM[value]
    if isinstance(value, str) and "." in value:
        value = _import("USERNAME_FROM", value)
    if value is None or callable(value):
        return cast("UsernameFrom | None", value)
    message = f"is {value!r}: use one of {', '.join(USERNAME_FROM)}, a callable or its dotted path."
    raise InvalidSetting("USERNAME_FROM", message, "django_mtls.E004")


def _flag(key: str) -> Callable[[Mapping[str, Any]], bool]:
    def read_flag(given: Mapping[str, Any]) -> bool:
        value = given.get(key, False)
        if not isinstance(value, bool):
            raise InvalidSetting(key, f"is {value!r}: write True or False.", "django_mtls.E004")
        return value

    return read_flag


def _client_model(given: Mapping[str, Any]) -> "type[AbstractRegisteredClient]":
    from .models import AbstractRegisteredClient  # after the apps are loaded

    name = given.get("CLIENT_MODEL", "django_mtls.RegisteredClient")
    try:
        model = apps.get_model(name, require_ready=False)
    except (LookupError, ValueError, AttributeError) as error:
        raise InvalidSetting(
            "CLIENT_MODEL", f"is {name!r}: {error}; write app_label.Model.", "django_mtls.E004"
        ) from None
    if not issubclass(model, AbstractRegisteredClient):
        raise InvalidSetting("CLIENT_MODEL", f"is {name!r}, no AbstractRegisteredClient.", "django_mtls.E004")
    return model


def _import(key: str, path: str) -> object:
    try:
        imported: object = import_string(path)
    except ImportError as error:
        raise InvalidSetting(key, f"is {path!r}: {error}.", _IDS.get(key, "django_mtls.E004")) from error
    return imported


_IDS = {"SOURCE": "django_mtls.E002", "TRUSTED_PROXIES": "django_mtls.E003"}
_READERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "USERNAME_FROM": _username_from,
    "CREATE_UNKNOWN_USERS": _flag("CREATE_UNKNOWN_USERS"),
    "USE_SESSION": _flag("USE_SESSION"),
    "CLIENT_MODEL": _client_model,
}
KEYS = frozenset(_READERS) | SETTINGS.keys()


def _forget(*, setting: str, **_: object) -> None:
    if setting == "MTLS":
        mtls_settings.cache_clear()


setting_changed.connect(_forget)
