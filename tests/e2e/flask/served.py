"""An application of ``flask_apps`` with two workers behind nginx, and requests to it."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.tls import write_pair
from wsgi_mtls.cli.terminators import LOOPBACK, MTLS_HOST, TERMINATORS, LoopbackConnection, TLSFiles, free_port, running
from wsgi_mtls.testing import KeyPair

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[3]
FORM = "application/x-www-form-urlencoded"
SOURCE = {"MTLS_SOURCE": "nginx", "MTLS_TRUSTED_PROXIES": [LOOPBACK]}
NO_STATUS = 0
"""The status of a request that TLS already refused."""


@dataclass(frozen=True)
class Served:
    """An application behind nginx, and who may connect."""

    folder: Path
    files: TLSFiles
    port: int
    app_port: int

    def send(
        self,
        pair: KeyPair | None,
        path: str,
        body: str | None = None,
        *,
        host: str = MTLS_HOST,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Return the status and what JSON came."""
        connection = LoopbackConnection(host, self.port, self._context(pair))
        try:
            connection.request("GET" if body is None else "POST", path, body, {"Content-Type": FORM, **(headers or {})})
            response = connection.getresponse()
            content = response.read()
        except (ssl.SSLError, ConnectionError, HTTPException):
            return NO_STATUS, None
        finally:
            connection.close()
        try:
            return response.status, json.loads(content)
        except ValueError:
            return response.status, None

    def straight(self, path: str, body: str, headers: Iterable[tuple[str, str]], source: str) -> int:
        """Go past nginx, to gunicorn itself; a header may come twice."""
        connection = HTTPConnection(LOOPBACK, self.app_port, timeout=10, source_address=(source, 0))
        length = str(len(body))
        given = [("Content-Type", FORM), ("X-Forwarded-Proto", "https"), ("Content-Length", length), *headers]
        try:
            connection.putrequest("POST", path)
            for name, value in given:
                connection.putheader(name, value)
            connection.endheaders(body.encode())
            return connection.getresponse().status
        finally:
            connection.close()

    def _context(self, pair: KeyPair | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.files.server_ca)
        if pair is not None:
            context.load_cert_chain(*write_pair(self.folder, pair.certificate.thumbprint.lstrip("-"), pair))
        return context


@contextmanager
def behind_nginx(app: str, config: Mapping[str, Any], folder: Path, files: TLSFiles) -> Iterator[Served]:
    """Run an application with two workers behind nginx."""
    nginx = TERMINATORS["nginx"]
    if nginx.program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("nginx is not installed: apt install nginx")
    with gunicorn(app, config, folder) as app_port, running(nginx, nginx.program, folder, files, app_port) as port:
        yield Served(folder, files, port, app_port)


@contextmanager
def gunicorn(app: str, config: Mapping[str, Any], folder: Path, *options: str) -> Iterator[int]:
    """Run an application with two workers; its port is yielded before it listens."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    port = free_port()
    paths = [HERE, ROOT, ROOT / "examples" / "flask_authlib"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--no-control-socket", *options]
    command += ["--bind", f"{LOOPBACK}:{port}", f"flask_apps:{app}()"]
    with (
        (folder / "gunicorn.log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log) as process,
    ):
        try:
            yield port
        finally:
            process.terminate()
