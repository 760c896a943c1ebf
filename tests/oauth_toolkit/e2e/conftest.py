"""The example, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "django_oauth_server"


@pytest.fixture(scope="session")
def database() -> None:
    """No database of our own: the example has one."""


@pytest.fixture(autouse=True)
def _rollback() -> None:
    """Nothing to roll back."""


@pytest.fixture(autouse=True)
def _project() -> None:
    """No settings to change."""


def environment(data: Path, **variables: str) -> dict[str, str]:
    """Return the variables with which the example runs."""
    own = {"OAUTH_DATA": str(data), "DJANGO_SETTINGS_MODULE": "authserver.settings", "PYTHONPATH": str(EXAMPLE)}
    return {**os.environ, **own, **variables}


@pytest.fixture(scope="session")
def data() -> Iterator[Path]:
    """The example's certificates and database, where a server that gave up root's rights reaches them."""
    with TemporaryDirectory(prefix="wsgi-mtls-oauth-") as folder:
        path = Path(folder)
        command = [sys.executable, str(EXAMPLE / "run.py"), "--data", folder, "--prepare"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for file in (path, *path.iterdir()):
            file.chmod(0o777 if file.is_dir() else 0o666)
        yield path


@contextmanager
def example(data: Path, port: int, **variables: str) -> Iterator[None]:
    """Run ``run.py``, the one command, until the block ends."""
    command = [sys.executable, str(EXAMPLE / "run.py"), "--data", str(data), "--port", str(port)]
    environ = {**os.environ, **variables}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("https://")
            yield
        finally:
            process.terminate()
