"""The servers that the example runs behind, with ``deploy/``'s files."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.cases import PROXIES, SERVERS, Case
from wsgi_mtls.cli.terminators import MTLS_HOST, TLSFiles, free_port, running
from wsgi_mtls.testing import KeyPair

from .visitor import EXAMPLE, Visitor, environment

CASES = {
    "nginx+gunicorn": next(case for case in PROXIES if case.name == "nginx"),
    "mod_wsgi": next(case for case in SERVERS if case.name == "mod_wsgi"),
    "uwsgi": next(case for case in SERVERS if case.name == "uwsgi"),
}
WSGI = """
import os, sys
os.environ.update({variables!r})
sys.path.insert(0, {example!r})
from intranet.wsgi import application
"""


class Behind:
    """The running example, and what is in front of it."""

    def __init__(self, data: Path, port: int, case: Case | None, app_port: int = 0) -> None:
        self.data, self.port, self.case, self.app_port = data, port, case, app_port
        self.host = MTLS_HOST if case else "localhost"

    def visitor(self, certificate: str | KeyPair | None, host: str | None = None) -> Visitor:
        return Visitor(self.data, self.port, certificate, host or self.host)


@contextmanager
def serving(case: Case, data: Path, folder: Path) -> Iterator[tuple[int, int]]:
    files = TLSFiles(data / "server.pem", data / "server.key", data / "ca.pem", data / "ca.pem")
    proxied = case.name == "nginx"
    source = {"SOURCE": case.terminator.source, **({"TRUSTED_PROXIES": ["127.0.0.1"]} if proxied else {})}
    origin = f"https://{MTLS_HOST}"
    variables = {
        "INTRANET_DATA": str(data),
        "INTRANET_MTLS": json.dumps(source),
        "INTRANET_ORIGINS": origin,
        "DJANGO_SETTINGS_MODULE": "intranet.settings",
    }
    (folder / "wsgi.py").write_text(WSGI.format(variables=variables, example=str(EXAMPLE)))
    upstream, app_port = None, free_port()
    if proxied:
        command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--no-control-socket", "wsgi:application"]
        command += ["--bind", f"127.0.0.1:{app_port}"]
        with (folder / "upstream.log").open("wb") as log:
            upstream = subprocess.Popen(command, cwd=folder, env=environment(data), stdout=log, stderr=log)
    try:
        with running(case.terminator, case.terminator.program or "", folder, files, app_port) as port:
            yield port, app_port
    finally:
        if upstream is not None:
            upstream.terminate()
            upstream.wait()
