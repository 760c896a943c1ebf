"""A report of the settings for the operator: their values, and the risky ones."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from ..clients import AUTH_METHODS
from ..sources import CertificateSource, GuardedSource
from ..sources.partial_chains import may_accept_partial_chains
from ..sources.proxies import GuardedHeaders
from ..sources.source import FirstOf
from ..verifier import Verifier
from .problems import Problem
from .reading import FOR_VERIFIERS
from .settings import Settings

PARTIAL_CHAINS = (
    "has both methods, and the TLS terminator of SOURCE may accept partial chains: it then reports success for every "
    "certificate in its CA file, whatever names that holds. Put no self-signed client's certificate into the CA file, "
    "or allow one method and give each a virtual host and CA file of its own."
)
"""A warning about a terminator that may accept partial chains, where both methods are allowed."""

NEVER_VERIFIES = (
    "never reports that a chain was validated, so every certificate of a CA is refused (chain_not_verified). If the "
    "terminator rejects what it cannot validate, set terminator_verifies=True in a preset that has this option; or "
    "validate chains here with TRUST; or allow self_signed_tls_client_auth alone."
)
"""What to know of a source for which :func:`never_verifies` is true, where certificates of CAs are to be accepted."""

UNSHARED_PROOFS = (
    "remembers used proofs in this process: where several serve, each accepts a proof once. Give it a store that they "
    "share, or MemoryStore(evicts=False) if there is one process."
)
"""What to know of a DPoP without a store, which the operator may not have thought of."""


def risks(settings: Settings, *, debug: bool) -> list[Problem]:
    """Return the allowed but risky settings, each with what it makes possible.

    Args:
        settings: as they were read.
        debug: whether the application is being developed, so that only its developer calls it.
    """
    found = []
    if settings.verbosity == "debug" and not debug:
        found.append(Problem("VERBOSITY", "is debug: callers learn why they are refused. Use normal."))
    source = settings.source
    if isinstance(source, GuardedSource) and source.trusts({}):  # a request without an address and without a secret
        problem = "is any: every caller of this app can send a certificate header."
        found.append(Problem("TRUSTED_PROXIES", problem))
    if settings.dpop is not None and not settings.dpop.is_shared:
        found.append(Problem("DPOP", UNSHARED_PROOFS))
    if accepts_both_by_partial_chains(settings):
        found.append(Problem("ALLOWED_METHODS", PARTIAL_CHAINS))
    return found


def accepts_both_by_partial_chains(settings: Settings) -> bool:
    """Return whether a terminator may report self-signed certificates as CA-issued."""
    return set(settings.allowed_methods) == set(AUTH_METHODS) and may_accept_partial_chains(settings.source)


def never_verifies(source: CertificateSource) -> bool:
    """Return whether a source never reports that the terminator validated a chain.

    Nothing is known of a function of the operator's own, so it is not reported.
    """
    if isinstance(source, FirstOf):
        return all(map(never_verifies, source.halves))
    return isinstance(source, GuardedHeaders) and not source.can_verify


def in_force(given: Mapping[str, object], settings: Settings, verifier: Verifier | None) -> dict[str, str]:
    """Return the settings with their defaults, to print, without secrets.

    The secrets are those of proxies and clients.

    Args:
        given: what the settings were read from.
        settings: as they were read.
        verifier: the verifier that authenticates clients; the application's own where no clients are given.
    """
    read = {field.name.upper(): getattr(settings, field.name) for field in fields(Settings) if field.name != "source"}
    source = given.get("SOURCE")
    inside = {"TRUSTED_PROXIES": source.get("trusted_proxies")} if isinstance(source, Mapping) else {}
    found = {name: _shown(value) for name, value in {**given, **read, **inside}.items()}
    if verifier is not None and given.get("CLIENTS") is None:
        found |= dict.fromkeys(("CLIENTS", "TRUST", *FOR_VERIFIERS), "(the verifier's)")
    return found


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        preset = value.get("preset")
        return f"{{'preset': {preset!r}, …}}" if isinstance(preset, str) else f"({len(value)} entries)"
    return repr(value) if isinstance(value, str | int | list | tuple | Path | None) else f"({type(value).__name__})"
