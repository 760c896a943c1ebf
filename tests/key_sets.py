"""A server where clients publish their certificates, and how an authorization server of the tests fetches them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.tokens import JSONServer, json_response, json_server
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair


class Published:
    """What is published.

    Attributes:
        metadata: of a client that publishes here.
        options: of ``KeySets``, with which it is fetched.
    """

    def __init__(self, server: JSONServer) -> None:
        self.server = server
        self.metadata = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": server.url}
        self.options: dict[str, Any] = {
            "ca_file": server.folder / "ca.pem",
            "allowed_networks": ["127.0.0.1/32"],
            "any_port": True,
        }

    def replace(self, *pairs: KeyPair) -> None:
        """Publish these certificates instead."""
        keys = [jwk(pair.certificate) for pair in pairs]
        self.server.answer = lambda _: json_response({"keys": keys})

    @property
    def fetches(self) -> int:
        """How often the set was fetched."""
        return len(self.server.asked)


@contextmanager
def publishing(*pairs: KeyPair) -> Iterator[Published]:
    """Publish these certificates while the block lasts."""
    with TemporaryDirectory() as folder, json_server(Path(folder), lambda _: json_response({})) as server:
        published = Published(server)
        published.replace(*pairs)
        yield published
