"""Requests through Django, in one process, with SQLite.

Each row has its number of queries.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from . import django_site as site
from .certificates import leaf, nginx
from .comparing import Bar, Case, compare
from .effort import Effort
from .requests import get, post, serve
from .tables import Row, Table

_VIEW, _POST, _API = "a view, session and AuthenticationMiddleware", "a POST, no middleware", "an API view"
_REMOTE, _QUERY, _DRF = "RemoteUserMiddleware with its session", "one values_list query", "RemoteUserAuthentication"
_QUERIES = {"login by certificate": 1, "@client_auth_required": 1, "ClientCertificateAuthentication": 1}


def run(effort: Effort) -> Iterator[Table]:
    """Measure login, decorator and REST framework, with an RSA certificate."""
    with tempfile.TemporaryDirectory() as folder:
        site.configure(Path(folder) / "site.sqlite3")
        site.fill()
        cases = _cases()
        rows = compare(cases, rounds=effort.rounds, slice_ms=effort.slice_ms)
        counted = {case.name: _queries(case.run) for case in cases}
        note = "Where a bar is, without the same view that asks nothing. SQLite in a file."
        yield Table("Django in one process", [line for row in rows for line in _with_queries(row, counted)], note)


def _cases() -> list[Case]:
    header = nginx(leaf("rsa").certificate.der).encode()
    bare, session = site.handler(), site.handler(site.SESSION, site.AUTH)
    remote = site.handler(site.SESSION, site.AUTH, site.REMOTE)
    ours = site.handler(site.CERTIFICATE)
    login = site.handler(site.CERTIFICATE, site.SESSION, site.AUTH, site.LOGIN)
    cookie = _cookie(remote, get("/user", header, REMOTE_USER="alice"))

    def ask(app: Any, path: str, **more: object) -> Callable[[], bytes]:
        return lambda: serve(app, get(path, header, **more))

    def send(app: Any, path: str) -> Callable[[], bytes]:
        return lambda: serve(app, post(path, header))

    cases = [
        Case(_VIEW, ask(session, "/ok")),
        Case(_REMOTE, ask(remote, "/user", REMOTE_USER="alice", HTTP_COOKIE=cookie), "request.user", less=_VIEW),
        Case(
            "login by certificate",
            ask(login, "/user"),
            "request.user, by the certificate's name or registration, as it is in this very request",
            less=_VIEW,
            bars=[Bar(_REMOTE, 1.0)],
        ),
        Case(_POST, send(bare, "/token")),
        Case(_QUERY, _query, "five columns by the index of client_id"),
        Case(
            "@client_auth_required",
            send(ours, "/mtls-token"),
            "an authenticated client of the database",
            less=_POST,
            bars=[Bar(_QUERY, 1.3)],
        ),
        Case(_API, ask(bare, "/drf-plain")),
        Case(_DRF, ask(bare, "/drf-remote", REMOTE_USER="alice"), "request.user", less=_API),
        Case(
            "ClientCertificateAuthentication",
            ask(ours, "/drf-certificate"),
            "request.user, by the certificate",
            less=_API,
            bars=[Bar(_DRF, 1.2)],
        ),
    ]
    for case in cases:
        assert case.name == _QUERY or b"ok" in case.run(), case.name  # type: ignore[operator]
    return cases


def _query() -> object:
    from django_mtls.models import RegisteredClient

    columns = ("client_id", "token_endpoint_auth_method", "subject_kind", "subject_value", "enabled")
    return list(RegisteredClient.objects.filter(client_id="alice", enabled=True).values_list(*columns))


def _cookie(app: Any, environ: dict[str, Any]) -> str:
    """Return the cookie of the session that a request starts."""
    found: SimpleCookie = SimpleCookie()

    def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
        for name, value in headers:
            if name == "Set-Cookie":
                found.load(value)

    b"".join(app(environ, start))
    return "; ".join(f"{name}={morsel.value}" for name, morsel in found.items())


def _queries(run: Callable[[], object]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        run()
    return len(queries)


def _with_queries(row: Row, counted: dict[str, int]) -> list[Row]:
    number, most = counted[row.what], _QUERIES.get(row.what)
    if most is None:
        return [replace(row, measured=f"{row.measured}, queries: {number}")]
    queries = Row(row.what, "its queries", str(number), bar=f"≤ {most}", met=number <= most)
    return [row, queries]
