"""Requests that a server gets at the same moment, and the workers that serve them."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar
from urllib.parse import urlencode

Answer = TypeVar("Answer")
NUMBER = 4
FORM = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-Proto": "https"}


def at_once(send: Callable[[], Answer]) -> list[Answer]:
    """Call a function in four threads, none of which begins before all of them are ready."""
    barrier = Barrier(NUMBER)

    def run() -> Answer:
        barrier.wait(timeout=60)
        return send()

    with ThreadPoolExecutor(NUMBER) as pool:
        return [call.result() for call in [pool.submit(run) for _ in range(NUMBER)]]


def post(port: int, path: str, form: Mapping[str, str], **headers: str) -> tuple[int, Any]:
    """Post a form, as a terminator on this machine does that ended a client's TLS; return status and JSON."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, urlencode(form), {**FORM, **headers})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def browse(port: int, path: str, form: Mapping[str, str], **headers: str) -> tuple[int, str]:
    """Post a form as a browser does; return the status, and where the answer sends it."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, urlencode(form), {**FORM, **headers})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Location", "")
    finally:
        connection.close()


@contextmanager
def gunicorn(application: str, folder: Path, config: Path, environ: Mapping[str, str]) -> Iterator[int]:
    """Run two workers with four threads each, and yield their port, which the kernel chose."""
    config.write_text("def when_ready(server):\n    print(server.LISTENERS[0].getsockname()[1], flush=True)\n")
    command = [sys.executable, "-m", "gunicorn", application, f"--config={config}", "--bind=127.0.0.1:0"]
    command += ["--workers=2", "--threads=4", "--worker-class=gthread", "--log-level=critical", "--no-control-socket"]
    log = config.with_suffix(".log")
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=file, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        yield int(line)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
