"""Who may say in the admin whose certificate logs in as whom: a link is worth the user's rights."""

from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import modelform_factory
from django.test import Client

from django_mtls.admin import RegisteredClientAdmin
from django_mtls.admin.forms import RegistrationForm
from django_mtls.models import RegisteredClient
from django_mtls.test import CertificateClient
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, self_sign, to_pem

from ..support import register

LIST = "/admin/django_mtls/registeredclient/"
REGISTRATIONS = ("add_registeredclient", "change_registeredclient", "delete_registeredclient", "view_registeredclient")
SELF_SIGNED = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}


def user(name: str, *permissions: str, **flags: Any) -> User:
    made = User.objects.create_user(name, **flags)
    made.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert made.user_permissions.count() == len(permissions)
    return made


def browser(editor: User) -> Client:
    client = Client()
    client.force_login(editor, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def clerk() -> User:
    """An editor who may register clients, but change no user."""
    return user("clerk", *REGISTRATIONS, is_staff=True)


@pytest.fixture
def manager() -> User:
    """An editor who may register clients and change users."""
    return user("manager", *REGISTRATIONS, "change_user", is_staff=True)


@pytest.fixture
def mine() -> KeyPair:
    return self_sign("CN=mine")


def form(pair: KeyPair, linked: User | None, **fields: Any) -> dict[str, Any]:
    upload = SimpleUploadedFile("mine.pem", to_pem(pair.certificate))
    given = {"client_id": "card", "enabled": "on", "metadata": "{}", "certificate": upload, **SELF_SIGNED, **fields}
    return given if linked is None else {**given, "user": linked.pk}


def card(pair: KeyPair, linked: User | None) -> RegisteredClient:
    return register("card", {**SELF_SIGNED, "jwks": {"keys": [jwk(pair.certificate)]}}, user=linked)


def who(pair: KeyPair) -> str:
    return str(CertificateClient(pair).get("/").json()["user"])


@pytest.mark.parametrize(("flags", "permissions"), [
    ({"is_superuser": True}, ()),
    ({"is_superuser": True, "is_active": False}, ()),
    ({"is_staff": True}, ("delete_user",)),
    ({"is_active": False}, ("delete_user",)),
])  # fmt: skip
def test_no_link_to_more_rights(manager: User, mine: KeyPair, flags: Any, permissions: Any) -> None:
    mighty = user("mighty", *permissions, **flags)
    answer: Any = browser(manager).post(f"{LIST}add/", form(mine, mighty))
    assert "user" in answer.context["adminform"].form.errors
    assert not RegisteredClient.objects.exists()
    assert who(mine) == ""
    root = User.objects.create_superuser("root")
    assert browser(root).post(f"{LIST}add/", form(mine, mighty)).status_code == 302
    assert who(mine) == ("mighty" if mighty.is_active else "")


def test_link_needs_the_right_to_change_users(clerk: User, manager: User, alice: User, mine: KeyPair) -> None:
    answer: Any = browser(clerk).post(f"{LIST}add/", form(mine, alice))
    assert "user" in answer.context["adminform"].form.errors
    assert who(mine) == ""
    assert browser(clerk).post(f"{LIST}add/", form(mine, None)).status_code == 302
    registered = RegisteredClient.objects.get()
    answer = browser(clerk).post(f"{LIST}{registered.pk}/change/", form(mine, alice))
    assert "user" in answer.context["adminform"].form.errors
    assert browser(manager).post(f"{LIST}{registered.pk}/change/", form(mine, alice)).status_code == 302
    assert who(mine) == "alice"


def test_linked_registrations_are_for_those_who_may_link(
    clerk: User, manager: User, alice: User, mine: KeyPair
) -> None:
    """The editor cannot add a key, enable, unlink or delete it: a disabled one keeps its name reserved."""
    registered = card(self_sign("CN=hers"), alice)
    change, delete = f"{LIST}{registered.pk}/change/", f"{LIST}{registered.pk}/delete/"
    marked = {"action": "delete_selected", "_selected_action": registered.pk, "post": "yes"}
    editor = browser(clerk)
    assert editor.get(change).status_code == 200  # to look at
    assert editor.post(change, form(mine, alice)).status_code == 403
    assert editor.post(change, form(mine, None)).status_code == 403
    assert editor.post(delete, {"post": "yes"}).status_code == 403
    editor.post(LIST, marked)
    assert RegisteredClient.objects.get().user == alice
    assert who(mine) == ""
    assert browser(manager).post(change, form(mine, alice)).status_code == 302
    assert who(mine) == "alice"
    assert browser(manager).post(LIST, marked).status_code == 302
    assert not RegisteredClient.objects.exists()


def test_editable_list(clerk: User, manager: User, alice: User, mine: KeyPair) -> None:
    registered = card(mine, alice)
    RegisteredClient.objects.update(enabled=False)
    fields = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": registered.pk, "form-0-enabled": "on",
              "_save": "Save"}  # fmt: skip
    with patch.object(RegisteredClientAdmin, "list_editable", ("enabled",)):
        assert browser(clerk).post(LIST, fields).status_code in (302, 403)  # as Django's version has it
        assert not RegisteredClient.objects.get().enabled
        assert who(mine) == ""
        assert browser(manager).post(LIST, fields).status_code == 302
    assert who(mine) == "alice"


def test_rights_that_count_only_once_the_user_is_active(manager: User, mine: KeyPair) -> None:
    equal = user("equal", "change_user", is_staff=True, is_active=False)
    assert browser(manager).post(f"{LIST}add/", form(mine, equal)).status_code == 302


def test_form_that_knows_no_editor_links_to_nobody(alice: User) -> None:
    fields = ["client_id", "token_endpoint_auth_method", "user", "metadata"]
    given = {"client_id": "x", "token_endpoint_auth_method": "none", "metadata": "{}"}
    made: Any = modelform_factory(RegisteredClient, form=RegistrationForm, fields=fields)
    assert "user" in made({**given, "user": alice.pk}).errors
    assert made(given).is_valid()
