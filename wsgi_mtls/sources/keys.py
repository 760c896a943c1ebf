"""Header names as environ keys, and the values that mean that a header is absent."""

import re
from collections.abc import Sequence

ABSENT = frozenset({None, "", "(null)", "::"})
"""The values that mean that there is nothing: terminators write them where they do not leave the header out."""

_HEADER_NAME = re.compile("[A-Za-z0-9-]+")


def environ_key(name: str) -> str:
    """Return the environ key of a header (PEP 3333)."""
    return "HTTP_" + name.upper().replace("-", "_")


def environ_keys(names: Sequence[str], *, underscores_dropped: bool) -> tuple[str, ...]:
    """Return the environ keys of headers that only the terminator may set.

    Args:
        names: the headers.
        underscores_dropped: whether the terminator or the server drops headers with underscores.

    Raises:
        ValueError: If a name is not that of a header, is repeated, or has a hyphen although a client could send it with
            an underscore.
    """
    if not isinstance(underscores_dropped, bool):
        raise ValueError("underscores_dropped must be True or False, without quotes.")
    for name in names:
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"Expected a header name of letters, digits and hyphens, found {name!r}.")
        if "-" in name and not underscores_dropped:
            raise ValueError(
                f"{name} has hyphens: with underscores instead, a client could send it past a terminator that "
                f"overwrites only {name}. Use a name without hyphens ({name.replace('-', '')}), or make the terminator "
                "or the server drop headers with underscores and set underscores_dropped=True."
            )
    keys = tuple(map(environ_key, names))
    if repeated := [name for name, key in zip(names, keys, strict=True) if keys.count(key) > 1]:
        raise ValueError(f"{', '.join(repeated)}: each option needs a header of its own.")
    return keys
