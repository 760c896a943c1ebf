from collections.abc import Callable, Iterator

import pytest

from wsgi_mtls.testing import KeyPair, Profile

from .authserver import AuthServer, close_databases, make_authserver, metadata


@pytest.fixture(autouse=True)
def _closed_databases() -> Iterator[None]:
    yield
    close_databases()


@pytest.fixture
def make(mobile: KeyPair) -> Callable[..., AuthServer]:
    """The Authlib example with its clients; keywords are settings."""
    return lambda **config: AuthServer(make_authserver(metadata(mobile), **config))


@pytest.fixture
def new(ca: KeyPair) -> KeyPair:
    """A certificate for the client that the tests of registrations register."""
    return ca.issue("CN=new", Profile(san_dns=["new.example.com"]))
