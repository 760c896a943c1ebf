"""Registered clients in a file."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from ..errors import InvalidClientMetadata


def load_clients(path: Path) -> Mapping[str, Mapping[str, object]]:
    """Read clients for a registry from a ``.json`` or ``.toml`` file.

    The file maps ``client_id`` to metadata (RFC 7591).

    Raises:
        OSError: If the file can't be read.
        InvalidClientMetadata: If it does not contain such a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
        loaded: object = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise InvalidClientMetadata(f"{path}: {error}") from None
    if not isinstance(loaded, dict):
        raise InvalidClientMetadata(f"{path} must hold one object: client_id to metadata.")
    return loaded
