"""Requests per second of the whole middleware in several threads.

They are measured with and without a global lock.
"""

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from wsgi_mtls import ClientAuthMiddleware, Verifier, sources

from .certificates import distinct, leaf, nginx
from .effort import Effort
from .middleware import CLIENTS
from .requests import app, post, start
from .tables import Growth, Row, Table
from .timing import quartiles

_THREADS = (1, 2, 4, 8)
_SECONDS = 0.2


def run(effort: Effort) -> Iterator[Table]:
    """Measure this Python, and a free-threaded one where there is one."""
    own = measure(max(3, effort.rounds // 5))
    rows = [_row(name, figures) for name, figures in own.items()]
    lines = dict(own)
    rows += _free_threaded(lines)
    growth = Growth("threads", "threads", "requests/s", list(_THREADS), lines)
    yield Table("Threads", rows, "Requests per second of the process's CPU time, by 1 and 8 threads.", [growth])


def measure(rounds: int) -> dict[str, list[float]]:
    """Return the requests per second for each number of threads.

    They are measured with one certificate, and with many.
    """
    headers = {
        "one certificate": [nginx(leaf("ec").certificate.der)],
        "none seen before": [nginx(der) for der in distinct("ec", 4000)],
    }
    return {
        name: [quartiles([_rate(values, threads) for _ in range(rounds)])[1] for threads in _THREADS]
        for name, values in headers.items()
    }


def _rate(headers: list[str], threads: int) -> float:
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    guarded = ClientAuthMiddleware(app, Verifier(CLIENTS), source=source, paths=["/token"])
    stop, served = threading.Event(), [0] * threads

    def work(number: int) -> None:
        own = cycle([header.encode() for header in headers[number * 400 :] + headers[: number * 400]])
        while not stop.is_set():
            guarded(post("/token", next(own)), start)
            served[number] += 1

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    begun = time.process_time()
    for worker in workers:
        worker.start()
    time.sleep(_SECONDS)
    stop.set()
    for worker in workers:
        worker.join()
    return sum(served) / (time.process_time() - begun)


def _free_threaded(lines: dict[str, list[float]]) -> list[Row]:
    python = shutil.which("python3.14t")
    if python is None:
        return [Row("free-threaded CPython", "skipped: python3.14t is not on the path")]
    command = [python, "-m", "benchmarks.threads"]
    done = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        return [Row("free-threaded CPython", f"skipped: {done.stderr.strip().splitlines()[-1]}")]
    loaded: dict[str, list[float]] = json.loads(done.stdout)
    found = {f"{name}, free-threaded": figures for name, figures in loaded.items()}
    lines |= found
    return [_row(name, figures) for name, figures in found.items()]


def _row(name: str, figures: list[float]) -> Row:
    measured = f"{figures[0]:,.0f} and {figures[-1]:,.0f} requests/s"
    return Row(f"ClientAuthMiddleware, {name}", "authenticated clients", measured, figures[-1] / figures[0], "1 thread")


if __name__ == "__main__":
    json.dump(measure(3), sys.stdout)
