"""The rights that one edit of a registration can take, rule by rule."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError
from django.forms import modelform_factory

from django_mtls.admin import RegisteredClientAdmin
from django_mtls.models import RegisteredClient
from django_mtls.users.rights import Editor, may_link
from wsgi_mtls.testing import KeyPair

from ..registrations import LIST, PKI, browser, form
from ..support import by_certificate, register

CHANGE_USER = "auth.change_user"
BY_DNS = {**PKI, "tls_client_auth_san_dns": "card.example.com"}
OTHER = {**PKI, "tls_client_auth_san_dns": "other.example.com"}


def person(*permissions: str, **flags: Any) -> Any:
    """A user of a project's own model, which has of the usual flags what the test says."""
    found = set(permissions)
    return SimpleNamespace(is_active=True, has_perm=found.__contains__, get_all_permissions=lambda: found, **flags)


@pytest.mark.parametrize(("editor", "user", "expected"), [
    (person(CHANGE_USER), person(), True),
    (person(CHANGE_USER), person(CHANGE_USER), True),  # equal rights are enough
    (person(CHANGE_USER), person(CHANGE_USER, "x"), False),
    (person(CHANGE_USER, "x"), person("x"), True),
    (person("x"), person(), False),
    (person(CHANGE_USER), person(is_staff=True), False),
    (person(CHANGE_USER, is_staff=False), person(is_staff=True), False),
    (person(CHANGE_USER, is_staff=True), person(is_staff=True), True),
    (person(CHANGE_USER, is_staff=True), person(), True),
    (person(CHANGE_USER, is_staff=True), person(is_superuser=True), False),
    (person(is_superuser=True), person(is_superuser=True, is_staff=True), True),
    (person(), person(), False),
    (SimpleNamespace(is_active=True), person(), False),
    (person(CHANGE_USER), SimpleNamespace(is_active=True), False),
    (person(is_superuser=True), SimpleNamespace(), True),
])  # fmt: skip
def test_may_link(editor: Any, user: Any, expected: bool) -> None:
    assert may_link(editor, user) is expected
    editor.is_active = False
    assert may_link(editor, user) is False
    editor.is_active = True


@pytest.fixture
def manager() -> User:
    made = User.objects.create_user("manager", is_staff=True)
    permissions = ("add_registeredclient", "change_registeredclient", "delete_registeredclient", "change_user")
    made.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return made


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


@pytest.mark.parametrize("mine_first", [True, False])
def test_only_the_stored_row_itself_counts(
    manager: User, root: User, alice: User, mine_first: bool, mobile_pair: KeyPair
) -> None:
    """Neither is another user's row taken for the one that is edited, nor the other way round."""
    rows = [("alice's", BY_DNS, alice), ("root's", OTHER, root)]
    for client_id, claim, user in rows if mine_first else reversed(rows):
        register(client_id, claim, user=user)
    editor = Editor.of(manager)
    mine, theirs = (RegisteredClient.objects.get(client_id=name) for name in ("alice's", "root's"))
    mine.editor = theirs.editor = editor
    mine.full_clean()
    theirs.user = alice
    with pytest.raises(ValidationError):
        theirs.full_clean()
    change = f"{LIST}{mine.pk}/change/"
    assert browser(manager).post(change, form(by_certificate(mobile_pair), alice)).status_code == 302


def test_pages_offer_no_change_to_those_who_may_not_link(manager: User, root: User, alice: User) -> None:
    for user, allowed in ((root, False), (alice, True), (None, True)):
        row = register("row", BY_DNS, user=user)
        page: Any = browser(manager).get(f"{LIST}{row.pk}/change/")
        assert page.status_code == 200
        assert page.context["has_change_permission"] is allowed
        assert page.context["has_delete_permission"] is allowed
        row.delete()


def test_hook_of_the_admin(manager: User, root: User, alice: User) -> None:
    """A project narrows it: for links, for what is linked already, and for other users' names."""
    with patch.object(RegisteredClientAdmin, "may_link", lambda self, request, user: user.username != "alice"):
        add = f"{LIST}add/"
        answer: Any = browser(root).post(add, form(BY_DNS, alice))
        assert "user" in answer.context["adminform"].form.errors
        by_name = {**PKI, "tls_client_auth_subject_dn": "CN=alice"}
        assert browser(root).post(add, form(by_name, root)).status_code == 200
        assert browser(root).post(add, form(BY_DNS, root)).status_code == 302
        row = RegisteredClient.objects.get()
        RegisteredClient.objects.update(user=alice)
        assert browser(root).post(f"{LIST}{row.pk}/change/", form(BY_DNS, root)).status_code == 403
    assert browser(root).post(f"{LIST}{row.pk}/change/", form(BY_DNS, root)).status_code == 302


def test_forms_of_a_projects_own(manager: User, root: User, alice: User) -> None:
    """The admin class itself is the last barrier, behind a form that knows no editor."""
    fields = ("client_id", "enabled", "user", "token_endpoint_auth_method", "subject_kind", "subject_value", "metadata")
    plain = modelform_factory(RegisteredClient, fields=fields)
    with (
        patch.object(RegisteredClientAdmin, "form", plain),
        patch.object(RegisteredClientAdmin, "fieldsets", ((None, {"fields": fields}),)),
    ):
        assert browser(manager).post(f"{LIST}add/", form(BY_DNS, root)).status_code == 403
        assert not RegisteredClient.objects.exists()
        assert browser(manager).post(f"{LIST}add/", form(BY_DNS, alice)).status_code == 302
    assert RegisteredClient.objects.get().saved_by == manager
