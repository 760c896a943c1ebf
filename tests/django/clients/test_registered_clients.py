"""The models, the registry and the signals."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_mtls import signals
from django_mtls.clients import sightings
from django_mtls.clients.registry import DjangoClientRegistry
from django_mtls.models import RegisteredClient
from django_mtls.test import CertificateClient
from tests.support import refused
from wsgi_mtls.clients import SUBJECT_KINDS
from wsgi_mtls.events import Event
from wsgi_mtls.testing import KeyPair, Profile, self_sign

from ..site import Site
from ..support import by_certificate, register

BY_DNS = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"}
FORM = "application/x-www-form-urlencoded"
registry = DjangoClientRegistry(RegisteredClient)


@pytest.fixture
def rp(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=x", Profile(san_dns=["rp.example.com"]))


def test_metadata_and_back(mobile_pair: KeyPair) -> None:
    for metadata in ({**BY_DNS, "scope": "a"}, by_certificate(mobile_pair), {"token_endpoint_auth_method": "none"}):
        client = register("rp", metadata)
        client.refresh_from_db()
        assert client.to_metadata() == {
            **metadata, "client_id": "rp", "tls_client_certificate_bound_access_tokens": False
        }  # fmt: skip
        assert client.to_client().client_id == "rp"
        client.delete()


def test_get_is_exact_and_only_of_the_enabled() -> None:
    client = register("rp", BY_DNS)
    found = registry.get("rp")
    assert found is not None
    assert found == client.to_client()
    for other in ("RP", "rp ", " rp", "", "r"):
        assert registry.get(other) is None
    RegisteredClient.objects.update(enabled=False)
    assert registry.get("rp") is None


def test_get_of_what_can_never_authenticate() -> None:
    register("rp", {"token_endpoint_auth_method": "tls_client_auth"})
    with refused("invalid_client_metadata"):
        registry.get("rp")


def test_find(ca: KeyPair) -> None:
    profile = Profile(
        san_dns=["RP.example.com"], san_uri=["urn:x"], san_ip=["2001:db8::7"], san_email=["a@EXAMPLE.com"]
    )
    pair = ca.issue("CN=Billing,O=Agora", profile)
    values = ["cn=billing, o=agora", "rp.example.com", "urn:x", "2001:0db8::0007", "a@example.com"]
    pki = {"token_endpoint_auth_method": "tls_client_auth"}
    for kind, value in zip(SUBJECT_KINDS, values, strict=True):
        register(kind, {**pki, kind: value})
    register("another", {**pki, "tls_client_auth_san_uri": "urn:X"})
    register("disabled", {**pki, "tls_client_auth_san_uri": "urn:x"}, enabled=False)
    register("broken", {**by_certificate(pair), "jwks_uri": "https://rp.example.com"})
    register("two", by_certificate(self_sign("CN=y"), pair))
    assert {client.client_id for client in registry.find(pair.certificate)} == {*SUBJECT_KINDS, "two"}
    assert {record.client_id for record in registry.records(pair.certificate)} == {
        *SUBJECT_KINDS, "two", "disabled", "broken"
    }  # fmt: skip


def test_find_follows_a_change(rp: KeyPair) -> None:
    client = register("rp", BY_DNS)
    assert [found.client_id for found in registry.find(rp.certificate)] == ["rp"]
    client.subject_value = "other.example.com"
    client.save()
    assert list(registry.find(rp.certificate)) == []


def test_client_id_is_unique() -> None:
    register("rp", BY_DNS)
    with pytest.raises(IntegrityError), transaction.atomic():
        register("rp", BY_DNS)


def test_seen_at_most_once_a_minute(ca: KeyPair, rp: KeyPair) -> None:
    client = register("rp", BY_DNS)
    now = timezone.now()
    renewed = ca.issue("CN=x", Profile(san_dns=["rp.example.com"], days=300))

    def read() -> RegisteredClient:
        return RegisteredClient.objects.get()

    client.seen(rp.certificate, now)
    assert (read().last_seen, read().certificate) == (now, rp.certificate)
    for moment in (now + timedelta(seconds=59), now - timedelta(hours=1)):
        with CaptureQueriesContext(connection) as queries:
            client.seen(renewed.certificate, moment)
        assert len(queries) == 0
    stale = RegisteredClient.objects.get()
    stale.last_seen = None  # as read by another process, before the first wrote
    stale.seen(renewed.certificate, now + timedelta(seconds=59))
    assert (read().last_seen, read().certificate) == (now, rp.certificate)
    client.seen(renewed.certificate, now + timedelta(seconds=60))
    assert read().last_seen == now + timedelta(seconds=60)
    assert read().certificate_expires == renewed.certificate.not_after


def test_client_that_can_not_be_noted_is_let_in(
    rp: KeyPair, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = register("rp", BY_DNS)

    def update(self: object, **changes: object) -> int:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(QuerySet, "update", update)
        answer = CertificateClient(rp).post("/token", "client_id=rp", content_type=FORM)
    assert answer.status_code == 200
    assert "could not be noted" in caplog.text
    client.refresh_from_db()
    assert client.last_seen is None
    sightings.noted.forget()  # as a minute later
    assert CertificateClient(rp).post("/token", "client_id=rp", content_type=FORM).status_code == 200
    client.refresh_from_db()
    assert client.last_seen is not None


def test_certificate_that_was_replaced_is_shown_no_more(ca: KeyPair, rp: KeyPair) -> None:
    old, new = self_sign("CN=a", Profile(days=5)), self_sign("CN=b", Profile(days=300))
    renewed = self_sign("CN=a", Profile(days=200, key=old.key))
    client = register("rp", by_certificate(old))
    for pair, shown in ((old, old), (new, new)):
        client.jwks = by_certificate(pair)["jwks"]
        client.save(update_fields=["jwks"])
        client.refresh_from_db()
        assert client.certificate == shown.certificate
        assert client.certificate_expires == shown.certificate.not_after
    client.jwks, client.certificate = by_certificate(old)["jwks"], renewed.certificate
    client.save()
    assert client.certificate == renewed.certificate  # seen, of the key that is registered
    pki = register("pki", BY_DNS)
    pki.certificate = rp.certificate
    pki.save()
    assert pki.certificate == rp.certificate
    pki.subject_value = "other.example.com"
    pki.save()
    pki.refresh_from_db()
    assert pki.certificate is None
    assert pki.certificate_expires is None


def test_seen_over_tls(site: Site, rp: KeyPair) -> None:
    register("rp", BY_DNS)
    assert site.post("/token", None, "client_id=rp").status == 401
    assert RegisteredClient.objects.get().last_seen is None
    assert site.post("/token", rp, "client_id=rp").status == 200
    assert RegisteredClient.objects.get().last_seen is not None
    assert RegisteredClient.objects.get().certificate == rp.certificate


@pytest.mark.parametrize(("columns", "field"), [
    ({"client_id": "é"}, "client_id"),
    ({"client_id": "a\n"}, "client_id"),
    ({"subject_kind": ""}, "subject_value"),
    ({"subject_value": ""}, "subject_value"),
    ({"subject_value": "*.example.com"}, "subject_value"),
    ({"subject_kind": "tls_client_auth_subject_dn", "subject_value": "rp"}, "subject_value"),
    ({"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": 1}}, "jwks"),
    ({"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [{"x5c": ["AAAA"]}]}}, "jwks"),
    ({"jwks": {"keys": []}, "jwks_uri": "https://rp.example.com"}, "jwks_uri"),
    ({"metadata": []}, "metadata"),
    ({"metadata": {"jwks": {}}}, "metadata"),
    ({"token_endpoint_auth_method": "self_signed_tls_client_auth"}, "jwks"),
    ({"token_endpoint_auth_method": "telepathy"}, "token_endpoint_auth_method"),
])  # fmt: skip
def test_errors_stand_beside_the_field(columns: dict[str, Any], field: str) -> None:
    good = {"client_id": "rp", "subject_kind": "tls_client_auth_san_dns", "subject_value": "rp.example.com"}
    RegisteredClient(**good).full_clean()
    with pytest.raises(ValidationError) as caught:
        RegisteredClient(**{**good, **columns}).full_clean()
    assert set(caught.value.message_dict) == {field}


def test_deleting_a_user_deletes_the_certificates(alice: User) -> None:
    register("alice's card", BY_DNS, user=alice)
    alice.delete()
    assert not RegisteredClient.objects.exists()


@pytest.fixture
def events() -> Iterator[list[Event]]:
    seen: list[Event] = []

    def note(sender: object, event: Event, **_: object) -> None:
        seen.append(event)

    def fail(**_: object) -> None:
        raise RuntimeError("a receiver that fails changes no decision")

    connected = (signals.client_authenticated, signals.client_rejected, signals.token_rejected)
    for signal in connected:
        signal.connect(fail)
        signal.connect(note)
    yield seen
    for signal in connected:
        signal.disconnect(fail)
        signal.disconnect(note)


def test_signals(site: Site, rp: KeyPair, alice_pair: KeyPair, events: list[Event], mtls: Callable[..., None]) -> None:
    register("rp", BY_DNS)
    assert site.post("/token", rp, "client_id=rp").status == 200
    assert site.post("/token", alice_pair, "client_id=rp").status == 401
    told = [(event.name, event.client_id, event.reason) for event in events if event.client_id]
    assert told == [("client_authenticated", "rp", None), ("client_rejected", "rp", "subject_mismatch")]
    events.clear()
    mtls(TOKENS="tests.django.test_attacks_on_api.tokens")
    assert site.request("GET", "/accounts", None).status == 401
    assert [(event.name, event.reason) for event in events] == [("token_rejected", "missing_token")]
