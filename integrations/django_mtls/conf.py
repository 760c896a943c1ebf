"""The setting ``MTLS``: one dict, read when it is needed and checked whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast, get_args

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from wsgi_mtls import sources
from wsgi_mtls.client_auth import MAX_BODY
from wsgi_mtls.clients import AUTH_METHODS, AuthMethod
from wsgi_mtls.responses import VERBOSITIES, Verbosity
from wsgi_mtls.sources import CertificateSource, check_methods
from wsgi_mtls.verifier import SelfSignedMatch

from .usernames import USERNAME_FROM, UsernameFrom

if TYPE_CHECKING:
    from wsgi_mtls.tokens import AccessTokens

    from .models import AbstractRegisteredClient


class InvalidSetting(ImproperlyConfigured):
    """A key of ``MTLS`` has a value that it can't have; the message names it and the remedy.

    Attributes:
        key: the key.
        id: of the system check that reports it.
    """

    def __init__(self, key: str, message: str, check_id: str) -> None:
        super().__init__(f'MTLS["{key}"]: {message}' if key else f"MTLS: {message}")
        self.key = key
        self.id = check_id


@dataclass(frozen=True, slots=True, kw_only=True)
class MTLSSettings:
    """What ``MTLS`` says; each key is the attribute's name in upper case.

    Attributes:
        source: where the certificate stands: a preset's name, a dict (``{"preset": name, **options}``), a dotted path
            to a certificate source, or the source itself. Required. ``TRUSTED_PROXIES`` goes to the preset.
        username_from: which name of a certificate is the user's: ``"subject_cn"``, ``"san_email"``, ``"san_dns"``,
            ``"san_uri"``, a callable or its dotted path. None (the default): only registered certificates log in.
        create_unknown_users: whether a user is made for a name that nobody has. It gets no rights. Default: False.
        use_session: whether the login middleware logs in to a session, instead of for each request. Default: False.
        client_model: the model of the registered clients. Default: ``"django_mtls.RegisteredClient"``.
        allowed_methods: the OAuth client authentication methods that are offered. Default: both.
        self_signed_match: what of a self-signed certificate must be registered, ``"public_key"`` (the default) or
            ``"certificate"``.
        tokens: what decodes access tokens, an object with ``decode(token)``, or its dotted path.
        realm: the realm that an API names in ``WWW-Authenticate``.
        verbosity: what a refusal tells: ``"minimal"``, ``"normal"`` (the default) or ``"debug"``.
        max_body: the longest body of a token request, in octets.
    """

    source: CertificateSource
    username_from: UsernameFrom | None
    create_unknown_users: bool
    use_session: bool
    client_model: "type[AbstractRegisteredClient]"
    allowed_methods: tuple[AuthMethod, ...]
    self_signed_match: SelfSignedMatch
    tokens: "AccessTokens | None"
    realm: str | None
    verbosity: Verbosity
    max_body: int


@lru_cache(maxsize=1)
def mtls_settings() -> MTLSSettings:
    """Return what ``settings.MTLS`` says now; ``override_settings`` works.

    Raises:
        InvalidSetting: the first thing that is wrong with it.
    """
    values, problems = read(getattr(settings, "MTLS", {}))
    for problem in problems:
        raise problem
    return MTLSSettings(**values)


def read(given: object) -> tuple[dict[str, Any], list[InvalidSetting]]:
    """Read every key and return the values together with all that is wrong."""
    if not isinstance(given, Mapping):
        return {}, [InvalidSetting("", f"is {given!r}; write a dict.", "django_mtls.E001")]
    values: dict[str, Any] = {}
    problems = [_unknown(key) for key in given if key not in KEYS]
    for key, reader in _READERS.items():
        try:
            values[key.lower()] = reader(given)
        except InvalidSetting as problem:
            problems.append(problem)
    if "source" in values and "allowed_methods" in values:
        try:
            check_methods(values["source"], values["allowed_methods"])
        except ValueError as error:
            problems.append(InvalidSetting("ALLOWED_METHODS", str(error), "django_mtls.E002"))
    return values, problems


def _unknown(key: object) -> InvalidSetting:
    near = get_close_matches(str(key), KEYS, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(sorted(KEYS))}."
    return InvalidSetting(str(key), f"no such key; {remedy}", "django_mtls.E001")


def _source(given: Mapping[str, Any]) -> CertificateSource:
    source, proxies = given.get("SOURCE"), given.get("TRUSTED_PROXIES")
    if source is None:
        raise InvalidSetting("SOURCE", 'missing; name what ends TLS here, such as "nginx".', "django_mtls.E002")
    if isinstance(source, str) and "." in source:
        source = _import("SOURCE", source)
    if callable(source):
        if proxies is not None:
            message = "does nothing beside a source of your own; give it to that one."
            raise InvalidSetting("TRUSTED_PROXIES", message, "django_mtls.E002")
        return cast("CertificateSource", source)
    if not isinstance(source, str | Mapping):
        message = f"{source!r} is no preset's name, no dict and no dotted path."
        raise InvalidSetting("SOURCE", message, "django_mtls.E002")
    options = {"preset": source} if isinstance(source, str) else dict(source)
    if proxies is not None:
        if "trusted_proxies" in options:
            raise InvalidSetting("TRUSTED_PROXIES", "stands in SOURCE too; remove one of them.", "django_mtls.E002")
        options["trusted_proxies"] = proxies
    try:
        return sources.from_config(options)
    except (ValueError, TypeError) as error:
        missing = "trusted_proxies" in str(error) and not options.get("trusted_proxies")
        raise InvalidSetting("SOURCE", str(error), "django_mtls.E003" if missing else "django_mtls.E002") from error


def _username_from(given: Mapping[str, Any]) -> UsernameFrom | None:
    value = given.get("USERNAME_FROM")
    if isinstance(value, str) and value in USERNAME_FROM:
        return USERNAME_FROM[value]
    if isinstance(value, str) and "." in value:
        value = _import("USERNAME_FROM", value)
    if value is None or callable(value):
        return cast("UsernameFrom | None", value)
    message = f"{value!r}; use one of {', '.join(USERNAME_FROM)}, a callable or its dotted path."
    raise InvalidSetting("USERNAME_FROM", message, "django_mtls.E004")


def _flag(key: str) -> Callable[[Mapping[str, Any]], bool]:
    def read_flag(given: Mapping[str, Any]) -> bool:
        value = given.get(key, False)
        if not isinstance(value, bool):
            raise InvalidSetting(key, f"{value!r}; write True or False.", "django_mtls.E004")
        return value

    return read_flag


def _one_of(key: str, allowed: tuple[str, ...], default: str) -> Callable[[Mapping[str, Any]], str]:
    def read_choice(given: Mapping[str, Any]) -> str:
        value = given.get(key, default)
        if value not in allowed:
            raise InvalidSetting(key, f"{value!r}; use one of {', '.join(allowed)}.", "django_mtls.E004")
        return cast("str", value)

    return read_choice


def _client_model(given: Mapping[str, Any]) -> "type[AbstractRegisteredClient]":
    from .models import AbstractRegisteredClient  # after the apps are loaded

    name = given.get("CLIENT_MODEL", "django_mtls.RegisteredClient")
    try:
        model = apps.get_model(name, require_ready=False)
    except (LookupError, ValueError, AttributeError) as error:
        raise InvalidSetting("CLIENT_MODEL", f"{error}; write app_label.Model.", "django_mtls.E004") from None
    if not issubclass(model, AbstractRegisteredClient):
        raise InvalidSetting("CLIENT_MODEL", f"{name} is no AbstractRegisteredClient.", "django_mtls.E004")
    return model


def _allowed_methods(given: Mapping[str, Any]) -> tuple[AuthMethod, ...]:
    value = given.get("ALLOWED_METHODS", AUTH_METHODS)
    if isinstance(value, str) or not value or not set(value) <= set(AUTH_METHODS):
        message = f"{value!r}; give a list of {' and '.join(AUTH_METHODS)}."
        raise InvalidSetting("ALLOWED_METHODS", message, "django_mtls.E004")
    return tuple(value)


def _tokens(given: Mapping[str, Any]) -> "AccessTokens | None":
    value = given.get("TOKENS")
    if isinstance(value, str):
        value = _import("TOKENS", value)
    if value is not None and not callable(getattr(value, "decode", None)):
        message = f"{value!r}; give an object with decode(token), or its dotted path."
        raise InvalidSetting("TOKENS", message, "django_mtls.E004")
    return cast("AccessTokens | None", value)


def _realm(given: Mapping[str, Any]) -> str | None:
    value = given.get("REALM")
    if value is None or (
        isinstance(value, str) and value.isascii() and value.isprintable() and not {'"', "\\"} & {*value}
    ):
        return value
    raise InvalidSetting("REALM", f"{value!r}; give printable ASCII without quotes.", "django_mtls.E004")


def _max_body(given: Mapping[str, Any]) -> int:
    value = given.get("MAX_BODY", MAX_BODY)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidSetting("MAX_BODY", f"{value!r}; give a number of octets.", "django_mtls.E004")
    return value


def _import(key: str, path: str) -> object:
    try:
        imported: object = import_string(path)
    except ImportError as error:
        raise InvalidSetting(key, f"{error}.", "django_mtls.E004" if key != "SOURCE" else "django_mtls.E002") from error
    return imported


_READERS: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "SOURCE": _source,
    "USERNAME_FROM": _username_from,
    "CREATE_UNKNOWN_USERS": _flag("CREATE_UNKNOWN_USERS"),
    "USE_SESSION": _flag("USE_SESSION"),
    "CLIENT_MODEL": _client_model,
    "ALLOWED_METHODS": _allowed_methods,
    "SELF_SIGNED_MATCH": _one_of("SELF_SIGNED_MATCH", get_args(SelfSignedMatch), "public_key"),
    "TOKENS": _tokens,
    "REALM": _realm,
    "VERBOSITY": _one_of("VERBOSITY", VERBOSITIES, "normal"),
    "MAX_BODY": _max_body,
}
KEYS = frozenset(_READERS) | {"TRUSTED_PROXIES"}


def _forget(*, setting: str, **_: object) -> None:
    if setting == "MTLS":
        mtls_settings.cache_clear()


setting_changed.connect(_forget)
