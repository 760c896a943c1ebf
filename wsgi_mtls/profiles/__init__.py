"""The requirements of a security profile, as far as a server's metadata show them."""

from .fapi2 import check_fapi2
from .finding import ProfileFinding

__all__ = ["ProfileFinding", "check_fapi2"]
