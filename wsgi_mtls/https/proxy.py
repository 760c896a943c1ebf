"""Which proxy leads to a URL."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from .destinations import Target

ENVIRONMENT = "environment"
"""The value that takes the proxy from ``HTTPS_PROXY`` and ``NO_PROXY``."""


def proxy_for(proxy: str | None, target: Target) -> str | None:
    """Return the URL of the proxy to a target, or None for a direct connection.

    Args:
        proxy: its http or https URL; or ``"environment"``; or None.
        target: where it should lead.

    Raises:
        ValueError: If it is another URL.
    """
    if proxy == ENVIRONMENT:
        proxy = None if proxy_bypass(target.host) else getproxies().get("https")
    if proxy is None:
        return None
    parts = urlsplit(proxy)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f'proxy must be an http or https URL, or "environment", not {_without_password(proxy)!r}.')
    return proxy


def _without_password(proxy: str) -> str:
    return proxy.rpartition("@")[2]
