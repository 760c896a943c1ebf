"""A secret that only the proxy knows, in a header of its own."""

import hmac
import secrets
from typing import TYPE_CHECKING

from .keys import environ_key

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Secret = tuple[str, str]
"""A header name and the value that only the proxy knows."""

_SENT = "wsgi_mtls.secrets_sent"
_DIGEST_KEY = secrets.token_bytes(32)


def takes_secret(environ: "WSGIEnvironment", secret: Secret) -> bool:
    """Return in constant time whether the request has the secret, and remove it.

    The application, its logs and its error pages have no use for it. A digest under a key that only this process has is
    left for a layer that asks again in this request.

    Args:
        environ: the request; ``wsgi_mtls.secrets_sent`` is there afterwards, which no header can make.
        secret: the header and the value that it must have.
    """
    name, value = secret
    key = environ_key(name)
    sent: dict[str, bytes] = environ.get(_SENT, {})
    if key in environ:
        octets = str(environ.pop(key)).encode("latin-1", "replace")
        sent = environ[_SENT] = {**sent, key: _digest(octets)}
    return hmac.compare_digest(sent.get(key, b""), _digest(value.encode()))


def checked_secret(secret: Secret | None) -> Secret | None:
    """Check the option ``secret``.

    Raises:
        ValueError: If it is not a header name with a value that a header can carry.
    """
    if secret is None:
        return None
    if not isinstance(secret, tuple | list) or len(secret) != 2 or not all(isinstance(part, str) for part in secret):
        raise ValueError('secret must be a header name and its value: ("X-Proxy-Auth", "…").')
    name, value = secret
    if not value or not value.isprintable() or value != value.strip():
        raise ValueError(
            "secret must have a value of printable characters, without spaces around it: no other arrives."
        )
    return name, value


def _digest(octets: bytes) -> bytes:
    return hmac.digest(_DIGEST_KEY, octets, "sha256")
