"""What signals and observers hear of each decorator's decisions, and of headers that a stranger forged."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from flask_mtls import (
    MutualTLS,
    bound_token_required,
    certificate_required,
    client_auth_required,
    mtls_client_authenticated,
    mtls_client_rejected,
    mtls_token_accepted,
    mtls_token_rejected,
    mtls_untrusted_proxy,
)
from wsgi_mtls import Event
from wsgi_mtls.testing import KeyPair

from .attack_rows import NGINX, header_accepted
from .conftest import DN

SIGNALS = [
    mtls_client_authenticated, mtls_client_rejected, mtls_token_accepted, mtls_token_rejected, mtls_untrusted_proxy,
]  # fmt: skip
VIEWS: dict[str, Callable[[Any], Any]] = {
    "client": client_auth_required,
    "token": bound_token_required,
    "certificate": certificate_required,
    "authorized": certificate_required(authorize=lambda peer: True),
    "open": lambda view: view,
}


class Tokens:
    def __init__(self, pair: KeyPair) -> None:
        self._claims = {"client_id": "billing", "cnf": {"x5t#S256": pair.certificate.thumbprint}}

    def decode(self, token: str, /) -> dict[str, Any]:
        return self._claims


@pytest.fixture
def observed() -> list[Event]:
    return []


@pytest.fixture
def app(billing: KeyPair, observed: list[Event]) -> Flask:
    app = Flask("application")
    clients = {"billing": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": DN}}
    app.config.from_mapping(MTLS_SOURCE=NGINX, MTLS_CLIENTS=clients, MTLS_TOKENS=Tokens(billing))
    app.config["MTLS_OBSERVERS"] = [observed.append]
    MutualTLS(app)
    for name, decorator in VIEWS.items():
        app.add_url_rule(f"/{name}", name, decorator(lambda: "served"), methods=["POST"])
    return app


@pytest.fixture
def signalled(app: Flask) -> Iterator[list[Event]]:
    heard: list[Event] = []

    def hear(sender: Flask, event: Event) -> None:
        assert sender is app
        heard.append(event)

    for signal in SIGNALS:
        signal.connect(hear)
    yield heard
    for signal in SIGNALS:
        signal.disconnect(hear)


def post(app: Flask, path: str, environ: dict[str, Any]) -> int:
    headers = {"Authorization": "Bearer good"} if path == "token" else {}
    data = {"client_id": "billing"}
    client = app.test_client()
    return client.post(f"/{path}", data=data, headers=headers, environ_overrides=environ).status_code


@pytest.mark.parametrize(("path", "accepted", "refused"), [
    ("client", ["client_authenticated"], (401, ["client_rejected"])),
    ("token", ["token_accepted"], (401, ["token_rejected"])),
    ("certificate", ["client_authenticated"], (401, ["client_rejected"])),
    ("authorized", [], (401, ["client_rejected"])),
    ("open", [], (200, [])),
])  # fmt: skip
def test_events(
    app: Flask,
    billing: KeyPair,
    observed: list[Event],
    signalled: list[Event],
    path: str,
    accepted: list[str],
    refused: tuple[int, list[str]],
) -> None:
    assert post(app, path, header_accepted(billing)) == 200
    assert [event.name for event in signalled] == accepted
    assert [event.name for event in observed] == accepted
    signalled.clear()
    observed.clear()
    forged = {**header_accepted(billing), "REMOTE_ADDR": "198.51.100.7"}
    status, rejected = refused
    assert post(app, path, forged) == status
    assert [event.name for event in signalled] == ["untrusted_proxy", *rejected]
    assert [event.name for event in observed] == ["untrusted_proxy", *rejected]
    assert {(event.address, event.path) for event in signalled} == {("198.51.100.7", f"/{path}")}
