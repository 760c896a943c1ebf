"""The URLs that an operator configures: https, and nothing hidden in them."""

from urllib.parse import SplitResult, urlsplit


def https_url(url: str) -> SplitResult:
    """Read an https URL.

    Raises:
        ValueError: If it is not an https URL with a host, or has user information, a fragment, white space or controls.
    """
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or any(c in url for c in ' "\\<>'):
        raise ValueError(f"{url!r} is not a URL.")
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.port == 0:
        raise ValueError(f"{url!r} must be an https URL with a host.")
    if "@" in parts.netloc or "#" in url:
        raise ValueError(f"{url!r} must have no user information and no fragment.")
    return parts
