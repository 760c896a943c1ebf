"""The example, in a process of its own, behind real servers."""

import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.flask.attack_rows import DN
from wsgi_mtls.testing import KeyPair, self_sign, to_pem

from .servers import CASES, Behind, serving
from .visitor import EXAMPLE, example


@pytest.fixture(scope="session")
def database() -> None:
    """No database of our own: the example has one."""


@pytest.fixture(autouse=True)
def _rollback() -> None:
    """Nothing to roll back."""


@pytest.fixture(scope="session")
def bundled() -> KeyPair:
    """A self-signed certificate with a PKI client's name, which itself stands in the terminator's CA bundle."""
    return self_sign(DN)


@pytest.fixture(scope="session")
def data(ca: KeyPair, bundled: KeyPair) -> Iterator[Path]:
    """The example's certificates and database, where a server that gave up root's rights reaches them."""
    with TemporaryDirectory(prefix="wsgi-mtls-django-") as folder:
        path = Path(folder)
        runpy.run_path(str(EXAMPLE / "run.py"))["make_certificates"](path, ca)
        with (path / "ca.pem").open("ab") as bundle:
            bundle.write(to_pem(bundled.certificate))
        subprocess.run([sys.executable, EXAMPLE / "run.py", "--data", folder, "--prepare"], check=True)
        for file in (path, *path.iterdir()):
            file.chmod(0o777 if file.is_dir() else 0o666)
        yield path


@pytest.fixture(scope="session", params=["run.py", *CASES])
def behind(request: pytest.FixtureRequest, data: Path) -> Iterator[Behind]:
    case = CASES.get(request.param)
    if case is None:
        with example(data) as port:
            yield Behind(data, port, None)
        return
    skip_without(case.missing())
    with TemporaryDirectory(prefix="wsgi-mtls-django-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with serving(case, data, folder) as (port, app_port):
            yield Behind(data, port, case, app_port)


@pytest.fixture(scope="module")
def example_port(data: Path) -> Iterator[int]:
    with example(data) as port:
        yield port


def skip_without(missing: str | None) -> None:
    """Skip the test that misses something, or fail where nothing may be missing."""
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
