"""The objects that settings name.

They are sources, clients, trust stores, key sets, token decoders and observers.
"""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import sources
from ..clients import ClientRegistry, MappingRegistry, PublishedKeySets, load_clients
from ..sources import CertificateSource
from ..trust.config import from_config, in_folder
from .dotted import is_dotted, resolve
from .problems import InvalidSettings, Problem

if TYPE_CHECKING:
    from ..tokens import DPoP

Clients = ClientRegistry | Mapping[str, Any] | str | Path
Source = CertificateSource | Mapping[str, Any] | str
Given = Mapping[str, Any]
Reader = Callable[[Given, str], Any]
"""Makes an object of the settings that are given; relative paths start at a folder. Raises ``InvalidSettings``."""


def _wrong(name: str, text: object) -> InvalidSettings:
    return InvalidSettings([Problem(name, str(text))])


def _object(present: Given, name: str, folder: str) -> Any:
    """Return a setting's value, or the object that its dotted path names."""
    return _resolved(name, present.get(name), folder)


def _resolved(name: str, value: Any, folder: str) -> Any:
    try:
        return resolve(value) if is_dotted(value, folder) else value
    except ValueError as error:
        raise _wrong(name, error) from error


def _source(present: Given, folder: str) -> CertificateSource:
    source, proxies = _object(present, "SOURCE", folder), present.get("TRUSTED_PROXIES")
    if source is None:
        raise _wrong("SOURCE", 'is missing: name what ends TLS in front of this application, such as "nginx".')
    if proxies is not None and (callable(source) or (isinstance(source, Mapping) and "trusted_proxies" in source)):
        raise _wrong("TRUSTED_PROXIES", "is for a source that names none itself: remove one of them.")
    if not isinstance(source, str | Mapping):
        own: CertificateSource = source
        return own
    options = {"preset": source} if isinstance(source, str) else dict(source)
    if proxies is not None:
        options["trusted_proxies"] = proxies
    try:
        return sources.from_config(options)
    except (ValueError, TypeError) as error:
        name = "TRUSTED_PROXIES" if "trusted_proxies" in str(error) else "SOURCE"
        raise _wrong(name, f"cannot be used: {error}") from error


def _clients(present: Given, folder: str) -> ClientRegistry | None:
    clients = _object(present, "CLIENTS", folder)
    try:
        if isinstance(clients, str | Path):
            if not str(clients):
                raise ValueError("the path is empty; name a .json or .toml file.")
            clients = load_clients(Path(folder, clients))
        return MappingRegistry(clients) if isinstance(clients, Mapping) else clients
    except (OSError, ValueError, TypeError) as error:
        raise _wrong("CLIENTS", f"cannot be used: {error}") from error


def _trust(present: Given, folder: str) -> Any:
    try:
        return from_config(in_folder(_object(present, "TRUST", folder), folder))
    except (OSError, ValueError, TypeError) as error:
        raise error if isinstance(error, InvalidSettings) else _wrong("TRUST", error) from error


def _key_sets(present: Given, folder: str) -> PublishedKeySets | None:
    value = _object(present, "KEY_SETS", folder)
    if not isinstance(value, Mapping):
        own: PublishedKeySets | None = value
        return own
    try:
        from ..clients.jwks_uri import KeySets  # the extra jwt is needed for this setting alone

        return KeySets(**_with_store("KEY_SETS", value, folder))
    except ModuleNotFoundError as error:
        raise _wrong("KEY_SETS", f"needs {error.name}: pip install 'wsgi-mtls[jwt]'.") from error
    except (TypeError, ValueError, OSError) as error:
        text = f"cannot be used with these options: {error}"
        raise error if isinstance(error, InvalidSettings) else _wrong("KEY_SETS", text) from error


def _tokens(present: Given, folder: str) -> Any:
    return _object(present, "TOKENS", folder)


def _dpop(present: Given, folder: str) -> "DPoP | None":
    value = _object(present, "DPOP", folder)
    if value is not None and present.get("TOKENS") is None:
        raise _wrong("DPOP", "changes nothing without TOKENS: also set that.")
    if not isinstance(value, Mapping):
        own: DPoP | None = value
        return own
    try:
        from .. import tokens  # the extra jwt is needed for this setting alone

        return tokens.DPoP(**_with_store("DPOP", value, folder))
    except (TypeError, ValueError, ImportError) as error:
        raise error if isinstance(error, InvalidSettings) else _wrong("DPOP", f"cannot be used: {error}") from error


def _with_store(name: str, options: Given, folder: str) -> dict[str, Any]:
    """Return options, with the store that their dotted path names."""
    return {**options, "store": _resolved(name, options["store"], folder)} if "store" in options else dict(options)


def _observers(present: Given, folder: str) -> tuple[Any, ...]:
    value = present.get("OBSERVERS", ())
    if not isinstance(value, Collection) or isinstance(value, str | Mapping):
        raise _wrong("OBSERVERS", f"must be a list of callables that take an Event, not {value!r}.")
    return tuple(_resolved("OBSERVERS", observer, folder) for observer in value)


READERS: Mapping[str, Reader] = {
    "SOURCE": _source,
    "CLIENTS": _clients,
    "TRUST": _trust,
    "KEY_SETS": _key_sets,
    "TOKENS": _tokens,
    "DPOP": _dpop,
    "OBSERVERS": _observers,
}
