"""The admin without its script: what the server does with an upload."""

import json
from collections.abc import Callable
from html import unescape
from importlib.util import find_spec
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.admin import AdminSite
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.formats import date_format
from django.utils.timezone import localtime

from django_mtls.admin import RegisteredClientAdmin
from django_mtls.models import RegisteredClient
from wsgi_mtls.clients import subject_keys
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, self_sign, to_pem

from ..support import common_names, register

ADD = "/admin/django_mtls/registeredclient/add/"
LIST = "/admin/django_mtls/registeredclient/"
INSPECT = "/admin/django_mtls/registeredclient/inspect-certificate/"
BY_DNS = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"}


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"), "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def rp(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=x", Profile(san_dns=["rp.example.com"], san_email=["rp@example.com"]))


def form(certificate: KeyPair | bytes | None = None, **fields: str) -> dict[str, Any]:
    given: dict[str, Any] = {
        "client_id": "rp",
        "enabled": "on",
        "token_endpoint_auth_method": "tls_client_auth",
        "metadata": "{}",
        **fields,
    }
    if certificate is not None:
        content = certificate if isinstance(certificate, bytes) else to_pem(certificate.certificate)
        given["certificate"] = SimpleUploadedFile("client.pem", content)
    return given


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    found: dict[str, list[str]] = answer.context["adminform"].form.errors
    return found


def test_upload_fills_the_subject_value(client: Client, rp: KeyPair) -> None:
    assert client.post(ADD, form(rp)).status_code == 302
    saved = RegisteredClient.objects.get()
    assert (saved.subject_kind, saved.subject_value) == ("tls_client_auth_san_dns", "rp.example.com")
    assert saved.certificate == rp.certificate
    page = client.get(f"{LIST}{saved.pk}/change/").content.decode()
    end = date_format(localtime(rp.certificate.not_after), "DATE_FORMAT")
    for text in (rp.certificate.thumbprint, "rp@example.com", f"{end} (in 29 days)"):
        assert text in page


def test_warning_of_a_client_that_can_never_authenticate(
    client: Client, rp: KeyPair, mtls: Callable[..., None]
) -> None:
    mtls(ALLOWED_METHODS=["self_signed_tls_client_auth"])
    for client_id, enabled, expected in (("rp", "on", True), ("disabled", "", False)):
        saved = client.post(ADD, form(rp, client_id=client_id, enabled=enabled), follow=True)
        assert (f"{client_id!r}: registered for tls_client_auth" in unescape(saved.content.decode())) is expected
    mtls(ALLOWED_METHODS=["tls_client_auth"])
    assert "registered for" not in client.post(ADD, form(rp, client_id="good"), follow=True).content.decode()


def test_upload_fills_the_chosen_kind(client: Client, rp: KeyPair) -> None:
    assert client.post(ADD, form(rp, subject_kind="tls_client_auth_san_email")).status_code == 302
    assert RegisteredClient.objects.get().subject_value == "rp@example.com"


def test_upload_fills_the_jwk_set(client: Client, mobile_pair: KeyPair) -> None:
    method = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}
    assert client.post(ADD, form(mobile_pair, **method)).status_code == 302
    saved = RegisteredClient.objects.get()
    assert [*saved.certificates] == [mobile_pair.certificate]
    renewed = self_sign("CN=mobile")
    fields = form(renewed, **method, jwks=json.dumps(saved.jwks))
    assert client.post(f"{LIST}{saved.pk}/change/", fields).status_code == 302
    saved.refresh_from_db()
    assert [*saved.certificates] == [mobile_pair.certificate, renewed.certificate]


def test_errors_stand_beside_the_field(client: Client, rp: KeyPair, mobile_pair: KeyPair, ca: KeyPair) -> None:
    dns = "tls_client_auth_san_dns"
    register("taken", BY_DNS)
    for fields, field in (
        (form(), "subject_value"),
        (form(b"x"), "certificate"),
        (form(to_pem(rp.certificate) + to_pem(ca.certificate)), "certificate"),
        (form(b"\x30" * 200_000), "certificate"),
        (form(ca.issue("")), "certificate"),
        (form(rp, subject_kind=dns, subject_value="other.example.com"), "subject_value"),
        (form(subject_kind=dns, subject_value="*.example.com"), "subject_value"),
        (form(mobile_pair), "token_endpoint_auth_method"),
        (form(token_endpoint_auth_method="self_signed_tls_client_auth"), "jwks"),
        (form(mobile_pair, token_endpoint_auth_method="self_signed_tls_client_auth", jwks="[]"), "jwks"),
        (form(rp, jwks="{"), "jwks"),
        (form(rp, metadata="[]"), "metadata"),
        (form(rp, jwks_uri="http://rp.example.com"), "jwks_uri"),
        (form(rp, client_id="taken"), "client_id"),
    ):
        assert field in errors(client.post(ADD, fields)), fields
    assert RegisteredClient.objects.count() == 1


@pytest.mark.parametrize("field", ["metadata", "jwks"])
@pytest.mark.parametrize("value", ["\\u0000", "\\ud800", "\\ud800x\\udc00", "a\\\\\\u0000"])
def test_json_that_no_database_keeps(client: Client, rp: KeyPair, field: str, value: str) -> None:
    for text in (f'{{"keys": [], "a": ["{value}"]}}', f'{{"keys": [], "{value}": 1}}'):
        assert field in errors(client.post(ADD, form(rp, **{field: text})))
    assert field in errors(client.post(ADD, form(rp, **{field: '{"keys": [], "a": 1e999}'})))


@pytest.mark.parametrize("field", ["metadata", "jwks"])
def test_json_that_python_cannot_read_or_write(client: Client, rp: KeyPair, field: str) -> None:
    """Its own limits would be errors 500, here or at the next look at what was stored."""
    for depth in (30, 100, 500, 925, 5000, 60000):
        text = f'{{"keys": [], "a": {"[" * depth}{"]" * depth}}}'
        assert field in errors(client.post(ADD, form(rp, **{field: text}))), depth
    assert field in errors(client.post(ADD, form(rp, **{field: f'{{"keys": [], "a": {"9" * 5000}}}'})))
    nested = f'{{"a": {"[" * 29}{"]" * 29}}}'
    assert client.post(ADD, form(rp, metadata=nested)).status_code == 302
    assert client.get(f"{LIST}{RegisteredClient.objects.get().pk}/change/").status_code == 200


@pytest.mark.parametrize("metadata", ["", "null", "{}", r'{"a": "\\u0000"}'])
def test_metadata_may_be_empty(client: Client, rp: KeyPair, metadata: str) -> None:
    assert client.post(ADD, form(rp, metadata=metadata)).status_code == 302
    assert RegisteredClient.objects.get().metadata == (json.loads(metadata or "{}") or {})


def test_row_41_a_certificate_that_may_issue_others(client: Client, mobile_pair: KeyPair) -> None:
    """In the terminator's CA bundle it would vouch for any name: the form, the page and the script warn of it."""
    method = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}
    issuer = self_sign("CN=ca", Profile(ca=True))
    for pair, warned in ((issuer, True), (mobile_pair, False)):
        upload = SimpleUploadedFile("client.pem", to_pem(pair.certificate))
        told = client.post(INSPECT, {"certificate": upload}).json()["warnings"]
        assert any("CA bundle" in warning for warning in told) == warned
        answer = client.post(ADD, form(pair, **method), follow=True)
        assert any("CA bundle" in str(message) for message in answer.context["messages"]) == warned
        page = client.get(f"{LIST}{RegisteredClient.objects.get().pk}/change/").content.decode()
        assert ("CA bundle" in page) == warned
        RegisteredClient.objects.all().delete()


def test_many_names(client: Client, ca: KeyPair) -> None:
    """What a certificate could be registered by is looked up once, not once for each of its names."""
    many = ca.issue("CN=x", Profile(san_dns=[f"{number}.example.com" for number in range(2000)]))
    with patch("django_mtls.clients.uploads.subject_keys", wraps=subject_keys) as looked_up:
        upload = SimpleUploadedFile("client.pem", to_pem(many.certificate))
        assert len(client.post(INSPECT, {"certificate": upload}).json()["names"]) == 2001
    assert looked_up.call_count == 1


def test_who_may_only_look_sees_no_upload(client: Client, rp: KeyPair) -> None:
    assert client.post(ADD, form(rp)).status_code == 302
    change = f"{LIST}{RegisteredClient.objects.get().pk}/change/"
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_registeredclient"))
    looking = Client()
    looking.force_login(reader, "django.contrib.auth.backends.ModelBackend")
    page = looking.get(change).content.decode()
    assert "ClientCertificate" not in page
    assert "Upload a certificate" not in page
    assert rp.certificate.thumbprint in page
    assert "Upload a certificate" in client.get(change).content.decode()


@pytest.mark.skipif(find_spec("oauth2_provider") is None, reason="the other model is OAuth Toolkit's")
def test_model_that_is_not_used(client: Client, mtls: Callable[..., None]) -> None:
    assert "registeredclient" in client.get("/admin/").content.decode()
    mtls(CLIENT_MODEL="django_mtls_oauth_toolkit.ApplicationRegistration")
    assert "/django_mtls/registeredclient" not in client.get("/admin/").content.decode()
    assert client.get(ADD).status_code == 403
    assert client.get(LIST).status_code == 200


def test_users_without_an_admin() -> None:
    """The field for the user works where the project's user model has none."""
    bare = AdminSite()
    assert RegisteredClientAdmin(RegisteredClient, bare).check() == []


def test_list_and_filter(client: Client, ca: KeyPair) -> None:
    for client_id, days in (("soon", 5), ("later", 50)):
        record = register(client_id, BY_DNS)
        record.certificate = ca.issue("CN=x", Profile(days=days, san_dns=["rp.example.com"])).certificate
        record.save()
    register("unknown", BY_DNS)

    def listed(query: str) -> set[str]:
        answer: Any = client.get(LIST + query)
        assert answer.status_code == 200
        return {record.client_id for record in answer.context["cl"].result_list}

    assert listed("") == {"soon", "later", "unknown"}
    assert listed("?expires=7") == {"soon"}
    assert listed("?expires=90") == {"soon", "later"}
    assert listed("?expires=0") == set()
    assert listed("?expires=x") == {"soon", "later", "unknown"}
    page = client.get(LIST).content.decode()
    assert "in 4 days</span>" in page


def test_inspect(client: Client, rp: KeyPair, mobile_pair: KeyPair) -> None:
    upload = SimpleUploadedFile("client.pem", to_pem(rp.certificate))
    found = client.post(INSPECT, {"certificate": upload}).json()
    assert found["method"] == "tls_client_auth"
    assert found["names"][0] == ["tls_client_auth_san_dns", "rp.example.com"]
    assert ["Thumbprint", rp.certificate.thumbprint] in found["details"]
    upload = SimpleUploadedFile("client.der", mobile_pair.certificate.der)
    found = client.post(INSPECT, {"certificate": upload}).json()
    assert (found["method"], found["jwks"]) == (
        "self_signed_tls_client_auth", {"keys": [jwk(mobile_pair.certificate)]}
    )  # fmt: skip
    assert client.post(INSPECT, {"certificate": SimpleUploadedFile("x", b"x")}).status_code == 400
    assert client.get(INSPECT).status_code == 400
    assert not RegisteredClient.objects.exists()


def test_inspect_is_for_those_who_may_register(rp: KeyPair) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    client = Client()

    def inspect(client: Client) -> int:
        return client.post(INSPECT, {"certificate": SimpleUploadedFile("x", to_pem(rp.certificate))}).status_code

    assert inspect(client) == 302
    client.force_login(staff, "django.contrib.auth.backends.ModelBackend")
    assert inspect(client) == 403
    staff.user_permissions.add(Permission.objects.get(codename="add_registeredclient"))
    assert inspect(client) == 200
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(staff, "django.contrib.auth.backends.ModelBackend")
    assert inspect(careful) == 403


def test_names_of_a_hostile_certificate_are_escaped(client: Client, ca: KeyPair) -> None:
    pair = ca.issue(common_names("<script>alert(1)</script>"), Profile(san_uri=["urn:<script>alert(2)</script>"]))
    assert client.post(ADD, form(pair)).status_code == 302
    page = client.get(f"{LIST}{RegisteredClient.objects.get().pk}/change/").content
    assert b"<script>alert" not in page
