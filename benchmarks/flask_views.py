"""Requests through Flask, in one process."""

from collections.abc import Callable, Iterator
from itertools import cycle

from flask import Flask

from . import flask_apps
from .bound_tokens import tokens
from .certificates import distinct, leaf, nginx
from .comparing import Bar, Case, compare
from .effort import Effort
from .requests import get, post, serve
from .tables import Table

_MISSING = "GET of a view that is missing, plain"
_PLAIN, _FORM, _API = "POST, plain", "POST that reads request.form", "GET of an API, plain"
_AUTHLIB = "GET of an API, Authlib's protector"


def run(effort: Effort) -> Iterator[Table]:
    """Measure decorated and plain views, with an RSA certificate."""
    key, made = tokens(100)
    plain, reading, guarded, authlib = (
        flask_apps.plain(),
        flask_apps.reading(),
        flask_apps.guarded(key),
        flask_apps.authlib(key),
    )
    seen = nginx(leaf("rsa").certificate.der).encode()
    new = cycle([nginx(der).encode() for der in distinct("rsa")])
    bearer = cycle([f"Bearer {token}" for token in made])

    def missing(app: Flask) -> Callable[[], object]:
        return lambda: serve(app.wsgi_app, get("/nowhere", seen))

    def form(app: Flask) -> Callable[[], object]:
        return lambda: serve(app.wsgi_app, post("/token", seen))

    def api(app: Flask) -> Callable[[], object]:
        return lambda: serve(app.wsgi_app, get("/api", seen, HTTP_AUTHORIZATION=next(bearer)))

    cases = [
        Case(_MISSING, missing(plain)),
        Case(
            "the same with MutualTLS(app)",
            missing(guarded),
            "headers of untrusted peers dropped, the certificate for who asks",
            bars=[Bar(_MISSING, 1.05, "PeerMiddleware reads the header's certificate whether or not a view asks.")],
        ),
        Case(_PLAIN, form(plain)),
        Case(_FORM, form(reading), "client_id, without any check", less=_PLAIN),
        Case(
            "@client_auth_required, seen",
            form(guarded),
            "an authenticated client",
            less=_PLAIN,
            bars=[Bar(_FORM, 1.6, "The form is read through a bounded stream, and the decision is reported.")],
        ),
        Case(
            "@client_auth_required, never seen",
            lambda: serve(guarded.wsgi_app, post("/token", next(new))),
            "an authenticated client",
            less=_PLAIN,
        ),
        Case(_API, api(plain)),
        Case(_AUTHLIB, api(authlib), "claims; no cnf, no certificate", less=_API),
        Case(
            "@bound_token_required, RS256",
            api(guarded),
            "claims of a token that is this certificate's",
            less=_API,
            bars=[Bar(_AUTHLIB, 1.15)],
        ),
    ]
    assert serve(guarded.wsgi_app, post("/token", seen)) == b"ok"
    assert serve(guarded.wsgi_app, get("/api", seen, HTTP_AUTHORIZATION=next(bearer))) == b"ok"
    yield Table("Flask in one process", compare(cases, rounds=effort.rounds, slice_ms=effort.slice_ms))
