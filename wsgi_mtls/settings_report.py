"""What an operator is told of the settings: which are in force, misspelt or dangerous."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path

from .clients import AUTH_METHODS, CertificateRegistry, MappingRegistry
from .settings import InvalidSetting, Settings
from .sources import GuardedSource
from .sources.partial_chains import may_accept_partial_chains
from .verifier import Verifier

PARTIAL_CHAINS = (
    "has both methods, and the TLS terminator of SOURCE may accept partial chains: it then reports success for every "
    "certificate in its CA file, whatever names that holds. Put no self-signed client's certificate into the CA file, "
    "or allow one method and give each a virtual host and CA file of its own."
)
"""What to know of a source whose terminator may accept partial chains, where both methods are allowed."""

UNSHARED_PROOFS = (
    "remembers used proofs in this process: where several serve, each accepts a proof once. Give it a store that they "
    "share, or MemoryStore(evicts=False) if there is one process."
)
"""What to know of a DPoP without a store, which the operator may not have thought of."""


def misspelt(given: Collection[object], known: Collection[str], prefix: str = "") -> list[str]:
    """Return a line for each name with this prefix that nobody knows and that looks like one of the known."""
    unknown = [name for name in map(str, given) if name.startswith(prefix) and name not in known]
    near = {name: get_close_matches(name, known, 1, 0.75) for name in unknown}
    return [f"{name} is not a setting; did you mean {found[0]}?" for name, found in near.items() if found]


def searchable(verifier: Verifier | None) -> bool:
    """Tell whether the client of a certificate can be found where there are clients, for plain mutual TLS."""
    return verifier is None or isinstance(getattr(verifier, "_clients", None), CertificateRegistry)


def registration_warnings(verifier: Verifier | None) -> tuple[str, ...]:
    """Return a sentence for each registered key that authenticates nothing, where clients are in memory."""
    registry = getattr(verifier, "_clients", None)
    return registry.warnings() if isinstance(registry, MappingRegistry) else ()


def risks(settings: Settings, *, debug: bool) -> list[InvalidSetting]:
    """Return the settings that are allowed and dangerous, each with what it lets happen.

    Args:
        settings: as :func:`read_settings` returned them.
        debug: whether the application is being developed, so that nobody else calls it.
    """
    found = []
    if settings.verbosity == "debug" and not debug:
        found.append(InvalidSetting("VERBOSITY", "is debug: refusals tell callers why. Use normal."))
    source = settings.source
    if isinstance(source, GuardedSource) and source.trusts({}):  # a request that comes from nowhere, without a secret
        problem = "is any: whoever reaches this app can send a certificate header."
        found.append(InvalidSetting("TRUSTED_PROXIES", problem))
    if settings.dpop is not None and not settings.dpop.is_shared:
        found.append(InvalidSetting("DPOP", UNSHARED_PROOFS))
    if accepts_both_by_partial_chains(settings):
        found.append(InvalidSetting("ALLOWED_METHODS", PARTIAL_CHAINS))
    return found


def accepts_both_by_partial_chains(settings: Settings) -> bool:
    """Return whether a certificate that is registered as self-signed may come back as one that a CA issued."""
    return set(settings.allowed_methods) == set(AUTH_METHODS) and may_accept_partial_chains(settings.source)


def in_force(given: Mapping[str, object], settings: Settings, verifier: Verifier | None) -> dict[str, str]:
    """Return what is in force, defaults too, to be printed: no secret of a proxy or client is in it.

    Args:
        given: to :func:`read_settings`, and ``CLIENTS``.
        settings: what that returned.
        verifier: what decides who a client is; one of the application's own where no clients are given.
    """
    read = {name.upper(): getattr(settings, name) for name in Settings.__slots__ if name != "source"}
    source = given.get("SOURCE")
    inside = {"TRUSTED_PROXIES": source.get("trusted_proxies")} if isinstance(source, Mapping) else {}
    found = {name: _shown(value) for name, value in {**given, **read, **inside}.items()}
    if verifier is not None and given.get("CLIENTS") is None:
        found |= dict.fromkeys(("CLIENTS", "ALLOWED_METHODS", "SELF_SIGNED_MATCH", "KEY_SETS"), "(the verifier's)")
    return found


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        preset = value.get("preset")
        return f"{{'preset': {preset!r}, …}}" if isinstance(preset, str) else f"({len(value)} entries)"
    return repr(value) if isinstance(value, str | int | list | tuple | Path | None) else f"({type(value).__name__})"
