"""The registration on its application's page in the admin: the rights of its editor, and names that are taken."""

from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import path
from oauth2_provider.models import get_application_model

from django_mtls.clients import claims
from django_mtls.oauth_toolkit.admin import MutualTLSApplicationAdmin, RegistrationInline
from django_mtls.oauth_toolkit.models import ApplicationRegistration
from django_mtls.test import CertificateClient
from wsgi_mtls.testing import KeyPair, Profile

from .support import application, registered

DN, EMAIL, DNS = "tls_client_auth_subject_dn", "tls_client_auth_san_email", "tls_client_auth_san_dns"
LIST = "/admin/oauth2_provider/application/"


@pytest.fixture(autouse=True)
def _admin(settings: Callable[..., None]) -> Iterator[None]:
    model = get_application_model()
    before = type(admin.site.get_model_admin(model))
    admin.site.unregister(model)
    admin.site.register(model, MutualTLSApplicationAdmin)
    # The admin's URLs name the classes that were registered when they were made.
    urls = ModuleType("urls_of_this_test")
    vars(urls)["urlpatterns"] = [path("admin/", admin.site.urls), *import_module("tests.django.urls").urlpatterns]
    settings(ROOT_URLCONF=urls)
    yield
    admin.site.unregister(model)
    admin.site.register(model, before)


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def mallory() -> User:
    """An editor who may edit applications, registrations and users."""
    made = User.objects.create_user("mallory", is_staff=True)
    models = ("application", "applicationregistration")
    made.user_permissions.set(Permission.objects.filter(content_type__model__in=models))
    made.user_permissions.add(Permission.objects.get(codename="change_user"))
    return made


class Page:
    """The page of one application, as one editor sees it."""

    def __init__(self, editor: User, of: Any) -> None:
        self.client, self.of = Client(), of
        self.client.force_login(editor, backend="django.contrib.auth.backends.ModelBackend")

    def inline(self) -> Any:
        page: Any = self.client.get(f"{LIST}{self.of.pk}/change/")
        assert page.status_code == 200
        (found,) = page.context["inline_admin_formsets"]
        return found

    def post(self, kind: str, value: str, linked: User | None, **fields: Any) -> Any:
        page: Any = self.client.get(f"{LIST}{self.of.pk}/change/")
        initial = page.context["adminform"].form.initial
        form = {name: value for name, value in initial.items() if value is not None and name != "hash_client_secret"}
        row = ApplicationRegistration.objects.filter(application=self.of).first()
        fields = {
            "TOTAL_FORMS": "1", "INITIAL_FORMS": "0" if row is None else "1", "MIN_NUM_FORMS": "0",
            "MAX_NUM_FORMS": "1", "0-id": "" if row is None else row.pk, "0-application": self.of.pk,
            "0-enabled": "on", "0-metadata": "{}", "0-token_endpoint_auth_method": "tls_client_auth",
            "0-subject_kind": kind, "0-subject_value": value, "0-user": "" if linked is None else linked.pk, **fields,
        }  # fmt: skip
        named = {f"mtls_registration-{name}": value for name, value in fields.items()}
        return self.client.post(f"{LIST}{self.of.pk}/change/", {**form, **named})


def errors(answer: Any) -> str:
    assert answer.status_code == 200
    (found,) = answer.context["inline_admin_formsets"]
    return str(found.formset.errors)


def test_rights_over_what_is_linked(root: User, mallory: User, alice: User) -> None:
    """All of an application's registrations, and no other application's."""
    mine, theirs, bare = application("mine"), application("theirs"), application("bare")
    registered(mine, {"token_endpoint_auth_method": "tls_client_auth", DNS: "a.example.com"}, user=alice)
    registered(theirs, {"token_endpoint_auth_method": "tls_client_auth", DNS: "b.example.com"}, user=root)
    for editor, of, allowed in (
        (mallory, mine, True), (mallory, theirs, False), (mallory, bare, True), (root, theirs, True),
    ):  # fmt: skip
        inline = Page(editor, of).inline()
        assert (inline.has_change_permission, inline.has_delete_permission) == (allowed, allowed)
    add: Any = Page(mallory, mine).client.get(f"{LIST}add/")
    (inline,) = add.context["inline_admin_formsets"]
    assert inline.has_change_permission
    assert Page(mallory, mine).post(DNS, "c.example.com", alice).status_code == 302
    assert ApplicationRegistration.objects.get(application=mine).subject_value == "c.example.com"
    Page(mallory, theirs).post(DNS, "d.example.com", root)
    assert ApplicationRegistration.objects.get(application=theirs).subject_value == "b.example.com"


def test_hook_of_the_inline(root: User, alice: User) -> None:
    made = application("rp")
    with patch.object(RegistrationInline, "may_link", lambda self, request, user: user != alice):
        assert "permissions you also have" in errors(Page(root, made).post(DNS, "a.example.com", alice))
        assert Page(root, made).post(DNS, "a.example.com", root).status_code == 302
        ApplicationRegistration.objects.update(user=alice)
        assert not Page(root, made).inline().has_change_permission
        assert not Page(root, made).inline().has_delete_permission
    assert Page(root, made).inline().has_change_permission


@pytest.mark.parametrize("enabled", ["on", ""])
def test_row_59_a_name_of_a_user_with_more_rights(root: User, mallory: User, ca: KeyPair, enabled: str) -> None:
    made, card = application("hers"), ca.issue("CN=root", Profile(san_email=["root@example.com"]))
    refused = Page(mallory, made).post(DN, "CN=root", mallory, **{"0-enabled": enabled})
    assert "logs in another user" in errors(refused)
    assert Page(mallory, made).post(EMAIL, "root@example.com", mallory, **{"0-enabled": enabled}).status_code == 302
    assert ApplicationRegistration.objects.get().saved_by == mallory
    assert CertificateClient(card).get("/").json()["user"] == "root"
    Page(root, made).post(EMAIL, "root@example.com", mallory, **{"0-enabled": enabled})
    assert ApplicationRegistration.objects.get().saved_by == root
    assert CertificateClient(card).get("/").json()["user"] == ("mallory" if enabled else "")


@pytest.mark.parametrize("racing", [False, True])
def test_row_60_a_name_that_is_taken(root: User, mallory: User, alice: User, racing: bool) -> None:
    """Also where only the constraint sees it, after the form was found in order."""
    first, second = application("first"), application("second")
    assert Page(root, first).post(DNS, "card.example.com", alice).status_code == 302
    looked: list[object] = []
    look = claims._holders

    def blind_at_first(record: Any) -> Any:
        looked.append(record)
        return [] if racing and len(looked) == 1 else look(record)

    with patch.object(claims, "_holders", blind_at_first):
        told = errors(Page(root, second).post(DNS, "card.example.com", root))
    assert "logs in one user only" in told
    assert "first" in told
    assert len(looked) == (2 if racing else 1)
    assert not ApplicationRegistration.objects.filter(application=second).exists()
    mallory.user_permissions.remove(*Permission.objects.filter(codename__in=("view_applicationregistration",)))
    mallory.user_permissions.remove(*Permission.objects.filter(codename__in=("change_applicationregistration",)))
    told = errors(Page(mallory, second).post(DNS, "card.example.com", mallory))
    assert "logs in one user only" in told
    assert "first" not in told
    for client in (first, second):
        ApplicationRegistration.objects.filter(application=client).delete()
        assert Page(root, client).post(DNS, "card.example.com", None).status_code == 302  # by its client_id
