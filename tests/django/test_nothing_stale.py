"""What is remembered of a header or a row changes no decision: registration and status count anew in each request."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_mtls.models import RegisteredClient
from django_mtls.test import CertificateClient
from django_mtls.verification import verifier
from tests.unit.test_frames import HEADER, METADATA
from wsgi_mtls.testing import KeyPair, Profile

from .registrations import saved, who
from .support import by_certificate, register

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


@pytest.fixture
def card(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=alice", Profile(san_dns=["card.example.com"]))


CARD = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "card.example.com"}


def test_the_user_is_read_anew(alice: User, bob: User, card: KeyPair, bob_pair: KeyPair) -> None:
    """Past ``save()``, so that no signal could tell of it."""
    rows = User.objects.filter(pk=alice.pk)
    assert [who(card), who(bob_pair), who(card)] == ["alice", "bob", "alice"]
    for changes, back in (
        ({"is_active": False}, {"is_active": True}),
        ({"username": "carol"}, {"username": "alice"}),
    ):
        rows.update(**changes)
        assert who(card) == ""
        rows.update(**back)
        assert who(card) == "alice"
    rows.delete()
    assert [who(card), who(bob_pair)] == ["", "bob"]


def test_registrations_are_read_anew(alice: User, bob: User, root: User, card: KeyPair) -> None:
    assert who(card) == "alice"
    row = saved(CARD, bob, root)
    rows = RegisteredClient.objects.filter(pk=row.pk)
    assert who(card) == "bob"
    for changes, user in (
        ({"enabled": False}, ""),
        ({"enabled": True}, "bob"),
        ({"subject_value": "other.example.com"}, "alice"),
        ({"subject_value": "card.example.com"}, "bob"),
        ({"user": alice}, "alice"),
        ({"user": root}, "root"),
        ({"user": None}, "alice"),
    ):
        rows.update(**changes)
        assert who(card) == user
    rows.delete()
    assert who(card) == "alice"


def test_a_key_that_is_registered_meanwhile(alice: User, card: KeyPair) -> None:
    """For a self-signed client, so that the names in the certificate do not count (row 55)."""
    register("rp", CARD)
    assert (who(card), token(card)) == ("alice", 200)
    row = register("mobile", by_certificate(card), enabled=False)
    assert (who(card), token(card)) == ("", 401)
    row.delete()
    assert (who(card), token(card)) == ("alice", 200)


def test_keys_are_read_anew(card: KeyPair, mobile_pair: KeyPair) -> None:
    """Past ``save()``: the search keys stay, and decide nothing."""
    register("rp", by_certificate(mobile_pair))
    rows = RegisteredClient.objects.filter(client_id="rp")
    assert [token(mobile_pair), token(card)] == [200, 401]
    rows.update(jwks=by_certificate(card)["jwks"])
    assert [token(mobile_pair), token(card)] == [401, 200]
    rows.update(jwks=by_certificate(mobile_pair, card)["jwks"])
    assert [token(mobile_pair), token(card)] == [200, 200]
    rows.update(token_endpoint_auth_method="private_key_jwt")
    assert [token(mobile_pair), token(card)] == [401, 401]


def token(pair: KeyPair) -> int:
    return CertificateClient(pair).post("/token", "client_id=rp", content_type=FORM).status_code
