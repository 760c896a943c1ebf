"""What every preset for a header takes beside its own options."""

from collections.abc import Iterable
from typing import Required, TypedDict

from .secret import Secret


class Options(TypedDict, total=False):
    """The options of :func:`~wsgi_mtls.sources.header` that every preset hands on to it."""

    trusted_proxies: Required[str | Iterable[str]]
    secret: Secret | None
    chain_limit: int
    size_limit: int
    underscores_dropped: bool


class SharedOptions(TypedDict, total=False):
    """Those of a preset for a platform whose addresses all of its customers share: the secret is what counts."""

    secret: Required[Secret]
    trusted_proxies: str | Iterable[str]
    chain_limit: int
    size_limit: int
    underscores_dropped: bool


def check_secret(platform: str, options: SharedOptions) -> None:
    """Refuse a shared platform without a secret.

    Raises:
        ValueError: none is given.
    """
    if not options.get("secret"):
        raise ValueError(
            f"{platform}'s addresses are those of all its customers: have it add a header with a secret, and give it: "
            'secret=("X-Proxy-Auth", "…").'
        )
