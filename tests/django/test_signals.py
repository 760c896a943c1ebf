"""What signals hear of each decorator's decisions, and of headers that a stranger forged."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as current
from django.dispatch import Signal
from django.test import Client

from django_mtls import signals
from tests.unit.test_frames import HEADER, LEAF
from wsgi_mtls import Event

from .support import register

SIGNALS: list[Signal] = [found for found in vars(signals).values() if isinstance(found, Signal)]
METADATA = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "billing.example.com"}


class Tokens:
    def decode(self, token: str, /) -> dict[str, Any]:
        return {"client_id": "billing", "scope": "accounts", "cnf": {"x5t#S256": LEAF.certificate.thumbprint}}


@pytest.fixture
def heard(settings: Callable[..., None], mtls: Callable[..., None]) -> Iterator[list[str]]:
    mtls(SOURCE="nginx", TRUSTED_PROXIES=["192.0.2.1"], TOKENS=Tokens(), USERNAME_FROM=None)
    settings(MIDDLEWARE=[path for path in current.MIDDLEWARE if "LoginMiddleware" not in path])
    found: list[str] = []

    def hear(sender: str, event: Event, **_: object) -> None:
        assert sender == event.name
        found.append(event.name)

    for signal in SIGNALS:
        signal.connect(hear, weak=False)
    yield found
    for signal in SIGNALS:
        signal.disconnect(hear)


@pytest.mark.parametrize(("path", "accepted", "rejected"), [
    ("token", ["client_authenticated"], ["client_rejected"]),
    ("async-token", ["client_authenticated"], ["client_rejected"]),
    ("class-token", ["client_authenticated"], ["client_rejected"]),
    ("accounts", ["token_accepted"], ["token_rejected"]),
    ("class-accounts", ["token_accepted"], ["token_rejected"]),
    ("machine", [], ["client_rejected"]),
    ("class-machine", [], ["client_rejected"]),
    ("peer", [], []),
])  # fmt: skip
def test_events(heard: list[str], path: str, accepted: list[str], rejected: list[str]) -> None:
    register("billing", METADATA)

    def post(address: str) -> int:
        headers = {"HTTP_AUTHORIZATION": "Bearer good"} if "accounts" in path else {}
        client = Client(HTTP_SEC_FETCH_SITE="same-origin")
        method, form = ("GET", "") if path == "class-accounts" else ("POST", "client_id=billing")
        environ: dict[str, Any] = {"REMOTE_ADDR": address, "HTTP_XCLIENTCERT": HEADER, **headers}
        kind = "application/x-www-form-urlencoded"
        return client.generic(method, f"/{path}", form, content_type=kind, **environ).status_code

    assert post("192.0.2.1") == 200
    assert heard == accepted
    heard.clear()
    assert post("198.51.100.7") == (401 if rejected else 200)
    assert heard == ["untrusted_proxy", *rejected]
