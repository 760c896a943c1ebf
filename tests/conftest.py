"""Fixtures that many tests share."""

import pytest

from wsgi_mtls.testing import KeyPair, make_ca


@pytest.fixture(scope="session")
def ca() -> KeyPair:
    """A root CA that the terminator trusts."""
    return make_ca("CN=Test CA")
