"""What is remembered of a header or a row changes no decision: registration and status count anew in each request."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from django_mtls.verification import verifier
from tests.unit.test_frames import HEADER, METADATA

from .support import register

FORM = "application/x-www-form-urlencoded"


def answer(header: str = HEADER, **environ: Any) -> int:
    extra = {"HTTP_XCLIENTCERT": header, **environ}
    return Client().post("/token", "client_id=billing", content_type=FORM, **extra).status_code


@pytest.fixture
def _behind_nginx(mtls: Callable[..., None]) -> None:
    mtls(SOURCE={"preset": "nginx", "trusted_proxies": ["127.0.0.1"]})


@pytest.mark.usefixtures("_behind_nginx")
def test_the_row_is_read_anew() -> None:
    record = register("billing", METADATA)
    assert [answer(), answer()] == [200, 200]
    record.subject_value = "other.example.com"
    record.save()
    assert answer() == 401
    record.subject_value = "billing.example.com"
    record.save()
    assert answer() == 200
    record.enabled = False
    record.save()
    assert answer() == 401
    record.enabled = True
    record.save()
    assert answer() == 200
    record.delete()
    assert answer() == 401


@pytest.mark.usefixtures("_behind_nginx")
def test_the_status_and_the_proxy() -> None:
    register("billing", METADATA)
    assert answer() == 200
    assert answer(HEADER.replace("SUCCESS", "FAILED:certificate revoked", 1)) == 401
    assert answer(REMOTE_ADDR="192.0.2.1") == 401
    assert answer() == 200


@pytest.mark.usefixtures("_behind_nginx")
def test_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    register("billing", METADATA)
    assert answer() == 200
    late = datetime.now(UTC) + timedelta(days=100_000)
    monkeypatch.setattr(verifier(), "rules", replace(verifier().rules, clock=lambda: late))
    assert answer() == 401
    monkeypatch.undo()
    assert answer() == 200
