"""Validation of certificate paths in the application (RFC 5280 section 6)."""

from .crl import Revocation
from .requirements import Strength
from .snapshot import ValidatedPath
from .store import TrustStore

__all__ = ["Revocation", "Strength", "TrustStore", "ValidatedPath"]
