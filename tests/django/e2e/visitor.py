"""The example in a process of its own, and who visits it."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support import Answer
from tests.tls import write_pair
from wsgi_mtls.cli.terminators import LoopbackConnection
from wsgi_mtls.testing import KeyPair

EXAMPLE = Path(__file__).parents[3] / "examples" / "django_site"


def environment(data: Path, **variables: str) -> dict[str, str]:
    """Return the variables with which the example runs."""
    own = {"INTRANET_DATA": str(data), "DJANGO_SETTINGS_MODULE": "intranet.settings", "PYTHONPATH": str(EXAMPLE)}
    kept = {key: value for key, value in os.environ.items() if key != "DJANGO_DATABASE"}
    return {**kept, **own, **variables}


@dataclass
class Visitor:
    """Someone with a certificate, or none, who keeps cookies."""

    data: Path
    port: int
    certificate: str | KeyPair | None
    host: str = "localhost"
    cookies: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> Answer:
        connection: HTTPSConnection = LoopbackConnection(self.host, self.port, self._context())
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

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.data / "ca.pem")
        if isinstance(self.certificate, KeyPair):
            with TemporaryDirectory() as folder:
                context.load_cert_chain(*write_pair(Path(folder), "client", self.certificate))
        elif self.certificate is not None:
            context.load_cert_chain(self.data / f"{self.certificate}.pem", self.data / f"{self.certificate}.key")
        return context


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
