"""The CPU time of an import and of the command line.

Whole processes are started in turn.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from .effort import Effort
from .tables import Row, Table
from .timing import quartiles

_FLASK, _HELP, _CORE = "flask --version", "wsgi-mtls --help", "import wsgi_mtls"
_BASE = "import cryptography.x509, OpenSSL.SSL, werkzeug.wrappers"


def run(effort: Effort) -> Iterator[Table]:
    """Measure commands and imports."""
    scripts = Path(sys.executable).parent
    commands = {
        _FLASK: [str(scripts / "flask"), "--version"],
        _HELP: [str(scripts / "wsgi-mtls"), "--help"],
        "python -c pass": [sys.executable, "-c", "pass"],
        _BASE: [sys.executable, "-c", _BASE],
        **{
            f"import {name}": [sys.executable, "-c", f"import {name}"]
            for name in ("wsgi_mtls", "flask", "flask_mtls", "fastapi_client_cert_auth")
        },
    }
    found: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(effort.processes):
        for name, command in commands.items():
            found[name].append(_milliseconds(command))
    yield Table("Command line and imports", [_row(name, found) for name in commands], "CPU time of the whole process.")


def _row(name: str, found: dict[str, list[float]]) -> Row:
    low, middle, high = quartiles(found[name])
    measured = f"{middle:.0f} ms ({low:.0f} to {high:.0f})"
    if name != _HELP:
        return Row(name, measured=measured)
    ratio = quartiles([a / b for a, b in zip(found[name], found[_FLASK], strict=True)])[1]
    stops = "" if ratio <= 1 else "See `python -X importtime -m wsgi_mtls.cli.main`."
    return Row(name, "the commands", measured, ratio, _FLASK, "≤ 1 ×", ratio <= 1, stops)


def _milliseconds(command: Sequence[str]) -> float:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0, command
    return (usage.ru_utime + usage.ru_stime) * 1000
