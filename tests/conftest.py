"""Fixtures that many tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

from wsgi_mtls.testing import KeyPair, make_ca

# No deadline: how long an example takes says how busy the machine is. The same examples in each run, so that one that
# fails is of the change at hand; `--hypothesis-profile=default` looks for others.
settings.register_profile("patient", deadline=None, derandomize=True)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def ca() -> KeyPair:
    """A root CA that the terminator trusts."""
    return make_ca("CN=Test CA")


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of Node's programs, with the npm packages that they use: installed once in a run."""
    from tests.e2e.node import install

    folder = tmp_path_factory.mktemp("node")
    install(folder)
    return folder
