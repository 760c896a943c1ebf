"""The pinned CA of a client in the admin: a field of its own, kept in the metadata."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from django_mtls.models import RegisteredClient
from wsgi_mtls.testing import KeyPair, make_ca
from wsgi_mtls.trust.authority import pins_of

from ..registrations import browser
from ..support import register
from .test_admin import ADD, LIST, errors, form

BY_DNS = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"}
DNS_FIELDS = {"subject_kind": "tls_client_auth_san_dns", "subject_value": "rp.example.com"}


@pytest.fixture
def client() -> Client:
    return browser(User.objects.create_superuser("root"))


@pytest.fixture
def pins(ca: KeyPair) -> list[str]:
    return sorted(min(pins_of(pair.certificate.der)) for pair in (ca, make_ca("CN=Other")))


def fields(**given: str) -> dict[str, Any]:
    return form(None, **DNS_FIELDS, **given)


def stored() -> dict[str, Any]:
    found: dict[str, Any] = RegisteredClient.objects.get().metadata
    return found


def test_one_several_and_none(client: Client, pins: list[str]) -> None:
    one, other = pins
    assert client.post(ADD, fields(tls_client_auth_issuer=f" {one} ", metadata='{"a": 1}')).status_code == 302
    assert stored() == {"a": 1, "tls_client_auth_issuer": one}
    page = f"{LIST}{RegisteredClient.objects.get().pk}/change/"
    shown = client.get(page).context["adminform"].form
    assert shown["tls_client_auth_issuer"].value() == one
    assert json.loads(shown["metadata"].value()) == {"a": 1}
    assert client.post(page, fields(tls_client_auth_issuer=f"{one}\r\n{other}")).status_code == 302
    assert stored() == {"tls_client_auth_issuer": [one, other]}
    assert RegisteredClient.objects.get().to_client().tls_client_auth_issuer == (one, other)
    assert client.get(page).context["adminform"].form["tls_client_auth_issuer"].value() == f"{one}\n{other}"
    assert client.post(page, fields()).status_code == 302
    assert stored() == {}


def test_errors_beside_the_field(client: Client, pins: list[str], mobile_pair: KeyPair) -> None:
    by_key = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}
    for given, field in (
        (fields(tls_client_auth_issuer="CN=CA"), "tls_client_auth_issuer"),
        (fields(tls_client_auth_issuer=pins[0] + "="), "tls_client_auth_issuer"),
        (form(mobile_pair, **by_key, tls_client_auth_issuer=pins[0]), "tls_client_auth_issuer"),
        (fields(metadata=json.dumps({"tls_client_auth_issuer": pins[0]})), "metadata"),
        (fields(tls_client_auth_issuer=pins[0], metadata="[]"), "metadata"),
    ):
        assert field in errors(client.post(ADD, given)), given
    assert not RegisteredClient.objects.exists()


@pytest.mark.parametrize("metadata", [{"tls_client_auth_issuer": "CN=CA"}, {"tls_client_auth_issuer": 5}, [], 5])
def test_stored_without_a_check(client: Client, metadata: Any) -> None:
    record = register("rp", BY_DNS)
    RegisteredClient.objects.update(metadata=metadata)
    shown = client.get(f"{LIST}{record.pk}/change/").context["adminform"].form
    assert json.loads(shown["metadata"].value()) == metadata
    assert not shown["tls_client_auth_issuer"].value()


def test_shown_to_those_who_may_only_view(pins: list[str]) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_registeredclient"))
    record = register("rp", {**BY_DNS, "tls_client_auth_issuer": pins[0]})
    assert pins[0] in browser(viewer).get(f"{LIST}{record.pk}/change/").content.decode()
    RegisteredClient.objects.update(metadata={})
    assert browser(viewer).get(f"{LIST}{record.pk}/change/").status_code == 200
