"""Certificates from a ``jwks_uri`` in workers that gunicorn forked after it had loaded the application."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from urllib.parse import urlencode

import pytest

from tests.key_sets import Published, publishing
from wsgi_mtls.testing import KeyPair, self_sign

APP = """
import json, os, threading
from wsgi_mtls import ClientAuthMiddleware, Verifier, sources
from wsgi_mtls.clients.jwks_uri import KeySets

def descriptors():
    return {{name for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{{name}}")}}

before = descriptors()
given = json.loads({given!r})
verifier = Verifier({{"mobile": given["client"]}}, key_sets=KeySets(**given["options"]))
made = (threading.active_count(), sorted(descriptors() - before))

def answer(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps([os.getpid(), os.getppid(), *made]).encode()]

source = sources.rfc9440(trusted_proxies=["127.0.0.1"], underscores_dropped=True)
app = ClientAuthMiddleware(answer, verifier, source=source, paths=["/token"])
"""
AGE = 0.5
"""How long a fetched set is fresh, in seconds."""
OLD, NEW, STRANGER = self_sign("CN=mobile"), self_sign("CN=mobile"), self_sign("CN=mobile")


@contextmanager
def gunicorn(folder: Path, published: Published, workers: int) -> Iterator[int]:
    """Run the application with ``--preload``; yields its port."""
    options = {**published.options, "ca_file": str(published.options["ca_file"]), "refetch_seconds": 0.001}
    options |= {"default_seconds": AGE, "min_seconds": AGE}
    (folder / "preloaded.py").write_text(
        APP.format(given=json.dumps({"client": published.metadata, "options": options}))
    )
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", str(workers), "--threads", "4"]
    command += ["--bind", "127.0.0.1:0", "--no-control-socket", "preloaded:app"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            lines = iter(process.stderr.readline, "")
            yield next(
                int(found[1]) for line in lines if (found := re.search(r"Listening at: http://[^:]+:(\d+)", line))
            )
        finally:
            process.terminate()
            process.stderr.read()


def post(port: int, pair: KeyPair) -> tuple[int, list[object]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Client-Cert": f":{base64.b64encode(pair.certificate.der).decode()}:",
    }
    connection.request("POST", "/token", urlencode({"client_id": "mobile"}), headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body) if answer.status == 200 else []


@pytest.mark.skipif(find_spec("gunicorn") is None, reason="gunicorn is not installed: pip install gunicorn")
def test_rotation_in_preloaded_workers(tmp_path: Path) -> None:
    """Old key, both, new key, in four processes each of which has sets of its own."""
    with publishing(OLD) as published, gunicorn(tmp_path, published, workers=4) as port:
        parents = set()
        for _ in range(20):
            status, (_, parent, threads, descriptors) = post(port, OLD)
            assert (status, threads, descriptors) == (200, 1, [])
            parents.add(parent)
        assert len(parents) == 1  # the application was loaded before the fork
        published.replace(OLD, NEW)
        for _ in range(20):
            assert post(port, NEW)[0] == post(port, OLD)[0] == 200
            assert post(port, STRANGER)[0] == 401
        published.replace(NEW)
        replaced = monotonic()
        while monotonic() < replaced + AGE:
            assert post(port, NEW)[0] == 200
        for _ in range(20):
            assert post(port, OLD)[0] == post(port, STRANGER)[0] == 401
            assert post(port, NEW)[0] == 200
