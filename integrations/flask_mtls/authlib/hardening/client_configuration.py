"""Client configuration requests (RFC 7592) that Authlib handles wrongly.

It answers them with a 500, or takes them for others. HEAD has no answer, which Flask makes a ``TypeError``. A PUT of
``[]`` is an ``AttributeError``, one with ``{"client_secret": 7}`` is also one, and null is stored as it came. The
answer to a client without a secret has ``"client_secret": null``.

Needed up to Authlib 1.9, the newest release.
"""

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError

_OF_SECRETS = ("client_secret", "client_secret_expires_at")


def check_secret(given: Mapping[str, Any]) -> None:
    """Check that a secret can be compared.

    Raises:
        InvalidRequestError: If it is not a text.
    """
    secret = given.get("client_secret", "")
    if not isinstance(secret, str) or not secret.isascii():
        raise InvalidRequestError("client_secret must be the one that was issued.")


def without_missing_secret(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the registration for its client, without a missing secret.

    A client without a secret gets no members about secrets.
    """
    if info.get("client_secret"):
        return dict(info)
    return {name: value for name, value in info.items() if name not in _OF_SECRETS}
