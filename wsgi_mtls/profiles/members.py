"""The members of an untrusted metadata document, whatever their types."""

import json
from collections.abc import Mapping

Metadata = Mapping[str, object]

_LONGEST = 200


def texts(metadata: Metadata, name: str, default: tuple[str, ...] = ()) -> frozenset[str]:
    """Return a list of texts.

    If it is missing, return the default; if it is invalid, an empty list.
    """
    value = metadata.get(name, list(default))
    listed = value if isinstance(value, list) else []
    return frozenset(item for item in listed if isinstance(item, str))


def shown(metadata: Metadata, name: str) -> str:
    """Return what a member is, for people: in ASCII, and not too long."""
    return f"{name} is missing" if name not in metadata else pair(name, metadata[name])


def pair(name: str, value: object) -> str:
    """Return a name and its value, for people."""
    return f"{quoted(name)[1:-1]} is {quoted(value)}"


def quoted(value: object) -> str:
    """Return JSON in ASCII without control characters, shortened."""
    text = json.dumps(value).replace("\x7f", "\\u007f")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def is_https(value: object) -> bool:
    """Return whether a value is an https URL."""
    return isinstance(value, str) and value.lower().startswith("https://") and len(value) > len("https://")
