"""What is remembered of a header changes no decision of the decorator: clock, registration and status count anew."""

from datetime import timedelta
from typing import Any

from flask import Flask

from flask_mtls import MutualTLS, client_auth_required
from tests.unit.test_frames import HEADER, METADATA, nginx
from tests.unit.test_nothing_stale import Clock, Registry
from wsgi_mtls import Verifier


def answer(app: Flask, header: str = HEADER, **environ: Any) -> tuple[int, str]:
    response = app.test_client().post(
        "/token", data={"client_id": "billing"}, headers={"XClientCert": header}, environ_base=environ
    )
    return response.status_code, response.text


def test_each_request_is_decided_anew() -> None:
    registry, clock = Registry(METADATA), Clock()
    app = Flask("stale")
    MutualTLS(app, source=nginx(), verifier=Verifier(registry, clock=clock))
    app.post("/token")(client_auth_required(view))
    assert [answer(app) for _ in range(2)] == [(200, "served")] * 2
    clock.now += timedelta(days=100_000)
    assert answer(app)[0] == 401
    clock.now -= timedelta(days=100_000)
    assert answer(app) == (200, "served")
    assert answer(app, HEADER.replace("SUCCESS", "FAILED:certificate revoked", 1))[0] == 401
    assert answer(app, REMOTE_ADDR="192.0.2.1")[0] == 401
    registry.metadata = {**METADATA, "tls_client_auth_san_dns": "other.example.com"}
    assert answer(app)[0] == 401
    registry.metadata = None
    assert answer(app)[0] == 401
    registry.metadata = METADATA
    assert answer(app) == (200, "served")


def view() -> str:
    return "served"
