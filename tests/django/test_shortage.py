"""Row 65 at logins: where memory or the database fails, no certificate is called another's (503, not 403)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, ProgrammingError, connection

from django_mtls.test import CertificateClient
from wsgi_mtls.testing import KeyPair, Profile

from .browser import Browser, reasons
from .support import by_certificate, register

BY_DNS = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "alice.example.com"}
FORM = "application/x-www-form-urlencoded"
SHORTAGES = [MemoryError(), OperationalError("the database is down"), InterfaceError("connection already closed")]


@contextmanager
def failing(error: Exception, at: int = 1, table: str = "django_mtls") -> Iterator[None]:
    """Fail at this query of ours, or of another table, and at each one after it."""
    asked = 0

    def execute(run: Callable[..., Any], sql: str, *more: Any) -> Any:
        nonlocal asked
        asked += table in sql
        if table in sql and asked >= at:
            raise type(error)(*error.args)
        return run(sql, *more)

    with connection.execute_wrapper(execute):
        yield


@pytest.mark.parametrize("error", SHORTAGES, ids=repr)
def test_login_by_name(
    browser: Browser, alice: User, alice_pair: KeyPair, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    with failing(error):
        assert browser.get("/", alice_pair).status_code == 503
    assert reasons(caplog) == ["resources_unavailable"]
    assert browser.user(alice_pair) == "alice"


def test_name_that_no_user_can_have(
    browser: Browser, alice: User, alice_pair: KeyPair, ca: KeyPair, caplog: pytest.LogCaptureFixture
) -> None:
    """MySQL refuses to compare an emoji with a column of utf8mb3, and the database is up."""
    mix = OperationalError(1267, "Illegal mix of collations (utf8mb3_general_ci,IMPLICIT) and (utf8mb4_general_ci)")
    with failing(mix, table="auth_user"):
        assert browser.user(ca.issue("CN=alice\U0001f600")) == ""
    assert reasons(caplog) == ["unknown_user"]
    assert browser.user(alice_pair) == "alice"


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("error", SHORTAGES, ids=repr)
def test_login_by_registration(browser: Browser, alice: User, ca: KeyPair, error: Exception, at: int) -> None:
    """Whichever of the queries fails: for the user of the name, the search keys, the registrations."""
    pair = ca.issue("CN=card 7", Profile(san_dns=["alice.example.com"]))
    register("alice's card", BY_DNS, user=alice)
    assert browser.user(pair) == "alice"
    with failing(error, at):
        assert browser.get("/", pair).status_code == 503
    assert browser.user(pair) == "alice"


@pytest.mark.parametrize("error", SHORTAGES, ids=repr)
def test_client(alice_pair: KeyPair, error: Exception) -> None:
    register("billing", by_certificate(alice_pair))

    def answer() -> int:
        client = CertificateClient(alice_pair)
        return client.post("/token", "client_id=billing", content_type=FORM).status_code

    assert answer() == 200
    with failing(error):
        assert answer() == 503
    assert answer() == 200


def test_fault_of_the_program(browser: Browser, alice: User, alice_pair: KeyPair) -> None:
    with failing(ProgrammingError("no such column")), pytest.raises(ProgrammingError):
        browser.get("/", alice_pair)
    assert browser.user(alice_pair) == "alice"
