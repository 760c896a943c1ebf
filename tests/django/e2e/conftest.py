"""The example, in a process of its own, behind real servers."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPSConnection
from pathlib import Path
from ssl import create_default_context
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.support import Answer
from wsgi_mtls.cli.terminators import LoopbackConnection

EXAMPLE = Path(__file__).parents[3] / "examples" / "django_site"


@pytest.fixture(scope="session")
def database() -> None:
    """No database of our own: the example has one."""


@pytest.fixture(autouse=True)
def _rollback() -> None:
    """Nothing to roll back."""


def environment(data: Path, **variables: str) -> dict[str, str]:
    """Return the variables with which the example runs."""
    own = {"INTRANET_DATA": str(data), "DJANGO_SETTINGS_MODULE": "intranet.settings", "PYTHONPATH": str(EXAMPLE)}
    kept = {key: value for key, value in os.environ.items() if key != "DJANGO_DATABASE"}
    return {**kept, **own, **variables}


@pytest.fixture(scope="session")
def data() -> Iterator[Path]:
    """The example's certificates and database, where a server that gave up root's rights reaches them."""
    with TemporaryDirectory(prefix="wsgi-mtls-django-") as folder:
        path = Path(folder)
        subprocess.run([sys.executable, EXAMPLE / "run.py", "--data", folder, "--prepare"], check=True)
        for file in (path, *path.iterdir()):
            file.chmod(0o777 if file.is_dir() else 0o666)
        yield path


@dataclass
class Visitor:
    """Someone with a certificate, or none, who keeps cookies."""

    data: Path
    port: int
    certificate: str | None
    host: str = "localhost"
    cookies: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> Answer:
        context = create_default_context(cafile=self.data / "ca.pem")
        if self.certificate is not None:
            context.load_cert_chain(self.data / f"{self.certificate}.pem", self.data / f"{self.certificate}.key")
        connection: HTTPSConnection = LoopbackConnection(self.host, self.port, context)
        sent = {"Host": f"{self.host}:{self.port}", **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", ()):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def post(self, path: str, body: str, **options: Any) -> Answer:
        return self.request("POST", path, body, **options)


@contextmanager
def example(data: Path) -> Iterator[int]:
    """Run ``run.py``, the one command, and yield its port."""
    command = [sys.executable, str(EXAMPLE / "run.py"), "--data", str(data), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline().rpartition(":")[2])
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def example_port(data: Path) -> Iterator[int]:
    with example(data) as port:
        yield port


def skip_without(missing: str | None) -> None:
    """Skip the test that misses something, or fail where nothing may be missing."""
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
