"""The checks of ``flask mtls check`` for mistakes and risks of an app."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from flask import Flask

from wsgi_mtls import Verifier
from wsgi_mtls.config import NEVER_VERIFIES, Problem, never_verifies, risks
from wsgi_mtls.impossible import expired_clients, impossible_clients

from .routes import guarded_routes, missed
from .settings import NOT_SEARCHABLE, MutualTLSState, misspelt_settings


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that a check found.

    Attributes:
        id: stays the same from release to release: ``flask_mtls.E004``.
        level: an ``error`` makes the command fail.
        message: what was found.
        hint: the remedy, if the message does not contain it.
    """

    id: str
    level: Literal["error", "warning"]
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return it as a line."""
        return " ".join(filter(None, (f"{self.level.capitalize()}:", self.message, self.hint, f"({self.id})")))

    def to_json(self) -> dict[str, str]:
        """Return its four members."""
        return asdict(self)


def error(number: int, message: object, hint: str = "") -> Message:
    """Make an error."""
    return Message(f"flask_mtls.E{number:03}", "error", str(message), hint)


def warning(number: int, message: object, hint: str = "") -> Message:
    """Make a warning."""
    return Message(f"flask_mtls.W{number:03}", "warning", str(message), hint)


def of_settings(problems: Iterable[Problem]) -> list[Message]:
    """Return a message for each setting that keeps the app from starting."""
    return [error(1, problem) for problem in problems]


def messages(app: Flask, state: MutualTLSState) -> Iterator[Message]:
    """Yield all that is found wrong with an app that started."""
    decorators = {name for *_, names in guarded_routes(app) for name in names}
    yield from (warning(1, problem) for problem in state.guard.plain.registration_warnings())
    yield from (error(2, problem) for problem in misspelt_settings(app))
    yield from (error(3, problem) for problem in _missing(state, decorators))
    yield from _missed(app)
    if state.guard.verifier is not None:
        yield from (error(5, problem) for problem in impossible_clients(state.guard.verifier))
        yield from (warning(3, problem) for problem in expired_clients(state.guard.verifier))
    yield from (error(6, f"MTLS_{risk}") for risk in risks(state.settings, debug=app.debug))
    if _refuses_all_chains(state, decorators):
        yield warning(2, f"MTLS_SOURCE {NEVER_VERIFIES}")


def _missed(app: Flask) -> Iterator[Message]:
    hint = (
        "Write the decorator below @app.route(…). If this route is meant to be open, register a function there that "
        "no decorator wraps."
    )
    for place, names in missed(app):
        text = f"{place} is not guarded by {' and '.join(names)}, which is above the decorator that registers it."
        yield error(4, text, hint)


def _missing(state: MutualTLSState, decorators: set[str]) -> Iterator[str]:
    verifier = state.guard.verifier
    if "client_auth_required" in decorators and verifier is None:
        yield "client_auth_required is used without clients: set MTLS_CLIENTS."
    if "certificate_required" in decorators and verifier and not verifier.finds_holders:
        yield NOT_SEARCHABLE
    vouching = verifier and verifier.rules.vouching
    if "certificate_required(authorize=…)" in decorators and vouching and vouching.is_for_clients_only:
        yield "certificate_required(authorize=…) is used, and MTLS_TRUST is a function of a client: give a TrustStore."
    if "bound_token_required" in decorators and state.settings.tokens is None:
        yield "bound_token_required is used without MTLS_TOKENS: no token can be read."


def _refuses_all_chains(state: MutualTLSState, decorators: set[str]) -> bool:
    """Return whether something needs a validated chain, but nothing validates one."""
    if not never_verifies(state.settings.source):
        return False
    verifier: Verifier | None = state.guard.verifier
    if verifier is not None:
        return "tls_client_auth" in verifier.allowed_methods and verifier.rules.vouching is None
    return state.settings.trust is None and any(name.startswith("certificate_required") for name in decorators)
