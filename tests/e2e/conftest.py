import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from threading import Thread
from typing import Any

import pytest
from cheroot.wsgi import Server

from wsgi_mtls import sources
from wsgi_mtls.cli.terminators import LOOPBACK, StartFailed, free_port, running
from wsgi_mtls.sources import GuardedSource

from .cases import CASES, UWSGI, Case
from .client import Answer, Headers, request, straight_request, tls_context
from .pki import BILLING, PKI, make_pki
from .wsgi import make_application

IDLE_SECONDS = 120
"""How long a server keeps an idle connection: longer than a proxy, which would meet a closed one and answer 502."""


@dataclass(frozen=True)
class Behind:
    """A running terminator with the application behind it."""

    case: Case
    pki: PKI
    port: int
    app_port: int
    folder: Path

    def request(self, certificate: str | None, client_id: str = "", **options: Any) -> Answer:
        return request(self.port, tls_context(self.pki, certificate), client_id, **options)

    def straight(self, client_id: str, headers: Headers, *, source: str, path: str = "/token") -> Answer:
        return straight_request(self.app_port, client_id, headers, source=source, path=path)

    def forged(self) -> list[tuple[str, str]]:
        """Return the headers that the terminator sends for billing's certificate, for others to send."""
        # Not /token, which refuses it where nobody validates.
        genuine = self.request(BILLING, path="/echo").headers
        source = sources.from_config(self.case.source)
        assert isinstance(source, GuardedSource)
        return [(key.removeprefix("HTTP_").replace("_", "-"), genuine[key]) for key in source.keys & genuine.keys()]


@pytest.fixture(scope="session")
def readable_folder() -> Iterator[Path]:
    """A folder that a server which gave up root's rights can read too: pytest's own are closed."""
    with TemporaryDirectory(prefix="wsgi-mtls-e2e-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def pki(readable_folder: Path) -> PKI:
    folder = readable_folder / "pki"
    folder.mkdir()
    return make_pki(folder)


@pytest.fixture(scope="module", params=CASES, ids=str)
def behind(request: pytest.FixtureRequest, pki: PKI, readable_folder: Path) -> Iterator[Behind]:
    case: Case = request.param
    with start(case, pki, readable_folder) as started:
        yield started


def skip_without(missing: str | None) -> None:
    """Skip the test that misses something, or fail where nothing may be missing."""
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)


@contextmanager
def start(case: Case, pki: PKI, folder: Path, trust: Path | None = None) -> Iterator[Behind]:
    """Start a case, on free ports, in a folder of its own; ``trust`` is the file of the application's trust store."""
    skip_without(case.missing())
    folder = Path(mkdtemp(prefix=f"{case}-", dir=folder))
    folder.chmod(0o755)
    config = {"source": case.source, "clients": pki.clients, "trust": str(trust) if trust else None}
    (folder / "config.json").write_text(json.dumps(config))
    shutil.copy(Path(__file__).with_name("wsgi.py"), folder)
    program = case.terminator.program or ""
    with (
        _upstream(case, config, folder) as app_port,
        running(case.terminator, program, folder, pki.files, app_port) as port,
    ):
        yield Behind(case, pki, port, app_port, folder)


@contextmanager
def _upstream(case: Case, config: dict[str, Any], folder: Path) -> Iterator[int]:
    match case.upstream:
        case "cheroot":
            with _cheroot(config) as port:
                yield port
        case "gunicorn":
            gunicorn = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--threads", "4"]
            gunicorn += ["--keep-alive", str(IDLE_SECONDS), "--no-control-socket", "wsgi:application", "--bind"]
            with process(gunicorn, folder) as port:
                yield port
        case "uwsgi":
            uwsgi = [UWSGI.program or "", "--plugins", "python3", "--virtualenv", sys.prefix, "--wsgi-file", "wsgi.py"]
            uwsgi += ["--need-app", "--die-on-term", "--buffer-size", "32768", "--http-socket"]
            with process(uwsgi, folder) as port:
                yield port
        case None:
            yield 0


@contextmanager
def _cheroot(config: dict[str, Any]) -> Iterator[int]:
    server = Server((LOOPBACK, 0), make_application(config), timeout=IDLE_SECONDS)
    server.prepare()
    thread = Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server.bind_addr[1]
    finally:
        server.stop()
        thread.join()


@contextmanager
def process(command: list[str], folder: Path) -> Iterator[int]:
    """Run a server that takes its address as the last argument; ``running`` waits until the application answers."""
    port = free_port()
    with (folder / "upstream.log").open("wb") as log:
        started = subprocess.Popen([*command, f"{LOOPBACK}:{port}"], cwd=folder, stdout=log, stderr=log)
    try:
        yield port
    except StartFailed as error:
        raise StartFailed(f"{error}\n{(folder / 'upstream.log').read_text()}") from None
    finally:
        started.terminate()
        started.wait()
