"""What a security profile asks of a server, as far as the server's metadata show it."""

from .fapi2 import check_fapi2
from .finding import ProfileFinding

__all__ = ["ProfileFinding", "check_fapi2"]
