"""Each example in turn, under names that only this machine resolves."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wsgi_mtls.cli.terminators import LOOPBACK, TLSFiles

from .examples import EXAMPLES
from .server import Server


@pytest.fixture(scope="session")
def prepared() -> Iterator[Path]:
    """The folder that the OAuth Toolkit example makes: a database, a CA, and a certificate for each client."""
    from tests.oauth_toolkit.e2e.process import prepared

    with prepared() as folder:
        yield folder


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest, prepared: Path) -> Iterator[Server]:
    """The example that a test names."""
    files = TLSFiles(*(prepared / name for name in ("server.pem", "server.key", "ca.pem", "ca.pem")))
    with EXAMPLES[request.param](prepared, files) as server:
        yield server


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The same, with its hosts on this machine and without what the environment has for HTTP clients."""

    def here(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (LOOPBACK, running.port))]

    monkeypatch.setattr(socket, "getaddrinfo", here)
    monkeypatch.setenv("NO_PROXY", "*")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    return running
