"""Users by certificate in REST framework."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_mtls.rest_framework.test import CertificateAPIClient, CertificateAPIRequestFactory
from tests.django.test_shortage import failing
from wsgi_mtls.testing import KeyPair, make_ca, self_sign

from .urls import Users


def test_user(alice: Any, alice_pair: KeyPair) -> None:
    answer = CertificateAPIClient(alice_pair).get("/users")
    assert (answer.status_code, answer.json()) == (200, {"user": "alice"})
    assert CertificateAPIClient(alice_pair).get("/open").json() == {"user": "alice"}


def test_force_login(alice: Any, bob: Any, bob_pair: KeyPair) -> None:
    """As by password, so that no certificate is missing."""
    client = CertificateAPIClient()
    client.force_login(alice)
    assert client.get("/session").json() == {"user": "alice"}
    client.present(bob_pair)
    assert client.get("/session").json() == {"user": "bob"}


def test_factory(alice: Any, alice_pair: KeyPair) -> None:
    factory = CertificateAPIRequestFactory(alice_pair)
    assert Users.as_view()(factory.get("/")).data == {"user": "alice"}
    factory.present(None)
    assert Users.as_view()(factory.get("/")).status_code == 403


@pytest.mark.parametrize("path", ["/users", "/machines"])
def test_refused(alice: Any, alice_pair: KeyPair, bob_pair: KeyPair, path: str) -> None:
    """REST framework's 403: there is no HTTP scheme to challenge with."""
    stranger = make_ca("CN=Some CA").issue("CN=alice").certificate
    for client in (
        CertificateAPIClient(),
        CertificateAPIClient(bob_pair),  # there is no bob
        CertificateAPIClient(self_sign("CN=alice")),
        CertificateAPIClient(stranger, verified=False),
    ):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "WWW-Authenticate" not in answer.headers
    assert CertificateAPIClient(alice_pair).get(path).status_code == 200


def test_bad_certificate_is_not_anonymous(alice: Any, alice_pair: KeyPair, bob_pair: KeyPair) -> None:
    assert CertificateAPIClient(bob_pair).get("/open").status_code == 403
    assert CertificateAPIClient().get("/open").json() == {"user": ""}


@pytest.mark.parametrize("keys", [{"SSL_CLIENT_CERT": "x", "SSL_CLIENT_VERIFY": "NONE"}, {"SSL_CLIENT_CERT": "x"}])
def test_malformed_certificate(settings: Callable[..., None], keys: dict[str, Any]) -> None:
    from django.conf import settings as current

    without_login = [name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name]
    settings(MIDDLEWARE=without_login)
    for path in ("/users", "/machines", "/open"):
        assert Client().get(path, **keys).status_code == 403


class Failing:
    """A source that raises this error, if any."""

    error: Exception | None = None

    def __call__(self, environ: Any) -> None:
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize("path", ["/users", "/machines", "/open"])
@pytest.mark.parametrize(("error", "status"), [
    (OSError(24, "Too many open files"), 503), (MemoryError(), 503), (ValueError(), 403), (None, None),
])  # fmt: skip
def test_source_that_fails(
    mtls: Callable[..., None], settings: Callable[..., None], path: str, error: Exception | None, status: int | None
) -> None:
    """A shortage is not called a refusal; neither is anonymous."""
    from django.conf import settings as current

    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name])
    source = Failing()
    source.error = error
    mtls(SOURCE=source)
    answer = Client().get(path)
    assert answer.status_code == (status or (200 if path == "/open" else 403))
    assert "WWW-Authenticate" not in answer.headers
    assert (answer.json() == {"detail": "temporarily_unavailable"}) == (status == 503)


def test_row_48_post_from_another_site(alice: Any, alice_pair: KeyPair) -> None:
    browser = CertificateAPIClient(alice_pair, enforce_csrf_checks=True)
    assert browser.post("/users").status_code == 403
    assert browser.get("/users").status_code == 200
    token = "a" * 32
    browser.cookies["csrftoken"] = token
    answer = browser.post("/users", headers={"X-CSRFToken": token})
    assert (answer.status_code, answer.json()) == (200, {"user": "alice"})
    assert browser.post("/users", headers={"X-CSRFToken": "b" * 32}).status_code == 403


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://testserver"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site", "Origin": "https://testserver"},
])  # fmt: skip
def test_row_48_api_that_programs_call(alice: Any, alice_pair: KeyPair, headers: dict[str, str]) -> None:
    client = CertificateAPIClient(alice_pair, enforce_csrf_checks=True)
    assert client.post("/machines", headers=headers).status_code == 403
    assert client.post("/machines").status_code == 200
    assert client.post("/machines", headers={"Origin": "https://testserver"}).status_code == 200
    assert client.get("/machines", headers=headers).status_code == 200


@pytest.mark.parametrize("error", [MemoryError(), OperationalError("the database is down")], ids=repr)
def test_database_that_fails(alice: Any, alice_pair: KeyPair, settings: Callable[..., None], error: Exception) -> None:
    from django.conf import settings as current

    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name])
    client = CertificateAPIClient(alice_pair)
    for path in ("/users", "/machines", "/open"):
        with failing(error):
            answer = client.get(path)
        assert (answer.status_code, answer.json()) == (503, {"detail": "temporarily_unavailable"})
        assert client.get(path).json() == {"user": "alice"}


def test_user_is_read_anew(alice: Any, alice_pair: KeyPair, settings: Callable[..., None]) -> None:
    from django.conf import settings as current

    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name])
    client, rows = CertificateAPIClient(alice_pair), type(alice).objects.filter(pk=alice.pk)
    for changes, status in (
        ({}, 200), ({"is_active": False}, 403), ({"is_active": True}, 200), ({"username": "x"}, 403),
        ({"username": "alice"}, 200),
    ):  # fmt: skip
        if changes:
            rows.update(**changes)
        assert client.get("/users").status_code == status
    with CaptureQueriesContext(connection) as queries:
        client.get("/users")
    assert len(queries) == 1
    rows.delete()
    assert client.get("/users").status_code == 403
