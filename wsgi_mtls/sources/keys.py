"""Header names as environ keys, and the values that mean that a header is absent."""

import re
from collections.abc import Sequence

ABSENT = frozenset({None, "", "(null)", "::"})
"""The values that mean that there is nothing: terminators write them where they do not leave the header out."""

_HEADER_NAME = re.compile("[A-Za-z0-9_-]+")


def environ_key(name: str) -> str:
    """Return the environ key of a header (PEP 3333)."""
    return "HTTP_" + name.upper().replace("-", "_")


def environ_keys(names: Sequence[str], *, underscores_dropped: bool, hyphens_dropped: bool = False) -> tuple[str, ...]:
    """Return the environ keys of headers that only the terminator may set.

    Args:
        names: the headers.
        underscores_dropped: whether the terminator or the server drops headers with underscores.
        hyphens_dropped: whether one of them drops every spelling with hyphens of the names with underscores.

    Raises:
        ValueError: If a name is not that of a header, is repeated, or has a hyphen or an underscore although a client
            could send it with the other.
    """
    if not isinstance(underscores_dropped, bool) or not isinstance(hyphens_dropped, bool):
        raise ValueError("underscores_dropped and hyphens_dropped must be True or False, without quotes.")
    for name in names:
        _check_name(name, underscores_dropped, hyphens_dropped)
    keys = tuple(map(environ_key, names))
    if repeated := [name for name, key in zip(names, keys, strict=True) if keys.count(key) > 1]:
        raise ValueError(f"{', '.join(repeated)}: each option needs a header of its own.")
    return keys


def _check_name(name: str, underscores_dropped: bool, hyphens_dropped: bool) -> None:
    if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name) or ("-" in name and "_" in name):
        raise ValueError(
            f"Expected a header name of letters and digits, with hyphens or with underscores, found {name!r}."
        )
    if "-" in name and not underscores_dropped:
        raise ValueError(
            f"{name} has hyphens: with underscores instead, a client could send it past a terminator that "
            f"overwrites only {name}. Use a name without hyphens ({name.replace('-', '')}), or make the terminator "
            "or the server drop headers with underscores and set underscores_dropped=True."
        )
    if "_" in name and not hyphens_dropped:
        raise ValueError(
            f"{name} has underscores: with hyphens instead, a client could send it past a terminator that overwrites "
            f"only {name}. Have the terminator send it under a header name without underscores "
            f"({name.replace('_', '')}), or make it drop every spelling with hyphens and set hyphens_dropped=True."
        )
