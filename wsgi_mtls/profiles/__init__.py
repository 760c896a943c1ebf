"""The requirements of a security profile on a server's metadata."""

from .fapi2 import check_fapi2
from .finding import ProfileFinding

__all__ = ["ProfileFinding", "check_fapi2"]
