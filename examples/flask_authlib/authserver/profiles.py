"""The demands on clients: plain OAuth 2.0, or the FAPI 2.0 Security Profile.

``FLASK_PROFILE`` chooses between them.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app

MUTUAL_TLS = ("tls_client_auth", "self_signed_tls_client_auth")


@dataclass(frozen=True, slots=True)
class Profile:
    """The differences between the profiles.

    The rest is the same for all: PKCE with S256, ``iss``, codes of 60 seconds, exact redirect URIs.

    Attributes:
        other_methods: how clients may authenticate that are not registered for mutual TLS.
        binds_all_tokens: whether every token is bound to a certificate, not only those of clients registered so.
        pushed_only: whether an authorization request must be pushed, with its ``redirect_uri``.
        https_only: whether a redirect URI with ``http`` must lead to the user's own machine.
    """

    other_methods: tuple[str, ...] = ("client_secret_basic", "none")
    binds_all_tokens: bool = False
    pushed_only: bool = False
    https_only: bool = False

    @property
    def confidential_methods(self) -> tuple[str, ...]:
        """The other methods that authenticate a client."""
        return tuple(method for method in self.other_methods if method != "none")


PROFILES = {
    "plain": Profile(),
    "fapi2": Profile(other_methods=(), binds_all_tokens=True, pushed_only=True, https_only=True),
}


def profile() -> Profile:
    """Return that of the current app."""
    return PROFILES[current_app.config["PROFILE"]]


def is_allowed_redirect_uri(uri: str) -> bool:
    """Return whether answers may be sent there; each must also be registered exactly."""
    try:
        parts = urlsplit(uri)
    except ValueError:  # such as https://[
        return False
    is_loopback = parts.hostname in ("127.0.0.1", "::1") and "@" not in parts.netloc  # RFC 8252 section 7.3
    return not profile().https_only or parts.scheme == "https" or (parts.scheme == "http" and is_loopback)
