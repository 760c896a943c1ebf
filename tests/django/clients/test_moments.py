"""Certificates' moments in every time zone, and where the calendar ends."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils.timezone import is_aware, make_aware

from django_mtls.clients.registry import DjangoClientRegistry
from django_mtls.models import RegisteredClient
from django_mtls.test import CertificateClient
from wsgi_mtls.testing import KeyPair, Profile

from ..support import by_certificate, register

BY_DNS = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"}
FORM = "application/x-www-form-urlencoded"
registry = DjangoClientRegistry(RegisteredClient)


@pytest.fixture
def rp(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=x", Profile(san_dns=["rp.example.com"]))


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("use_tz", [True, False])
def test_time_zones(
    rp: KeyPair, ca: KeyPair, alice: User, alice_pair: KeyPair, settings: Callable[..., None], zone: str, use_tz: bool
) -> None:
    settings(USE_TZ=use_tz, TIME_ZONE=zone)
    client = register("rp", BY_DNS)
    by_user = register("card", by_certificate(alice_pair), user=alice)
    assert CertificateClient(rp).post("/token", "client_id=rp", content_type=FORM).status_code == 200
    assert CertificateClient(alice_pair).get("/").json()["user"] == "alice"
    for record, pair in ((client, rp), (by_user, alice_pair)):
        record.refresh_from_db()
        assert record.last_seen is not None
        assert record.certificate_expires is not None
        assert is_aware(record.certificate_expires) == use_tz
        expires = record.certificate_expires if use_tz else make_aware(record.certificate_expires)
        assert expires == pair.certificate.not_after


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("use_tz", [True, False])
@pytest.mark.parametrize(("year", "warned"), [(1950, True), (9999, False)])
def test_certificates_that_end_where_the_calendar_does(
    ca: KeyPair, settings: Callable[..., None], zone: str, use_tz: bool, year: int, warned: bool
) -> None:
    settings(USE_TZ=use_tz, TIME_ZONE=zone)
    last = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    never = ca.issue("CN=x", Profile(not_before=last - timedelta(days=1), not_after=last, san_dns=["rp.example.com"]))
    client = register("rp", BY_DNS)
    client.certificate = never.certificate
    client.save()
    client.refresh_from_db()
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"), "django.contrib.auth.backends.ModelBackend")
    for path in ("", f"{client.pk}/change/", "?expires=7"):
        page = browser.get(f"/admin/django_mtls/registeredclient/{path}")
        assert page.status_code == 200
        assert (b"rp" in page.content) or not warned
    assert (
        f"Dec. 31, {year}" in browser.get(f"/admin/django_mtls/registeredclient/{client.pk}/change/").content.decode()
    )
    out = StringIO()
    call_command("mtls_expiring", stdout=out)
    assert out.getvalue().startswith("rp\t") == warned
