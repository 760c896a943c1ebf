"""The lines of each example's README, as a user types them where only the example's requirements are installed.

The ports are the only thing that differs: they are arguments in the README's own lines.
"""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest

from wsgi_mtls.cli.terminators import free_port

from .conftest import skip_without

ROOT = Path(__file__).parents[2]
DISTRIBUTION = ("wsgi_mtls", "integrations", "pyproject.toml", "setup.cfg", "setup.py", "README.md", "LICENSE")
BLOCK = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
UNWANTED = shutil.ignore_patterns("data", "instance", "__pycache__", "*.egg-info", "*.pem", "*.key")


@dataclass(frozen=True)
class Readme:
    """One example.

    Attributes:
        name: its folder.
        printed: what the commands of the second terminal print, among other things.
        production: a path that gunicorn answers, without a terminator before it.
    """

    name: str
    printed: tuple[str, ...]
    production: str


METADATA = "/.well-known/oauth-authorization-server"
READMES = (
    Readme("flask_authlib", ('{"client_id":"billing","user_id":null}', '"x5t#S256"', '{"active": false}'), METADATA),
    Readme("django_site", ("alice", '{"subject": "CN=billing"}', '"client_id": "billing"', "401"), "/health"),
    Readme("django_oauth_server", ('{"client_id":"billing","user":null}', "detail", '"x5t#S256"'), METADATA),
)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as users get it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in DISTRIBUTION:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=UNWANTED)
        else:
            shutil.copy(ROOT / name, source)
    environ = new_environment(folder, folder)
    subprocess.run(["pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, source], env=environ, check=True)
    return folder


def new_environment(folder: Path, wheels: Path) -> Mapping[str, str]:
    """Make a virtual environment; return the variables of a shell in which it is active."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FLASK_", "DJANGO_"))}
    path = os.pathsep.join([str(folder / "venv" / "bin"), os.environ["PATH"]])
    links = f"{wheels} {os.environ.get('PIP_FIND_LINKS', '')}"
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_QUIET": "1"}
    return {**kept, **quiet, "PATH": path, "VIRTUAL_ENV": str(folder / "venv"), "PIP_FIND_LINKS": links}


@contextmanager
def typed(commands: str, folder: Path, environ: Mapping[str, str], port: int) -> Iterator[None]:
    """Type commands, the last of which serves, and wait until it takes connections."""
    printed = folder / f"printed-{port}"
    with printed.open("w") as output:
        process = subprocess.Popen(
            ["sh", "-ec", commands], cwd=folder, env=environ, stdout=output, stderr=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 300  # pip included, on a busy machine
        while not takes_connections(port):
            assert time.monotonic() < deadline, printed.read_text()
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(timeout=0.1)
                raise AssertionError(f"ended with {status}: {printed.read_text()}")
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def takes_connections(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("localhost", port), timeout=5):
        return True
    return False


def index(port: int, ca: Path) -> tuple[int, str]:
    connection = HTTPSConnection("localhost", port, context=ssl.create_default_context(cafile=ca), timeout=30)
    connection.request("GET", "/", headers={"Accept": "text/html"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def status_of(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: readme.name)
def test_readme(readme: Readme, wheels: Path, tmp_path: Path) -> None:
    skip_without(None if shutil.which("curl") else "no curl")
    folder = tmp_path / "examples" / readme.name
    shutil.copytree(ROOT / "examples" / readme.name, folder, ignore=UNWANTED)
    port, app_port = free_port(), free_port()
    text = (folder / "README.md").read_text()
    text = text.replace("8443", str(port)).replace("127.0.0.1:8000", f"127.0.0.1:{app_port}")
    start, use, *_, production = BLOCK.findall(text)
    environ = new_environment(tmp_path, wheels)
    with typed(start, tmp_path, environ, port):
        done = subprocess.run(
            ["sh", "-ec", use], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, (done.stdout, done.stderr)
        (ca,) = (path for path in (folder / "ca.pem", folder / "data" / "ca.pem") if path.exists())
        status, page = index(port, ca)
        assert (status, "<h1" in page) == (200, True)
    assert [text for text in readme.printed if text not in done.stdout] == []
    with typed(production, folder, environ, app_port):
        assert status_of(app_port, readme.production) == 200
