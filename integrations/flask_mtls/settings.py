"""The ``MTLS_*`` settings: read once for each app, and refused with their name and the remedy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from flask import Flask, current_app

from wsgi_mtls import ClientRegistry, Verifier, settings
from wsgi_mtls.clients import load_clients
from wsgi_mtls.settings import InvalidSetting
from wsgi_mtls.sources import CertificateSource

SETTINGS: dict[str, str] = {
    "MTLS_CLIENTS": "client_id to metadata: a mapping, the path of a .json or .toml file, or a registry",
    **{f"MTLS_{name}": meaning for name, meaning in settings.SETTINGS.items()},
}
"""Every setting, and what it means."""

Clients = ClientRegistry | Mapping[str, Any] | str | Path
Source = CertificateSource | Mapping[str, Any] | str


@dataclass(frozen=True, slots=True)
class MutualTLSState:
    """What one app is configured for, ``app.extensions["mtls"]``; without clients there is no verifier."""

    settings: settings.Settings
    verifier: Verifier | None


def current_state() -> MutualTLSState:
    """Return what the current app is configured for.

    Raises:
        RuntimeError: it has no extension.
    """
    state = current_app.extensions.get("mtls")
    if not isinstance(state, MutualTLSState):
        raise RuntimeError("This app has no MutualTLS: call MutualTLS(app) or init_app(app).")
    return state


def read_settings(app: Flask, verifier: Verifier | None) -> MutualTLSState:
    """Read and check an app's settings; ``verifier`` stands where they name no clients.

    Raises:
        InvalidSetting: one of them is wrong.
        ImportError: one of them needs an extra that is not installed.
    """
    try:
        read = settings.read_settings({name: app.config.get(f"MTLS_{name}") for name in settings.SETTINGS})
    except InvalidSetting as error:
        raise InvalidSetting(f"MTLS_{error.name}", error.problem) from error
    clients = app.config.get("MTLS_CLIENTS")
    if clients is not None:
        return MutualTLSState(read, _verifier(app, clients, read))
    for name in ("MTLS_ALLOWED_METHODS", "MTLS_SELF_SIGNED_MATCH"):
        if app.config.get(name) is not None:
            raise InvalidSetting(name, "does nothing without MTLS_CLIENTS: give it to the Verifier.")
    return MutualTLSState(read, verifier)


def _verifier(app: Flask, clients: Any, read: settings.Settings) -> Verifier:
    try:
        if isinstance(clients, str | Path):
            clients = load_clients(Path(app.root_path, clients))
        if not callable(getattr(clients, "get", None)):
            raise TypeError("give a mapping, a path, or a registry with get(client_id).")
        return Verifier(clients, allowed_methods=read.allowed_methods, self_signed_match=read.self_signed_match)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidSetting("MTLS_CLIENTS", f"does not do: {error}") from error


def misspelt(config: Iterable[str]) -> list[str]:
    """Return a line for each setting that nobody knows and that looks like one of ours."""
    near = {
        name: get_close_matches(name, SETTINGS, 1, 0.75)
        for name in config
        if name.startswith("MTLS_") and name not in SETTINGS
    }
    return [f"{name} is no setting; is {found[0]} meant?" for name, found in near.items() if found]
