"""Whole HTTP: requests per second behind nginx with mutual TLS and gunicorn, by wrk, alternated."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from .bound_tokens import tokens
from .effort import Effort
from .http_servers import serving
from .requests import BODY, FORM
from .tables import Row, Table
from .timing import quartiles

_APPS = ("flask-plain", "flask-form", "flask-authlib", "flask-guarded", "django-session", "django-guarded")
_PROGRAMS = ("nginx", "wrk")
# what is asked, the path, the applications beside each other, and what the last must reach of the one before it
_CASES = (
    ("Flask, @client_auth_required", "token", ("flask-plain", "flask-form", "flask-guarded"), 0.93),
    ("Flask, @bound_token_required", "api", ("flask-plain", "flask-authlib", "flask-guarded"), 1.05),
    ("Django, login by certificate", "user", ("django-session", "django-guarded"), None),
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
        _prepare(folder)
        with serving(folder, _APPS) as urls:
            rows = [row for case in _CASES for row in _measure(folder, urls, effort, *case)]
    note = f"wrk with 8 connections, median of {effort.http_runs} alternated runs of {effort.http_seconds} s each."
    yield Table(title, rows, f"{note} More is better; a ratio is to the row above.")


def _measure(
    folder: Path,
    urls: Mapping[str, str],
    effort: Effort,
    what: str,
    path: str,
    apps: tuple[str, ...],
    bar: float | None,
) -> list[Row]:
    found: dict[str, list[float]] = {app: [] for app in apps}
    for app in apps:
        _rate(folder, urls[app], path, 1)
    for number in range(effort.http_runs):
        for app in apps if number % 2 == 0 else apps[::-1]:
            found[app].append(_rate(folder, urls[app], path, effort.http_seconds))
    rows: list[Row] = []
    for before, app in zip((None, *apps), apps, strict=False):
        low, middle, high = quartiles(found[app])
        measured = f"{middle:,.0f} requests/s ({low:,.0f} to {high:,.0f})"
        if before is None:
            rows.append(Row(f"{what}: {app}", measured=measured))
            continue
        ratio = quartiles([a / b for a, b in zip(found[app], found[before], strict=True)])[1]
        last = bar is not None and app == apps[-1]
        met = ratio >= bar if bar is not None and last else None
        rows.append(Row(f"{what}: {app}", "", measured, ratio, before, f"≥ {bar} ×" if last else "", met))
    return rows


def _rate(folder: Path, url: str, path: str, seconds: int) -> float:
    """Return the requests per second; every answer must be a success."""
    script = folder / f"{path}.lua"
    command = ["wrk", "-c", "8", "-t", "1", "-d", f"{seconds}s", "-s", str(script), f"{url}/{path}"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    assert found is not None, text
    assert "Non-2xx" not in text, text
    return float(found[1])


def _prepare(folder: Path) -> None:
    folder.chmod(0o755)  # nginx's worker is another user
    key, made = tokens(1)
    (folder / "token.key").write_bytes(key.as_pem(private=True))
    (folder / "token.lua").write_text(
        f'wrk.method="POST"; wrk.body="{BODY.decode()}"; wrk.headers["Content-Type"]="{FORM}"'
    )
    (folder / "api.lua").write_text(f'wrk.headers["Authorization"]="Bearer {made[0]}"')
    (folder / "user.lua").write_text("")
    code = (
        f"from pathlib import Path; from benchmarks import django_site as s; "
        f"s.configure(Path({str(folder)!r}) / 'site.sqlite3'); s.fill()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent, check=True)
