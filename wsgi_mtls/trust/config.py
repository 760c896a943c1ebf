"""A trust store from a setting.

The setting is a path, a dict of a path and options, or an object.
"""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from .store import TrustStore


def from_config(value: Any) -> Any:
    """Return the trust store that a setting names, or a function that returns it.

    None without the setting.

    Raises:
        ValueError: If it is something else, or the trust store cannot be made.
    """
    if value is None or isinstance(value, TrustStore) or (callable(value) and not isinstance(value, type)):
        return value
    options = dict(value) if isinstance(value, Mapping) else {"path": value}
    path = options.pop("path", None)
    if not isinstance(path, str | PathLike) or not str(path):
        raise ValueError(f"is {value!r}: give a path, {{'path': …, **options}} or a TrustStore.")
    try:
        make = TrustStore.from_directory if Path(path).is_dir() else TrustStore.from_file
        return make(path, **options)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"cannot be used: {error}") from error


def in_folder(value: Any, folder: str) -> Any:
    """Return the value of a setting with its relative paths joined to a folder.

    Args:
        value: what :func:`from_config` takes.
        folder: where a relative path starts.
    """
    if isinstance(value, str | Path) and str(value):
        return Path(folder, value)
    if not isinstance(value, Mapping):
        return value
    joined = dict(value)
    if isinstance(path := value.get("path"), str | Path) and str(path):
        joined["path"] = Path(folder, path)
    if crls := value.get("crls"):
        joined["crls"] = [Path(folder, place) for place in ([crls] if isinstance(crls, str | PathLike) else crls)]
    return joined
