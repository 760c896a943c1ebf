"""Settings that name an object: ``"package.module.name"``."""

import re
from pathlib import Path
from pkgutil import resolve_name

_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
_FILES = frozenset({".json", ".toml", ".pem", ".crt", ".cer", ".der"})


def is_dotted(value: object, folder: str = "") -> bool:
    """Return whether a value names an object, and not a file.

    Args:
        value: of a setting.
        folder: where a relative path starts.
    """
    if not isinstance(value, str) or not _DOTTED.fullmatch(value):
        return False
    return Path(value).suffix not in _FILES and not Path(folder, value).exists()


def resolve(path: str) -> object:
    """Return the object of a dotted path.

    Raises:
        ValueError: If there is none; the message is to be read after the setting's name.
    """
    try:
        return resolve_name(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"is {path!r}, and cannot be imported: {error}. Write package.module.name.") from error
