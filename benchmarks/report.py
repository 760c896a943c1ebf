"""The report: all tables, the versions, the machine, and a plot per growth."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .plots import draw
from .tables import Table, markdown

_PACKAGES = (
    "cryptography pyOpenSSL Werkzeug Flask Django djangorestframework Authlib joserfc urllib3 gunicorn "
    "fastapi-client-cert-auth x509middleware pki-core"
)
_HEAD = """# Benchmarks

Written by `make bench`, which measures everything again; `make bench-quick` prints the tables in two minutes.
Functions are timed side by side in one process, in random order, by the thread's CPU time. A ratio is the median of the
rounds' ratios, since all functions of a round meet the same load; times alone depend on the machine. “Yields” is what
comes of a call: most peers do less. Below a table, each missed bar has what stops it and the profile of the call.
A table of `__main__.py` that is missing here was not measured for this report.
Tables may have been measured apart, by their names; the load is that at the end. On a loaded machine ratios scatter.
"""


def write(folder: Path, tables: Sequence[Table]) -> None:
    """Write ``README.md`` and its plots."""
    plots = folder / "plots"
    plots.mkdir(exist_ok=True)
    for table in tables:
        for growth in table.growths:
            draw(growth, plots / f"{growth.name}.svg")
    rows = [row for table in tables for row in table.rows if row.met is not None]
    met = sum(1 for row in rows if row.met)
    head = f"{_HEAD}\nOf {len(rows)} bars, {met} are met. {_machine()}\n"
    (folder / "README.md").write_text("\n".join([head, *map(markdown, tables)]))


def _machine() -> str:
    load = os.getloadavg()[1]
    installed = ", ".join(f"{name} {found}" for name in _PACKAGES.split() if (found := _version(name)))
    return (
        f"Measured with {platform.python_implementation()} {platform.python_version()} on {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores, at a load of {load:.1f}: {installed}."
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
