"""Introspection that is not cached: a server over TLS, and wall time.

The server asks for a certificate.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import urllib3

from wsgi_mtls import AccessTokenMiddleware, sources
from wsgi_mtls.testing import SERVER_AUTH, Profile, make_ca, to_pem
from wsgi_mtls.tokens import IntrospectedTokens

from .bound_tokens import AUDIENCE
from .certificates import leaf, nginx
from .comparing import Bar, Case, compare
from .effort import Effort
from .requests import app, get, serve, start
from .tables import Table

FLOOR = "urllib3, kept connection, json.loads"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def run(effort: Effort) -> Iterator[Table]:
    """Measure one request after another, each with another token."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder)
        with _server(folder) as port:
            cases = _cases(folder, f"https://localhost:{port}/introspect")
            rows = compare(cases, rounds=effort.rounds, slice_ms=20, clock=time.perf_counter_ns)
    yield Table("Introspection, not cached", rows, "Wall time: another process answers.")


def _cases(folder: Path, url: str) -> list[Case]:
    tokens = IntrospectedTokens(
        url,
        audience=AUDIENCE,
        client_id="api",
        certificate=folder / "client.pem",
        private_key=folder / "client.key",
        ca=folder / "ca.pem",
        cache_seconds=0,
    )
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    guarded = AccessTokenMiddleware(app, tokens, source=source, paths=["/api"])
    header = nginx(leaf("ec").certificate.der).encode()
    pool = urllib3.PoolManager(
        ca_certs=folder / "ca.pem", cert_file=folder / "client.pem", key_file=folder / "client.key"
    )
    number = count()

    def floor() -> object:
        body = f"token=t{next(number)}&token_type_hint=access_token"
        return json.loads(pool.request("POST", url, body=body, headers=_FORM).data)

    assert serve(guarded, get("/api", header, HTTP_AUTHORIZATION="Bearer x")) == b"ok"
    return [
        Case(FLOOR, floor, "the answer"),
        Case("IntrospectedTokens.decode", lambda: tokens.decode(f"t{next(number)}"), "claims, within a deadline"),
        Case(
            "AccessTokenMiddleware",
            lambda: guarded(get("/api", header, HTTP_AUTHORIZATION=f"Bearer t{next(number)}"), start),
            "claims of a token that is this certificate's",
            bars=[Bar(FLOOR, 1.3)],
        ),
    ]


def _write(folder: Path) -> None:
    authority = make_ca()
    server = authority.issue("CN=localhost", Profile(san_dns=["localhost"], extended_key_usage=SERVER_AUTH))
    client = authority.issue("CN=api")
    (folder / "ca.pem").write_bytes(to_pem(authority.certificate))
    for name, pair in (("server", server), ("client", client)):
        (folder / f"{name}.pem").write_bytes(pair.certificate_pem)
        (folder / f"{name}.key").write_bytes(pair.key_pem)
    answer = {
        "active": True,
        "aud": AUDIENCE,
        "client_id": "alice",
        "exp": int(time.time()) + 9999,
        "cnf": {"x5t#S256": leaf("ec").certificate.thumbprint},
    }
    (folder / "answer.json").write_text(json.dumps(answer))


@contextmanager
def _server(folder: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.introspection_server", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
