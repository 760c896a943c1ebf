"""Django's ``user_login_failed`` for refused certificates: enough of them to know, too few to lock an address out."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import RequestFactory

from django_mtls.login import failed_logins
from django_mtls.once import OncePerInterval
from wsgi_mtls.testing import KeyPair
from wsgi_mtls.x509 import PeerCertificate

from ..browser import Browser, reasons
from ..serving import ROOT


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_django_axes(interface: str) -> None:
    """The real package: one refused certificate does not lock its address out, wrong passwords do."""
    command = [sys.executable, "-m", "tests.django.axes_site", interface]
    found = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    assert found == {
        "refused certificate, ten times": [""],
        "events of ours": ["unknown_user"] * 10,
        "password from the same address": "alice",
        "certificate from the same address": "alice",
        "wrong passwords": ["", "", 429],
        "right password after them": 429,
    }


def test_one_signal_and_all_events(
    browser: Browser, ca: KeyPair, failures: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        assert browser.user(ca.issue("CN=stranger")) == ""
    assert len(failures) == 1
    assert reasons(caplog) == ["unknown_user"] * 5


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def in_a_process(clock: Clock) -> OncePerInterval:
    return OncePerInterval(failed_logins.INTERVAL, failed_logins.MAX_ADDRESSES, clock)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(failed_logins, "limit", in_a_process(found))
    return found


def fail(pair: KeyPair, address: str | None) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=address) if address is not None else None
    failed_logins.send_login_failed(request, PeerCertificate(pair.certificate))


def test_once_per_address_and_interval(clock: Clock, alice_pair: KeyPair, failures: list[Any]) -> None:
    for _ in range(3):
        for address in ("192.0.2.1", "192.0.2.2", "", None):
            fail(alice_pair, address)
    assert len(failures) == 3
    clock.now += failed_logins.INTERVAL - 1
    fail(alice_pair, "192.0.2.1")
    assert len(failures) == 3
    clock.now += 1
    cache.clear()  # its own time is up too
    fail(alice_pair, "192.0.2.1")
    assert len(failures) == 4


def test_other_processes_count_through_the_cache(
    clock: Clock, alice_pair: KeyPair, failures: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(alice_pair, "192.0.2.1")
    monkeypatch.setattr(failed_logins, "limit", in_a_process(clock))  # as in another process
    fail(alice_pair, "192.0.2.1")
    assert len(failures) == 1
    fail(alice_pair, "192.0.2.2")
    assert len(failures) == 2


@pytest.mark.parametrize("backend", ["django.core.cache.backends.dummy.DummyCache", "tests.django.caches.Broken"])
def test_without_a_cache(
    settings: Callable[..., None], clock: Clock, alice_pair: KeyPair, failures: list[Any], backend: str
) -> None:
    settings(CACHES={"default": {"BACKEND": backend}})
    for _ in range(3):
        fail(alice_pair, "192.0.2.1")
    assert len(failures) == 1


def test_memory_is_bounded(clock: Clock) -> None:
    limit = OncePerInterval(failed_logins.INTERVAL, 3, clock)
    assert [limit.allows(address) for address in "abcabcd"] == [True] * 3 + [False] * 3 + [True]
    assert [limit.allows(address) for address in "bcd"] == [False] * 3
    assert limit.allows("a")  # it was forgotten


def test_a_certificate_that_is_accepted_is_no_failure(
    browser: Browser, alice: User, alice_pair: KeyPair, failures: list[Any]
) -> None:
    assert browser.user(alice_pair) == "alice"
    assert failures == []
