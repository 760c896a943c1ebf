"""The ``MTLS_*`` settings: read once for each app, and refused with their name and the remedy."""

from dataclasses import dataclass
from functools import partial

from flask import Flask, current_app

from wsgi_mtls import Guard, Verifier, settings
from wsgi_mtls.trust.config import in_folder

from .signals import send

SETTINGS: dict[str, str] = {
    "MTLS_CLIENTS": "client_id to metadata: a mapping, the path of a .json or .toml file, or a registry",
    **{f"MTLS_{name}": meaning for name, meaning in settings.SETTINGS.items()},
}
"""Every setting, and what it means."""

NOT_SEARCHABLE = "certificate_required needs authorize=…, or MTLS_CLIENTS that can be searched: with find(certificate)."


@dataclass(frozen=True, slots=True)
class MutualTLSState:
    """What one app is configured for: ``app.extensions["mtls"]``.

    Attributes:
        settings: as they were read.
        guard: decides about the app's requests.
    """

    settings: settings.Settings
    guard: Guard


def current_state() -> MutualTLSState:
    """Return what the current app is configured for.

    Raises:
        RuntimeError: If the app has no extension.
    """
    state = current_app.extensions.get("mtls")
    if not isinstance(state, MutualTLSState):
        raise RuntimeError("This app has no MutualTLS: call MutualTLS(app) or init_app(app).")
    return state


def read_settings(app: Flask, verifier: Verifier | None) -> MutualTLSState:
    """Read and check an app's settings; ``verifier`` decides where they name no clients.

    Raises:
        InvalidSetting: If one of them is wrong.
        ImportError: If one of them needs an extra that is not installed.
    """
    given = {name.removeprefix("MTLS_"): app.config.get(name) for name in SETTINGS}
    try:
        given["TRUST"] = in_folder(given["TRUST"], app.root_path)
        read = settings.read_settings(given)
        verifier = settings.choose_verifier(given, app.root_path, read, verifier)
    except settings.InvalidSetting as error:
        raise settings.InvalidSetting(f"MTLS_{error.name}", error.problem) from error
    guard = Guard(
        read.source,
        verifier=verifier,
        tokens=read.tokens,
        dpop=read.dpop,
        observers=[partial(send, app)],
        max_body=read.max_body,
        trust=settings.trust_without_clients(read, verifier),
    )
    return MutualTLSState(read, guard)
