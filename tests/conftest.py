"""Fixtures that many tests share."""

import pytest
from hypothesis import settings

from wsgi_mtls.testing import KeyPair, make_ca

# No deadline: how long an example takes says how busy the machine is.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def ca() -> KeyPair:
    """A root CA that the terminator trusts."""
    return make_ca("CN=Test CA")
