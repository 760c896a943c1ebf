"""The command for all tables, or for those that are named.

``python -m benchmarks [--quick] [NAME…]``.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from . import report
from .effort import FULL, QUICK, Effort
from .tables import Table, from_json, markdown

SECTIONS = (
    "header",
    "middleware",
    "bound_tokens",
    "introspection",
    "refusals",
    "instructions",
    "flask_views",
    "django_views",
    "growth",
    "django_growth",
    "memory",
    "threads",
    "commands",
    "http",
)
HERE = Path(__file__).parent


def main() -> None:
    """Measure, and write ``README.md`` with its plots after a full run."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("names", nargs="*", help="the tables; all by default")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no report")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.json:
        tables = _measured(chosen.names[0], QUICK if chosen.quick else FULL)
        print(json.dumps([asdict(table) for table in tables]))
        return
    results = HERE / "results" / ("quick" if chosen.quick else "full")
    results.mkdir(parents=True, exist_ok=True)
    for name in chosen.names or SECTIONS:
        text = _in_a_process(name, quick=chosen.quick)
        (results / f"{name}.json").write_text(text)
        print("\n".join(markdown(table) for table in _read(text)), flush=True)
    if not chosen.quick:
        kept = [results / f"{name}.json" for name in SECTIONS]
        report.write(HERE, [table for path in kept if path.exists() for table in _read(path.read_text())])


def _measured(name: str, effort: Effort) -> Iterable[Table]:
    # Refusals are formatted as in production, and written to nowhere.
    logging.basicConfig(stream=open(os.devnull, "w"), level=logging.WARNING)  # noqa: SIM115
    run: Callable[[Effort], Iterable[Table]] = import_module(f"benchmarks.{name}").run
    return run(effort)


def _in_a_process(name: str, *, quick: bool) -> str:
    """Measure in a process of its own.

    Settings, memory and caches of one table don't touch another.
    """
    command = [sys.executable, "-m", "benchmarks", "--json", *(["--quick"] if quick else []), name]
    return subprocess.run(command, cwd=HERE.parent, check=True, stdout=subprocess.PIPE, text=True).stdout


def _read(text: str) -> list[Table]:
    return [from_json(data) for data in json.loads(text)]


if __name__ == "__main__":
    main()
