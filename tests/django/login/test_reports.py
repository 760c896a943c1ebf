"""What is reported of a login: where the request came from, and a refused certificate once, whatever asks about it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_mtls import signals
from django_mtls.test import CertificateClient
from wsgi_mtls import Event
from wsgi_mtls.testing import KeyPair, Profile

from ..support import register

BY_DNS = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "alice.example.com"}
PAST = datetime.now(UTC) - timedelta(days=2)


@pytest.fixture
def events() -> Iterator[list[Event]]:
    heard: list[Event] = []

    def hear(event: Event, **_: Any) -> None:
        heard.append(event)

    told = (signals.client_authenticated, signals.client_rejected)
    for signal in told:
        signal.connect(hear)
    yield heard
    for signal in told:
        signal.disconnect(hear)


def alices(ca: KeyPair, **profile: Any) -> KeyPair:
    return ca.issue("CN=alice", Profile(san_dns=["alice.example.com"], **profile))


def get(pair: KeyPair, path: str) -> int:
    return CertificateClient(pair, REMOTE_ADDR="192.0.2.9").get(path).status_code


def test_a_refused_certificate_is_reported_once(alice: User, ca: KeyPair, events: list[Event]) -> None:
    """By the login, and by ``certificate_required`` around the view."""
    register("billing", BY_DNS, user=alice)
    assert get(alices(ca, not_before=PAST, not_after=PAST + timedelta(days=1)), "/machine") == 401
    assert [event.reason for event in events if event.client_id == "billing"] == ["certificate_expired"]
    assert [event.reason for event in events].count("certificate_expired") == 1
    events.clear()
    assert get(alices(ca), "/machine") == 200
    assert {event.name for event in events} == {"client_authenticated"}


@pytest.mark.parametrize("registered", [True, False])
def test_a_login_is_reported_with_its_path_and_address(
    alice: User, ca: KeyPair, events: list[Event], registered: bool
) -> None:
    if registered:
        register("billing", BY_DNS, user=alice)
    get(alices(ca, not_before=PAST, not_after=PAST + timedelta(days=1)), "/")
    assert {(event.name, event.path, event.address) for event in events} == {("client_rejected", "/", "192.0.2.9")}
    events.clear()
    get(alices(ca), "/")
    assert {(event.path, event.address) for event in events} <= {("/", "192.0.2.9")}
    assert len(events) == int(registered)
