"""The settings that every adapter has, from a framework's own configuration: checked, each by its name."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from . import sources
from .clients import AUTH_METHODS, AuthMethod, ClientRegistry, PublishedKeySets, load_clients
from .guard import MAX_BODY
from .options import check_dpop
from .request.bearer import check_challenge
from .responses import VERBOSITIES, Verbosity
from .sources import CertificateSource
from .tokens import AccessTokens
from .trust import TrustStore
from .trust.config import from_config
from .verifier import SelfSignedMatch, Verifier
from .vouching import Trust

if TYPE_CHECKING:
    from .tokens import DPoP

SETTINGS: Mapping[str, str] = {
    "SOURCE": "where the certificate is: a preset's name, {'preset': name, **options}, or a callable",
    "TRUSTED_PROXIES": "the addresses and networks from which a certificate header is believed",
    "ALLOWED_METHODS": "the authentication methods that this server offers",
    "SELF_SIGNED_MATCH": "what of a self-signed certificate must be registered: public_key or certificate",
    "TRUST": "what validates chains here: a path, {'path': …, **options}, a TrustStore, or a client's, by a function",
    "TRUST_EITHER": "whether the terminator's success suffices where the trust store does not know the CA",
    "KEY_SETS": "how certificates are fetched from jwks_uri: a dict of KeySets' options; None does not fetch",
    "TOKENS": "what decodes access tokens: an object with decode(token)",
    "DPOP": "what checks proofs of DPoP: a DPoP, or a dict of its options, with base_url; None accepts none",
    "REALM": "the realm that an API names in WWW-Authenticate",
    "VERBOSITY": "what a refusal tells: minimal, normal or debug",
    "MAX_BODY": "the longest body of a token request, in octets",
    "PREFLIGHT": "whether CORS preflights pass without credentials where the framework itself answers them",
}
"""Every setting, and what it means. An adapter spells them in its framework's way, and has others of its own."""


Clients = ClientRegistry | Mapping[str, Any] | str | Path
Source = CertificateSource | Mapping[str, Any] | str


class InvalidSetting(ValueError):
    """A setting has a value that it can't have.

    Attributes:
        name: of the setting.
        problem: what is wrong and the remedy, to be read after the name.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is configured, each attribute as :data:`SETTINGS` says; the trusted proxies are the source's."""

    source: CertificateSource
    allowed_methods: tuple[AuthMethod, ...]
    self_signed_match: SelfSignedMatch
    trust: Trust | None
    trust_either: bool
    key_sets: PublishedKeySets | None
    tokens: AccessTokens | None
    dpop: "DPoP | None"
    realm: str | None
    verbosity: Verbosity
    max_body: int
    preflight: bool


def read_settings(given: Mapping[str, object]) -> Settings:
    """Read each of :data:`SETTINGS`; one that is missing or None has its default, and others are left alone.

    Raises:
        InvalidSetting: the first that is wrong.
    """
    values, problems = _read(given)
    for problem in problems:
        raise problem
    return Settings(**values)


def invalid_settings(given: Mapping[str, object]) -> list[InvalidSetting]:
    """Return all that is wrong with the settings."""
    return _read(given)[1]


def read_verifier(clients: Any, folder: str, settings: Settings) -> Verifier:
    """Make what decides who a client is.

    Args:
        clients: a mapping of ``client_id`` to metadata, the path of a ``.json`` or ``.toml`` file, or a registry.
        folder: where a relative path starts.
        settings: as :func:`read_settings` returned them.

    Raises:
        InvalidSetting: the clients can't be read, or one of them is wrong.
    """
    try:
        if isinstance(clients, str | Path):
            if not str(clients):
                raise ValueError("the path is empty; name a .json or .toml file.")
            clients = load_clients(Path(folder, clients))
        if not callable(getattr(clients, "get", None)):
            raise TypeError("give a mapping, a path, or a registry with get(client_id).")
        return Verifier(
            clients,
            allowed_methods=settings.allowed_methods,
            self_signed_match=settings.self_signed_match,
            trust=settings.trust,
            trust_either=settings.trust_either,
            key_sets=settings.key_sets,
        )
    except (OSError, ValueError, TypeError) as error:
        raise InvalidSetting("CLIENTS", f"cannot be used: {error}") from error


def choose_verifier(
    given: Mapping[str, object], folder: str, settings: Settings, own: Verifier | None
) -> Verifier | None:
    """Return the verifier of the ``CLIENTS`` that are given, or else the application's own, if it has one.

    Args:
        given: to :func:`read_settings`, and ``CLIENTS``.
        folder: where a relative path starts.
        settings: what :func:`read_settings` returned.
        own: with methods of its own, so that no setting may say which.

    Raises:
        InvalidSetting: the clients can't be read, or a setting would change nothing.
    """
    if given.get("CLIENTS") is not None:
        return read_verifier(given["CLIENTS"], folder, settings)
    # A verifier of the application's own has a trust store of its own; without any, TRUST is for certificates alone.
    for_verifiers = ("ALLOWED_METHODS", "SELF_SIGNED_MATCH", "KEY_SETS", "TRUST_EITHER")
    for name in (*for_verifiers, *(("TRUST",) if own is not None else ())):
        if given.get(name) is not None:
            raise InvalidSetting(name, "does nothing where no clients are set: give it to the Verifier.")
    if own is None and settings.trust is not None and not isinstance(settings.trust, TrustStore):
        raise InvalidSetting("TRUST", "is a function of the client, and no clients are set: give a TrustStore.")
    return own


def trust_without_clients(settings: Settings, verifier: Verifier | None) -> TrustStore | None:
    """Return the trust store that a :class:`~wsgi_mtls.Guard` needs because it has no verifier."""
    return settings.trust if verifier is None and isinstance(settings.trust, TrustStore) else None


def _read(given: Mapping[str, object]) -> tuple[dict[str, Any], list[InvalidSetting]]:
    present = {name: value for name, value in given.items() if value is not None}
    values: dict[str, Any] = {}
    problems: list[InvalidSetting] = []
    for name, reader in _READERS.items():
        try:
            values[name.lower()] = reader(present)
        except InvalidSetting as problem:
            problems.append(problem)
    try:
        _check_together(values)
    except ValueError as error:
        problems.append(InvalidSetting("SOURCE", f"cannot be used with these settings: {error}"))
    return values, problems


def _check_together(values: Mapping[str, Any]) -> None:
    if "source" in values and "allowed_methods" in values:
        sources.check_methods(values["source"], values["allowed_methods"])
    if "source" in values and values.get("tokens") is not None:
        sources.check_delivers_thumbprint(values["source"])
    if "source" in values and values.get("trust") is not None:
        sources.check_delivers_certificate(values["source"])


def _source(given: Mapping[str, Any]) -> CertificateSource:
    source, proxies = given.get("SOURCE"), given.get("TRUSTED_PROXIES")
    if source is None:
        raise InvalidSetting("SOURCE", 'is missing: name what ends TLS in front of this application, such as "nginx".')
    if proxies is not None and (callable(source) or (isinstance(source, Mapping) and "trusted_proxies" in source)):
        raise InvalidSetting("TRUSTED_PROXIES", "is for a source that names none itself: remove one of them.")
    if source in sources.PRESETS.values():
        raise InvalidSetting("SOURCE", "is a preset's function: call it, or give its name.")
    if callable(source):
        own: CertificateSource = source
        return own
    if not isinstance(source, str | Mapping):
        raise InvalidSetting("SOURCE", f"is {source!r}: give a preset's name, a dict or a callable.")
    options = {"preset": source} if isinstance(source, str) else dict(source)
    if proxies is not None:
        options["trusted_proxies"] = proxies
    try:
        return sources.from_config(options)
    except (ValueError, TypeError) as error:
        name = "TRUSTED_PROXIES" if "trusted_proxies" in str(error) else "SOURCE"
        raise InvalidSetting(name, f"cannot be used: {error}") from error


def _allowed_methods(given: Mapping[str, Any]) -> tuple[AuthMethod, ...]:
    value: Any = given.get("ALLOWED_METHODS", AUTH_METHODS)
    listed = list(value) if isinstance(value, Collection) and not isinstance(value, str) else []
    if not listed or not all(method in AUTH_METHODS for method in listed):
        raise InvalidSetting("ALLOWED_METHODS", f"is {value!r}: give a list of {' and '.join(AUTH_METHODS)}.")
    return tuple(listed)


def _key_sets(given: Mapping[str, Any]) -> PublishedKeySets | None:
    value: Any = given.get("KEY_SETS")
    if value is None or callable(getattr(value, "certificates", None)):
        own: PublishedKeySets | None = value
        return own
    if not isinstance(value, Mapping):
        raise InvalidSetting("KEY_SETS", f"is {value!r}: give a dict of options, {{}} for the defaults.")
    try:
        from .clients.jwks_uri import KeySets  # the extra jwt is needed for this setting alone

        return KeySets(**value)
    except ModuleNotFoundError as error:
        raise InvalidSetting("KEY_SETS", f"needs {error.name}: pip install 'wsgi-mtls[jwt]'.") from error
    except (TypeError, ValueError, OSError) as error:
        raise InvalidSetting("KEY_SETS", f"cannot be used with these options: {error}") from error


def _tokens(given: Mapping[str, Any]) -> AccessTokens | None:
    value: AccessTokens | None = given.get("TOKENS")
    if isinstance(value, type) or (value is not None and not callable(getattr(value, "decode", None))):
        raise InvalidSetting("TOKENS", f"is {value!r}: give an object with decode(token), such as JWTAccessTokens.")
    return value


def _dpop(given: Mapping[str, Any]) -> "DPoP | None":
    value: Any = given.get("DPOP")
    try:
        if isinstance(value, Mapping):
            from .tokens import DPoP  # the extra jwt is needed for this setting alone

            value = DPoP(**value)
        check_dpop(value)
    except (TypeError, ValueError, ImportError) as error:
        raise InvalidSetting("DPOP", f"cannot be used: {error}") from error
    if value is not None and given.get("TOKENS") is None:
        raise InvalidSetting("DPOP", "changes nothing without TOKENS: set that too.")
    checks: DPoP | None = value
    return checks


def _trust(given: Mapping[str, Any]) -> Trust | None:
    try:
        trust: Trust | None = from_config(given.get("TRUST"))
    except (OSError, ValueError, TypeError) as error:
        raise InvalidSetting("TRUST", str(error)) from error
    return trust


def _trust_either(given: Mapping[str, Any]) -> bool:
    value = _flag("TRUST_EITHER", given)
    if value and given.get("TRUST") is None:
        raise InvalidSetting("TRUST_EITHER", "changes nothing without TRUST: set that too.")
    return value


def _flag(name: str, given: Mapping[str, Any]) -> bool:
    value: object = given.get(name, False)
    if not isinstance(value, bool):
        raise InvalidSetting(name, f"is {value!r}: give True or False.")
    return value


def _realm(given: Mapping[str, Any]) -> str | None:
    value: str | None = given.get("REALM")
    try:
        check_challenge(value, None)
    except (ValueError, TypeError):
        raise InvalidSetting("REALM", f'is {value!r}: give printable ASCII without " and \\.') from None
    return value


def _max_body(given: Mapping[str, Any]) -> int:
    value: object = given.get("MAX_BODY", MAX_BODY)
    if type(value) is not int or value < 1:
        raise InvalidSetting("MAX_BODY", f"is {value!r}: give a number of octets, such as {MAX_BODY}.")
    return value


def _choice(name: str, choices: tuple[str, ...], default: str) -> Callable[[Mapping[str, Any]], str]:
    def read(given: Mapping[str, Any]) -> str:
        value: Any = given.get(name, default)
        if value not in choices:
            raise InvalidSetting(name, f"is {value!r}: use one of {', '.join(choices)}.")
        return str(value)

    return read


_READERS: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "SOURCE": _source,
    "ALLOWED_METHODS": _allowed_methods,
    "SELF_SIGNED_MATCH": _choice("SELF_SIGNED_MATCH", get_args(SelfSignedMatch), "public_key"),
    "TRUST": _trust,
    "TRUST_EITHER": _trust_either,
    "KEY_SETS": _key_sets,
    "TOKENS": _tokens,
    "DPOP": _dpop,
    "REALM": _realm,
    "VERBOSITY": _choice("VERBOSITY", VERBOSITIES, "normal"),
    "MAX_BODY": _max_body,
    "PREFLIGHT": partial(_flag, "PREFLIGHT"),
}
