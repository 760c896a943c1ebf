"""No bound token passes for a bearer token, whatever protects the resource.

OAuth Toolkit's decorators take no validator from the settings, and its introspection view drops ``cnf``. Both ask the
token's ``is_valid``: from here on, that is false for a bound token as long as nobody has looked at the certificate.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from .confirmations import claims_of, is_told

_LOOKING: ContextVar[bool] = ContextVar("django_mtls.looking_at_the_confirmation", default=False)
_VERIFIED = "mtls_confirmation_is_verified"


@contextmanager
def looking_at_confirmation() -> Iterator[None]:
    """Say that the code in this block verifies what its tokens are bound to, or tells it."""
    token = _LOOKING.set(True)
    try:
        yield
    finally:
        _LOOKING.reset(token)


def mark_verified(access_token: Any) -> None:
    """Say that this very row was verified, for permissions that ask it again."""
    setattr(access_token, _VERIFIED, True)


def guard(model: Any) -> None:
    """Put the guard on the model of access tokens."""
    is_valid = model.is_valid
    if getattr(is_valid, "guards_confirmation", False):
        return

    @wraps(is_valid)
    def guarded(self: Any, *args: Any, **options: Any) -> Any:
        valid = is_valid(self, *args, **options)
        if not valid or not is_told(self):
            return False
        return _LOOKING.get() or getattr(self, _VERIFIED, False) or not claims_of(self)

    guarded.guards_confirmation = True  # type: ignore[attr-defined]  # asked above
    model.is_valid = guarded
