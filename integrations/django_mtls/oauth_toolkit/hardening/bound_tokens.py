"""Bound tokens that OAuth Toolkit accepts as bearer tokens.

It does so where it asks no validator of the settings. Its decorators name a validator of their own, its remote
introspection and its introspection view drop ``cnf``, and with OpenID Connect it takes an ID token for an access token.
All of them ask the token's ``is_valid``, or the ID token's ``allow_scopes``: both are false for a bound token as long
as nothing has looked at the certificate.

Needed up to OAuth Toolkit 3.4, the newest release. The methods are replaced on the models that the settings name, since
a project's tables are of these models, and a subclass would not be theirs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from oauth2_provider.settings import oauth2_settings

from ..confirmations import claims_of, is_told
from ..registrations import gets_bound_tokens

_LOOKING: ContextVar[bool] = ContextVar("django_mtls.looking_at_the_confirmation", default=False)
_VERIFIED = "mtls_confirmation_is_verified"


@contextmanager
def looking_at_confirmation() -> Iterator[None]:
    """Mark a block that verifies what its tokens are bound to, or reports it."""
    token = _LOOKING.set(True)
    try:
        yield
    finally:
        _LOOKING.reset(token)


def mark_verified(access_token: Any) -> None:
    """Mark exactly this row as verified, for permissions that check it again."""
    setattr(access_token, _VERIFIED, True)


def guard_access_tokens(model: Any) -> None:
    """Put the guard on the model of access tokens."""
    is_valid = model.is_valid

    @wraps(is_valid)
    def guarded(self: Any, *args: Any, **options: Any) -> Any:
        valid = is_valid(self, *args, **options)
        if not valid or not is_told(self):
            return False
        return _LOOKING.get() or getattr(self, _VERIFIED, False) or not claims_of(self)

    _replace(model, "is_valid", guarded)


def guard_id_tokens(model: Any) -> None:
    """Guard the model of ID tokens, which OAuth Toolkit accepts as access tokens."""
    allow_scopes = model.allow_scopes

    @wraps(allow_scopes)
    def guarded(self: Any, *args: Any, **options: Any) -> Any:
        return allow_scopes(self, *args, **options) and (_LOOKING.get() or not _all_are_bound(self.application))

    _replace(model, "allow_scopes", guarded)


def _all_are_bound(application: Any) -> bool:
    validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS
    by_setting = (getattr(validator, name, False) for name in ("bind_all_tokens", "binding_required"))
    return any(by_setting) or gets_bound_tokens(application)


def _replace(model: Any, name: str, guarded: Any) -> None:
    if not getattr(getattr(model, name), "guards_confirmation", False):
        guarded.guards_confirmation = True
        setattr(model, name, guarded)
