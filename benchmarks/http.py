"""Whole HTTP: requests per second behind nginx with mutual TLS and gunicorn.

wrk sends the requests, alternated between the servers.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from .effort import Effort
from .http_requests import Load, ask, write_scripts
from .http_servers import Served, serving
from .tables import Row, Table
from .timing import quartiles

_APPS = (
    "flask-plain",
    "flask-form",
    "flask-authlib",
    "flask-guarded",
    "django-plain",
    "django-session",
    "django-login",
)
_PROGRAMS = ("nginx", "wrk")


@dataclass(frozen=True, slots=True)
class _Case:
    """What is asked of several applications.

    Attributes:
        what: its name.
        asked: each application with the path and the script of wrk.
        bar: what the last must reach of the one before it.
        stops: what stops it, where it does not.
    """

    what: str
    asked: Sequence[tuple[str, str, str]]
    bar: float | None = None
    stops: str = ""


_CASES = (
    _Case(
        "Flask, @client_auth_required",
        [(f"flask-{app}", "token", "form.lua") for app in ("plain", "form", "guarded")],
        0.93,
    ),
    _Case(
        "Flask, @bound_token_required",
        [(f"flask-{app}", "api", "bearer.lua") for app in ("plain", "authlib", "guarded")],
        1.05,
        "Both verify an RS256 signature behind Flask and gunicorn, which is most of what either takes. Runs of wrk "
        "differ by more than this bar on a machine with other load: compare the ratio by CPU time.",
    ),
    _Case(
        "Django, a user",
        [
            ("django-plain", "ok", "none.lua"),
            ("django-session", "user", "cookie.lua"),
            ("django-login", "user", "none.lua"),
        ],
    ),
    _Case(
        "Django, @client_auth_required",
        [("django-plain", "token", "form.lua"), ("django-login", "mtls-token", "form.lua")],
    ),
)


def run(effort: Effort) -> Iterator[Table]:
    """Measure, if the programs are there."""
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    title = "Whole HTTP behind nginx with mutual TLS and gunicorn"
    if missing or not effort.http_runs:
        why = f"{', '.join(missing)} missing" if missing else "left out of the quick tables"
        yield Table(title, [Row("requests per second", f"skipped: {why}")])
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_scripts(folder)
        with serving(folder, _APPS) as served:
            rows = [row for case in _CASES for row in _measure(folder, served, effort, case)]
    note = (
        f"wrk with 8 connections, {effort.http_runs} alternated runs of {effort.http_seconds} s each. More is better; "
        "a ratio is to the row above. Microseconds are the CPU time of gunicorn's worker for a request, with the ratio "
        "that they alone would give: other programs on the machine change the requests per second more."
    )
    yield Table(title, rows, note)


def _measure(folder: Path, served: Mapping[str, Served], effort: Effort, case: _Case) -> list[Row]:
    for app, path, script in case.asked:
        ask(served[app], path, folder / script, 1)  # warms up
    found: dict[str, list[Load]] = {app: [] for app, _, _ in case.asked}
    for number in range(effort.http_runs):
        for app, path, script in case.asked if number % 2 == 0 else case.asked[::-1]:
            found[app].append(ask(served[app], path, folder / script, effort.http_seconds))
    (first, *_), last = found, case.asked[-1][0]
    rows = [Row(f"{case.what}: {first}", measured=_measured(found[first]))]
    for before, app in pairwise(found):
        pairs = list(zip(found[app], found[before], strict=True))
        ratio = quartiles([a.rate / b.rate for a, b in pairs])[1]
        by_cost = quartiles([b.cost / a.cost for a, b in pairs])[1]
        bar = case.bar if app == last else None
        met = None if bar is None else ratio >= bar
        stops = case.stops if met is False else ""
        asked = f"≥ {bar} ×" if bar else ""
        measured = f"{_measured(found[app])}: ratio {by_cost:.3g}"
        rows.append(Row(f"{case.what}: {app}", "", measured, ratio, before, asked, met, stops))
    return rows


def _measured(loads: list[Load]) -> str:
    low, middle, high = quartiles([load.rate for load in loads])
    cost = quartiles([load.cost for load in loads])[1]
    return f"{middle:,.0f} requests/s ({low:,.0f} to {high:,.0f}), {cost:,.0f} µs"
