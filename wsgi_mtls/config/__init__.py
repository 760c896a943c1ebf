"""The way from a framework's settings to a guard.

All that is wrong with the settings is reported at once.
"""

from .objects import Clients, Source
from .problems import InvalidSettings, Problem, misspelt
from .reading import make_guard, read_settings
from .report import (
    NEVER_VERIFIES,
    PARTIAL_CHAINS,
    UNSHARED_PROOFS,
    accepts_both_by_partial_chains,
    in_force,
    never_verifies,
    risks,
)
from .settings import SETTINGS, Settings

__all__ = [
    "NEVER_VERIFIES",
    "PARTIAL_CHAINS",
    "SETTINGS",
    "UNSHARED_PROOFS",
    "Clients",
    "InvalidSettings",
    "Problem",
    "Settings",
    "Source",
    "accepts_both_by_partial_chains",
    "in_force",
    "make_guard",
    "misspelt",
    "never_verifies",
    "read_settings",
    "risks",
]
