"""Clients as the verifier judges them, from the metadata of their rows.

What was read before is not parsed again.
"""

import json
from collections.abc import Mapping
from functools import lru_cache

from wsgi_mtls.clients import Client

_LONGEST = 16384
"""The longest metadata that are remembered, in characters: 256 clients take 4 MiB at most, as text."""


def client_of(metadata: Mapping[str, object]) -> Client:
    """Return the client with exactly these metadata.

    The row is read anew for each request; a client is remembered by the whole content of its row.

    Raises:
        InvalidClientMetadata: If it can never authenticate.
    """
    try:
        text = json.dumps(metadata)
    except (TypeError, ValueError, RecursionError):  # a model of the project's own may return anything
        return Client.from_metadata(metadata)
    return _parsed(text) if len(text) <= _LONGEST else Client.from_metadata(metadata)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Client:
    return Client.from_metadata(json.loads(text))
