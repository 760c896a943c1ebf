"""The ``MTLS_*`` settings, read once for each app.

A wrong setting is refused with its name and the remedy.
"""

from dataclasses import dataclass, replace
from functools import partial

from flask import Flask, current_app

from wsgi_mtls import Guard, Verifier, config
from wsgi_mtls.config import InvalidSettings, Problem, Settings, make_guard, misspelt

from .signals import send

SETTINGS: dict[str, str] = {
    "MTLS_CLIENTS": "client_id to metadata: a mapping, the path of a .json or .toml file, or a registry",
    **{f"MTLS_{name}": meaning for name, meaning in config.SETTINGS.items()},
}
"""Every setting, and what it means."""

NOT_SEARCHABLE = "certificate_required needs authorize=…, or MTLS_CLIENTS that can be searched: with find(certificate)."


@dataclass(frozen=True, slots=True)
class MutualTLSState:
    """The configuration of one app: ``app.extensions["mtls"]``.

    Attributes:
        settings: as they were read.
        guard: decides about the app's requests.
    """

    settings: Settings
    guard: Guard


def current_state() -> MutualTLSState:
    """Return the state of the current app.

    Raises:
        RuntimeError: If the app has no extension.
    """
    state = current_app.extensions.get("mtls")
    if not isinstance(state, MutualTLSState):
        raise RuntimeError("This app has no MutualTLS: call MutualTLS(app) or init_app(app).")
    return state


def misspelt_settings(app: Flask) -> list[Problem]:
    """Return a problem for each name that looks like one of our settings, and is not."""
    ours = [name for name in app.config if isinstance(name, str) and name.startswith("MTLS_")]
    return misspelt(ours, SETTINGS, others=True)


def given_settings(app: Flask) -> dict[str, object]:
    """Return an app's settings by the core's names for them."""
    return {name.removeprefix("MTLS_"): app.config.get(name) for name in SETTINGS}


def read_settings(app: Flask, verifier: Verifier | None) -> MutualTLSState:
    """Read and check an app's settings.

    ``verifier`` decides if they name no clients.

    Raises:
        InvalidSettings: If some of them are wrong.
    """
    try:
        read, guard = make_guard(given_settings(app), app.root_path, verifier=verifier, observers=[partial(send, app)])
    except InvalidSettings as error:
        raise InvalidSettings(replace(problem, name=f"MTLS_{problem.name}") for problem in error.problems) from error
    return MutualTLSState(read, guard)
