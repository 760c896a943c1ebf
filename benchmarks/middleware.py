"""The WSGI middleware around an application that does nothing."""

from collections.abc import Iterator
from itertools import cycle

from werkzeug.wrappers import Request

from wsgi_mtls import ClientAuthMiddleware, Verifier, sources

from .certificates import LABELS, Kind, distinct, leaf, nginx
from .comparing import Bar, Case, compare
from .effort import Effort
from .header import FLOOR
from .requests import app, post, start
from .tables import Table

CLIENTS = {"alice": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "client.example.com"}}
ENVIRON = "the application and its environ"
FORM = "Werkzeug's Request(environ).form"


def run(effort: Effort) -> Iterator[Table]:
    """Measure both kinds of key."""
    for kind, label in LABELS.items():
        rows = compare(_cases(kind), rounds=effort.rounds, slice_ms=effort.slice_ms)
        yield Table(f"ClientAuthMiddleware, {label}", rows, f"Without “{ENVIRON}” where a bar is.")


def _cases(kind: Kind) -> list[Case]:
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    guarded = ClientAuthMiddleware(app, Verifier(CLIENTS), source=source, paths=["/token"])
    seen = nginx(leaf(kind).certificate.der).encode()
    known = {seen.decode(): 1}
    new = cycle([nginx(der).encode() for der in distinct(kind)])

    def form() -> str:
        environ = post("/token", seen)
        app(environ, start)
        return Request(environ).form["client_id"]

    return [
        Case(FLOOR, lambda: known[seen.decode("latin-1")]),
        Case(ENVIRON, lambda: app(post("/token", seen), start)),
        Case(FORM, form, "client_id, without any check", less=ENVIRON),
        Case(
            "ClientAuthMiddleware, seen",
            lambda: guarded(post("/token", seen), start),
            "an authenticated client, and the body unread",
            less=ENVIRON,
            bars=[Bar(FORM, 1.3)],
        ),
        Case(
            "ClientAuthMiddleware, never seen",
            lambda: guarded(post("/token", next(new)), start),
            "an authenticated client, and the body unread",
            less=ENVIRON,
        ),
        Case(
            "a path that is not guarded",
            lambda: guarded(post("/other", seen), start),
            "headers of untrusted peers dropped",
            less=ENVIRON,
            bars=[
                Bar(
                    FLOOR,
                    6,
                    "Left: the cached look-up of the path, the drop of untrusted headers and the closure "
                    "that makes an answer private if the application looks.",
                )
            ],
        ),
    ]
