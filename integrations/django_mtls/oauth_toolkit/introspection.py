"""Rights at the introspection endpoint (RFC 7662 section 4).

They decide which client may ask about which tokens.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

ALL = "*"
"""In the setting: the tokens of all clients, and those that came from another server."""


def may_introspect(asking: Any, token: Any) -> bool:
    """Return whether a client may ask about an access token.

    It may ask about its own, and about what the setting names.

    Args:
        asking: the application that asks, or None.
        token: the token's row.
    """
    if asking is None:
        return False
    allowed = _setting().get(asking.client_id, ())
    if allowed == ALL or token.application_id == asking.pk:
        return True
    owner = token.application
    return owner is not None and isinstance(allowed, list | tuple | set | frozenset) and owner.client_id in allowed


def check_setting() -> None:
    """Check ``OAUTH2_PROVIDER["MTLS_INTROSPECTION"]``.

    Raises:
        ImproperlyConfigured: If it does not map the ``client_id`` of each client that asks to those that it asks about.
    """
    given = getattr(settings, "OAUTH2_PROVIDER", {}).get(_NAME, {})
    if not isinstance(given, dict):
        raise ImproperlyConfigured(f"Expected a dict, found {given!r}.")
    for client_id, allowed in given.items():
        are_names = isinstance(allowed, list | tuple | set | frozenset) and all(isinstance(a, str) for a in allowed)
        if not isinstance(client_id, str) or not (allowed == ALL or are_names):
            raise ImproperlyConfigured(f'Expected a list of client_ids or "*" for {client_id!r}, found {allowed!r}.')


_NAME = "MTLS_INTROSPECTION"


def _setting() -> dict[str, Any]:
    given = getattr(settings, "OAUTH2_PROVIDER", {}).get(_NAME)
    return given if isinstance(given, dict) else {}
