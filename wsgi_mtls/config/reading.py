"""The way from a dict of settings to :class:`Settings` and a guard.

The constructors check what they take.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from .. import sources
from ..clients import AUTH_METHODS
from ..events import Observer
from ..guard import MAX_BODY, MAX_CERTIFICATE, Guard
from ..key_strength import DEFAULT
from ..options import InvalidOption, check_flag
from ..request.bearer import check_challenge
from ..responses import check_verbosity
from ..verifier import Verifier
from .objects import READERS, Given, Reader
from .problems import InvalidSettings, Problem
from .settings import SETTINGS, Settings

FOR_VERIFIERS = ("ALLOWED_METHODS", "SELF_SIGNED_MATCH", "KEY_SETS", "TRUST_EITHER", "MIN_KEY_BITS")
_DEFAULTS: Mapping[str, Any] = {
    "ALLOWED_METHODS": AUTH_METHODS,
    "SELF_SIGNED_MATCH": "public_key",
    "TRUST_EITHER": False,
    "MIN_KEY_BITS": DEFAULT,
    "VERBOSITY": "normal",
    "MAX_BODY": MAX_BODY,
    "MAX_CERTIFICATE": MAX_CERTIFICATE,
    "PREFLIGHT": False,
}
_CHECKS: Mapping[str, Callable[[Any], None]] = {
    "REALM": partial(check_challenge, scope=None),
    "VERBOSITY": check_verbosity,
    "PREFLIGHT": partial(check_flag, "preflight"),
}
"""Of settings that no constructor of a guard or verifier takes."""
Made = TypeVar("Made")


def read_settings(given: Mapping[str, object], folder: str = "") -> Settings:
    """Read the settings; an adapter may have the clients elsewhere.

    Args:
        given: each of :data:`SETTINGS` by its name, and ``CLIENTS``; one that is missing or None has its default, and
            other names are left alone.
        folder: where a relative path starts.

    Raises:
        InvalidSettings: If some of them are wrong.
    """
    return make_guard({"CLIENTS": {}, **given}, folder)[0]


def make_guard(
    given: Mapping[str, object],
    folder: str = "",
    *,
    verifier: Verifier | None = None,
    observers: Iterable[Observer] = (),
) -> tuple[Settings, Guard]:
    """Read the settings, and make the guard from them.

    Args:
        given: as in :func:`read_settings`.
        folder: where a relative path starts.
        verifier: the application's own, which decides where no ``CLIENTS`` are given.
        observers: the adapter's own.

    Raises:
        InvalidSettings: If some of them are wrong, or change nothing.
    """
    present: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    problems: list[Problem] = []
    read: dict[str, Any] = {name.lower(): _read(reader, present, folder, problems) for name, reader in READERS.items()}
    plain = {name.lower(): present.get(name, default) for name, default in _DEFAULTS.items()}
    problems += _idle(present, verifier)
    clients = read.pop("clients")
    if "CLIENTS" in present:
        verifier = _verifier(clients, read, plain, problems)
    guard = _guard(read, plain, verifier, observers, problems)
    for name, check in _CHECKS.items():
        problems += _problems_of(check, present.get(name, _DEFAULTS.get(name)))
    if problems or guard is None:
        raise InvalidSettings(problems)
    plain["allowed_methods"] = tuple(plain["allowed_methods"])
    return Settings(**read, **plain, realm=present.get("REALM")), guard


def _verifier(clients: Any, read: Given, plain: Given, problems: list[Problem]) -> Verifier | None:
    names = ["allowed_methods", "self_signed_match", "trust_either", "min_key_bits"]
    if any(problem.name == "TRUST" for problem in problems):
        names.remove("trust_either")
    options = {name: plain[name] for name in names} | {name: read[name] for name in ("trust", "key_sets")}
    return _made(partial(Verifier, {} if clients is None else clients), options, problems, "CLIENTS")


def _guard(
    read: Given, plain: Given, verifier: Verifier | None, observers: Iterable[Observer], problems: list[Problem]
) -> Guard | None:
    options = {
        "verifier": verifier,
        "tokens": read["tokens"],
        "dpop": read["dpop"],
        "observers": (*observers, *(read["observers"] or ())),
        "max_body": plain["max_body"],
        "max_certificate": plain["max_certificate"],
        "trust": read["trust"] if verifier is None else None,
    }
    source = read["source"] or sources.mod_ssl()  # one that is wrong or missing has been noted
    return _made(partial(Guard, source), options, problems, "SOURCE")


def _idle(present: Given, own: Verifier | None) -> list[Problem]:
    """Return the settings of a verifier where the settings make none."""
    if "CLIENTS" in present:
        return []
    # A verifier of the application's own has a trust store of its own; without any, TRUST is for certificates alone.
    names = (*FOR_VERIFIERS, "TRUST") if own is not None else FOR_VERIFIERS
    text = "does nothing where no clients are set: give it to the Verifier."
    return [Problem(name, text) for name in names if name in present]


def _made(make: Callable[..., Made], options: Given, problems: list[Problem], blamed: str) -> Made | None:
    """Make an object without the options that it rejects, and note all of those."""
    left = dict(options)
    while True:
        try:
            return make(**left)
        except InvalidOption as error:
            problems.append(_problem(error))
            if error.option not in left:
                return None
            del left[error.option]
        except (ValueError, TypeError) as error:
            problems.append(Problem(blamed, f"cannot be used with these settings: {error}"))
            return None


def _problem(error: InvalidOption) -> Problem:
    name = error.option.upper()
    # As settings, these have more forms than as options: a preset's name, a dict.
    forms = SETTINGS[name].partition(": ")[2] if name in ("SOURCE", "KEY_SETS", "DPOP") else ""
    return Problem(name, f"{error.problem} Give {forms}." if forms else error.problem)


def _problems_of(check: Callable[[Any], None], value: object) -> list[Problem]:
    try:
        check(value)
    except InvalidOption as error:
        return [_problem(error)]
    return []


def _read(reader: Reader, present: Given, folder: str, problems: list[Problem]) -> Any:
    try:
        return reader(present, folder)
    except InvalidSettings as error:
        problems += error.problems
        return None
