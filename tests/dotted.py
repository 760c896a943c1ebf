"""Objects that settings name by their dotted paths, in every framework."""

from collections.abc import Mapping
from typing import Any

from wsgi_mtls import Event, sources
from wsgi_mtls.clients import MappingRegistry
from wsgi_mtls.clients.jwks_uri import KeySets
from wsgi_mtls.store import MemoryStore
from wsgi_mtls.testing import make_ca
from wsgi_mtls.tokens import DPoP
from wsgi_mtls.trust import TrustStore

HERE = __name__


class Tokens:
    """Knows no token."""

    def decode(self, token: str, /) -> Mapping[str, object]:
        raise AssertionError(token)


source: Any = sources.mod_ssl()
clients = MappingRegistry({"billing": {}})
trust = TrustStore.from_certificates([make_ca().certificate])
key_sets = KeySets()
store = MemoryStore(evicts=False)
dpop = DPoP("https://api.example.com", store=store)
tokens = Tokens()
seen: list[Event] = []
observer = seen.append

SETTINGS: Mapping[str, Any] = {
    "SOURCE": f"{HERE}.source",
    "TRUST": f"{HERE}.trust",
    "KEY_SETS": f"{HERE}.key_sets",
    "TOKENS": f"{HERE}.tokens",
    "DPOP": f"{HERE}.dpop",
    "OBSERVERS": [f"{HERE}.observer"],
}
"""Each setting that takes an object, and that every framework has."""

NOWHERE = ["nowhere.at.all", f"{HERE}.Nothing"]


def refused(path: str) -> str:
    """Return how the problem with a path begins that names nothing."""
    return f"is {path!r}, and cannot be imported: "
