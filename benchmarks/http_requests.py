"""What wrk sends in the HTTP benchmark, and what one run of it finds."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .bound_tokens import tokens
from .http_servers import Served
from .requests import BODY, FORM

_COOKIE = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.signed_cookies import SessionStore

user, session = get_user_model().objects.get(username="alice"), SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session.save()
print(session.session_key)
"""


@dataclass(frozen=True, slots=True)
class Load:
    """One run of wrk.

    Attributes:
        rate: requests per second.
        cost: the CPU time of the worker for one request, in microseconds.
    """

    rate: float
    cost: float


def ask(served: Served, path: str, script: Path, seconds: int) -> Load:
    """Run wrk; every answer must be a success."""
    command = ["wrk", "-c", "8", "-t", "1", "-d", f"{seconds}s", "-s", str(script), f"{served.url}/{path}"]
    before = served.worked()
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    worked = served.worked() - before
    rate, count = re.search(r"Requests/sec:\s+([\d.]+)", text), re.search(r"(\d+) requests in", text)
    assert rate is not None, text
    assert count is not None, text
    assert "Non-2xx" not in text, text
    return Load(float(rate[1]), worked * 1e6 / int(count[1]))


def write_scripts(folder: Path) -> None:
    """Write what wrk sends, the key of the tokens, and Django's database."""
    folder.chmod(0o755)  # nginx's worker is another user
    key, made = tokens(1)
    (folder / "token.key").write_bytes(key.as_pem(private=True))
    content_type = f'wrk.headers["Content-Type"]="{FORM}"'
    (folder / "form.lua").write_text(f'wrk.method="POST"; wrk.body="{BODY.decode()}"; {content_type}')
    (folder / "bearer.lua").write_text(f'wrk.headers["Authorization"]="Bearer {made[0]}"')
    (folder / "none.lua").write_text("")
    (folder / "cookie.lua").write_text(f'wrk.headers["Cookie"]="sessionid={_session(folder)}"')


def _session(folder: Path) -> str:
    """Make Django's database, and return the cookie of a session of its user."""
    code = (
        "from pathlib import Path; from benchmarks import django_site as site; "
        f"site.configure(Path({str(folder)!r}) / 'site.sqlite3'); site.fill()\n{_COOKIE}"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent.parent, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()
