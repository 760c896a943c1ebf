"""The setting ``MTLS``: one dict, read when it is needed and checked whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from wsgi_mtls.config import SETTINGS, InvalidSettings, Settings, misspelt, read_settings
from wsgi_mtls.config.dotted import is_dotted, resolve
from wsgi_mtls.sources import check_delivers_certificate
from wsgi_mtls.trust import TrustStore

from .users.usernames import USERNAME_FROM, UsernameFrom

if TYPE_CHECKING:
    from .models import AbstractRegisteredClient


class InvalidSetting(ImproperlyConfigured):
    """An error in the value of a key in ``MTLS``.

    The message names the key and the remedy.

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
    """The setting ``MTLS``; each key is the attribute's name in upper case.

    :data:`wsgi_mtls.config.SETTINGS` has those that every adapter has.

    Attributes:
        username_from: which name of a certificate is the user's: ``"subject_cn"``, ``"san_email"``, ``"san_dns"``,
            ``"san_uri"``, … (:mod:`.users.usernames`), a callable or its dotted path. None (the default): only
            registered certificates log in.
        create_unknown_users: whether a user is made for an unknown name. It gets no rights. Default: False.
        use_session: whether the login middleware logs in to a session, instead of for each request. Default: False.
        client_model: the model of the registered clients. Default: ``"django_mtls.RegisteredClient"``.
    """

    username_from: UsernameFrom | None
    create_unknown_users: bool
    use_session: bool
    client_model: "type[AbstractRegisteredClient]"


@lru_cache(maxsize=1)
def mtls_settings() -> MTLSSettings:
    """Return what ``settings.MTLS`` holds now; ``override_settings`` works.

    Raises:
        InvalidSetting: If something is wrong with it; the first problem.
    """
    read, problems = _read(getattr(settings, "MTLS", {}))
    for problem in problems:
        raise problem
    return MTLSSettings(**read)


def invalid_settings(given: object) -> list[InvalidSetting]:
    """Return all that is wrong with ``MTLS``."""
    return _read(given)[1]


def _read(given: object) -> tuple[dict[str, Any], list[InvalidSetting]]:
    if not isinstance(given, Mapping):
        return {}, [InvalidSetting("", f"is {given!r}: write a dict.", "django_mtls.E001")]
    read: dict[str, Any] = {}
    problems = [InvalidSetting(p.name, p.text, "django_mtls.E001") for p in misspelt(given, KEYS, others=False)]
    for key, reader in _READERS.items():
        try:
            read[key.lower()] = reader(given)
        except InvalidSetting as problem:
            problems.append(problem)
    try:
        # The clients are in the database, whatever "CLIENTS" contains.
        shared = read_settings({key: value for key, value in given.items() if key in SETTINGS})
    except InvalidSettings as error:
        return {}, [*problems, *(InvalidSetting(p.name, p.text, _id_of(p.name)) for p in error.problems)]
    read |= {field.name: getattr(shared, field.name) for field in fields(shared)}
    return read, problems or _misfits(read)


def _misfits(read: Mapping[str, Any]) -> list[InvalidSetting]:
    """Return what is wrong with settings that are valid alone, but not together."""
    if read["username_from"] is None:
        return []
    if read["trust"] is not None and not isinstance(read["trust"], TrustStore):
        message = "is a function of the client, and USERNAME_FROM needs certificates without one: give a TrustStore."
        return [InvalidSetting("TRUST", message, "django_mtls.E004")]
    try:
        check_delivers_certificate(read["source"])
    except ValueError:
        message = "forwards a name and no certificate, from which USERNAME_FROM could take one: remove either."
        return [InvalidSetting("SOURCE", message, "django_mtls.E002")]
    return []


def _id_of(name: str) -> str:
    return _IDS.get(name, "django_mtls.E004")


def _username_from(given: Mapping[str, Any]) -> UsernameFrom | None:
    value = given.get("USERNAME_FROM")
    if isinstance(value, str) and value in USERNAME_FROM:
        return USERNAME_FROM[value]
    if isinstance(value, str) and is_dotted(value):
        try:
            value = resolve(value)
        except ValueError as error:
            raise InvalidSetting("USERNAME_FROM", str(error), "django_mtls.E004") from error
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


_IDS = {"SOURCE": "django_mtls.E002", "TRUSTED_PROXIES": "django_mtls.E003"}
_READERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "USERNAME_FROM": _username_from,
    "CREATE_UNKNOWN_USERS": _flag("CREATE_UNKNOWN_USERS"),
    "USE_SESSION": _flag("USE_SESSION"),
    "CLIENT_MODEL": _client_model,
}
KEYS: frozenset[str] = frozenset(_READERS) | SETTINGS.keys()


def _forget(*, setting: str, **_: object) -> None:
    if setting == "MTLS":
        mtls_settings.cache_clear()


setting_changed.connect(_forget)
