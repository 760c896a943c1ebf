"""Row 59 of ATTACKS.md at the form, by command and by an API: names and keys that another user logs in by."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from django_mtls.admin import RegisteredClientAdmin
from django_mtls.models import RegisteredClient
from django_mtls.users.rights import Editor
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign, to_pem

from ..registrations import (
    ADD,
    BY_DN,
    BY_EMAIL,
    LIST,
    MAY_NOT,
    PKI,
    TAKEN,
    browser,
    errors,
    form,
    saved,
    who,
)
from ..support import by_certificate, register


@pytest.mark.parametrize("enabled", ["on", ""])
@pytest.mark.parametrize("value", ["CN=root", "cn = ROOT", "2.5.4.3=root,O=Agora", "CN=\\ef\\bd\\92oot"])
def test_row_59_form_refuses_the_name_of_a_user(root: User, mallory: User, bob: User, value: str, enabled: str) -> None:
    claim = {**PKI, "tls_client_auth_subject_dn": value}
    for linked in (mallory, bob):
        assert MAY_NOT in errors(browser(mallory).post(ADD, form(claim, linked, enabled=enabled)))[0]
    assert not RegisteredClient.objects.exists()
    other = {**PKI, "tls_client_auth_subject_dn": "CN=roots,O=Agora"}
    assert browser(mallory).post(ADD, form(other, mallory, enabled=enabled)).status_code == 302
    assert browser(root).post(ADD, form(claim, bob, client_id="bob's")).status_code == 302
    assert RegisteredClient.objects.get(client_id="bob's").saved_by == root
    assert RegisteredClient.objects.get(client_id="hers").saved_by == mallory


@pytest.mark.parametrize(("username_from", "kind", "name", "value"), [
    ("san_email", "tls_client_auth_san_email", "root@Example.com", "root@example.COM"),
    ("san_dns", "tls_client_auth_san_dns", "root.example.com", "ROOT.example.com"),
    ("san_uri", "tls_client_auth_san_uri", "urn:root", "urn:root"),
])  # fmt: skip
def test_row_59_form_refuses_names_of_every_kind(
    root: User, mallory: User, mtls: Callable[..., None], username_from: str, kind: str, name: str, value: str
) -> None:
    User.objects.filter(pk=root.pk).update(username=name)
    mtls(USERNAME_FROM=username_from)
    assert MAY_NOT in errors(browser(mallory).post(ADD, form({**PKI, kind: value}, mallory)))[0]
    assert browser(mallory).post(ADD, form({**PKI, kind: value + "x"}, mallory)).status_code == 302
    mtls(USERNAME_FROM="subject_cn")
    assert browser(mallory).post(ADD, form({**PKI, kind: value}, mallory, client_id="2")).status_code == 302


def test_row_59_form_refuses_a_card(root: User, mallory: User, card: KeyPair, claim: Any, ca: KeyPair) -> None:
    """Whatever of an uploaded card is registered, its own name is a user's."""
    assert MAY_NOT in errors(browser(mallory).post(ADD, form(claim, mallory, card)))[0]
    own = ca.issue("CN=mallory", Profile(san_email=["root@example.com"]))
    claimed = by_certificate(own) if "jwks" in claim else claim
    if "tls_client_auth_subject_dn" not in claim:
        assert browser(mallory).post(ADD, form(claimed, mallory, own)).status_code == 302
    assert who(card) == "root"


def test_row_59_form_accepts_a_name_that_nobody_vouches_for(root: User, mallory: User, card: KeyPair) -> None:
    """The accepted twin: the name in a self-signed certificate logs in no user."""
    own = self_sign("CN=root")
    assert browser(mallory).post(ADD, form(by_certificate(own), mallory, own)).status_code == 302
    assert who(own, verified=False) == "mallory"
    assert who(card) == "root"


def test_row_59_form_refuses_what_a_registered_card_carries(
    root: User, mallory: User, card: KeyPair, ca: KeyPair, mtls: Callable[..., None]
) -> None:
    """Without names: the DN of the superuser is registered; the e-mail and the key are on the card that came."""
    mtls(USERNAME_FROM=None)
    saved(BY_DN, root, root, "root's")
    assert browser(mallory).post(ADD, form(BY_EMAIL, mallory)).status_code == 302  # nothing is known of it yet
    RegisteredClient.objects.get(client_id="hers").delete()
    assert who(card) == "root"
    for claim in (BY_EMAIL, by_certificate(card)):
        assert MAY_NOT in errors(browser(mallory).post(ADD, form(claim, mallory)))[0]
    wrapped = make_ca("CN=Other").issue("CN=mallory", Profile(key=card.key))
    assert MAY_NOT in errors(browser(mallory).post(ADD, form(by_certificate(wrapped), mallory)))[0]
    assert MAY_NOT in errors(browser(mallory).post(ADD, form(by_certificate(wrapped), None)))[0]
    other = ca.issue("CN=root,O=x", Profile(san_email=["other@example.com"]))
    assert browser(mallory).post(ADD, form(by_certificate(other), mallory)).status_code == 302
    assert browser(root).post(ADD, form(BY_EMAIL, root, client_id="second")).status_code == 302
    assert who(card) == "root"


def test_row_59_form_refuses_another_name_of_a_card_that_is_registered(
    root: User, mallory: User, card: KeyPair, mtls: Callable[..., None]
) -> None:
    """The e-mail is the superuser's, and the card that is uploaded carries it."""
    mtls(USERNAME_FROM=None)
    saved(BY_EMAIL, root, None, "root's")
    assert MAY_NOT in errors(browser(mallory).post(ADD, form(BY_DN, mallory, card)))[0]
    assert browser(mallory).post(ADD, form(BY_DN, None, card)).status_code == 302  # an OAuth client's name
    row = RegisteredClient.objects.get(client_id="hers")
    assert MAY_NOT in errors(browser(mallory).post(f"{LIST}{row.pk}/change/", form(BY_DN, mallory)))[0]
    assert who(card) == "root"


def test_a_card_is_known_by_what_is_verified(root: User, mallory: User, ca: KeyPair, mtls: Callable[..., None]) -> None:
    """With a registered key, the names in a certificate are its holder's word: they keep nobody from registering."""
    mtls(USERNAME_FROM=None)
    key = ca.issue("CN=root")
    saved(by_certificate(key), root, root, "root's")
    claiming = make_ca("CN=Own").issue("CN=root", Profile(key=key.key, san_email=["mallory@example.com"]))
    assert who(claiming, verified=False) == "root"
    theirs = {**PKI, "tls_client_auth_san_email": "mallory@example.com"}
    assert browser(mallory).post(ADD, form(theirs, mallory)).status_code == 302


def test_row_59_editable_list(root: User, mallory: User, card: KeyPair) -> None:
    row = saved(BY_DN, mallory, None, enabled=False)
    fields = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": row.pk, "form-0-enabled": "on",
              "_save": "Save"}  # fmt: skip
    with patch.object(RegisteredClientAdmin, "list_editable", ("enabled",)):
        browser(mallory).post(LIST, fields)
        assert not RegisteredClient.objects.get().enabled
        assert browser(root).post(LIST, fields).status_code == 302
    assert (RegisteredClient.objects.get().enabled, RegisteredClient.objects.get().saved_by) == (True, root)


def test_row_59_editable_list_with_rows_of_others(root: User, mallory: User, alice: User) -> None:
    """The accepted twin: rows that are not changed keep no editor from changing another one."""
    theirs = saved(BY_DN, mallory, root, "1")
    linked = saved(BY_EMAIL, root, root, "2")
    mine = saved({**PKI, "tls_client_auth_san_dns": "rp.example.com"}, alice, mallory, "3")
    fields: dict[str, Any] = {"form-TOTAL_FORMS": "3", "form-INITIAL_FORMS": "3", "_save": "Save"}
    for number, row in enumerate((theirs, linked, mine)):
        fields |= {f"form-{number}-id": row.pk} | ({} if row is mine else {f"form-{number}-enabled": "on"})
    with patch.object(RegisteredClientAdmin, "list_editable", ("enabled",)):
        assert browser(mallory).post(LIST, fields).status_code == 302
    assert list(RegisteredClient.objects.values_list("enabled", "saved_by")) == [
        (True, root.pk), (True, root.pk), (False, mallory.pk)
    ]  # fmt: skip


def test_an_editable_list_shows_what_was_stored_wrong(root: User) -> None:
    """Not an error 500 where the wrong field is not in the list."""
    row = register("hers", {**PKI, "tls_client_auth_subject_dn": "not a name"}, enabled=False)
    fields = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": row.pk, "form-0-enabled": "on",
              "_save": "Save"}  # fmt: skip
    with patch.object(RegisteredClientAdmin, "list_editable", ("enabled",)):
        answer: Any = browser(root).post(LIST, fields)
    assert answer.status_code == 200
    assert "name" in str(answer.context["cl"].formset.errors)


# By command, and by an API


def test_row_59_command(root: User, mallory: User, card: KeyPair, tmp_path: Any) -> None:
    path = tmp_path / "card.pem"
    path.write_bytes(to_pem(card.certificate))
    for options in ((), ("--itself",), ("--kind", "tls_client_auth_san_email"), ("--editor", "mallory")):
        with pytest.raises(CommandError, match=f"{MAY_NOT}.*--editor"):
            call_command("mtls_register_client", "hers", str(path), "--user", "mallory", *options, verbosity=0)
    assert not RegisteredClient.objects.exists()
    call_command("mtls_register_client", "root's", str(path), "--user", "root", verbosity=0)
    RegisteredClient.objects.get().delete()
    call_command("mtls_register_client", "1", str(path), "--user", "mallory", "--editor", "root", verbosity=0)
    assert who(card) == "mallory"
    with pytest.raises(CommandError, match=TAKEN):
        call_command("mtls_register_client", "2", str(path), "--user", "mallory", "--editor", "root", verbosity=0)
    with pytest.raises(CommandError, match="the name of a user, found 'Root'"):
        call_command("mtls_register_client", "3", str(path), "--editor", "Root", verbosity=0)


def test_row_59_api(root: User, mallory: User, card: KeyPair) -> None:
    """As docs/django.md has it for an API: the editor first, then ``full_clean()`` and ``save()``."""
    for editor, accepted in ((Editor.of(mallory), False), (None, False), (Editor.of(root), True)):
        row = RegisteredClient(client_id="hers", subject_kind="tls_client_auth_subject_dn", subject_value="CN=root",
                               user=mallory)  # fmt: skip
        row.editor = editor
        if accepted:
            row.full_clean()
        else:
            with pytest.raises(ValidationError, match=MAY_NOT):
                row.full_clean()
    row.save()
    row.editor = Editor.of(mallory)
    row.subject_value = "CN=mallory"
    row.full_clean()
    row.user = root
    with pytest.raises(ValidationError, match=MAY_NOT):
        row.full_clean()
    row.save()
    row.user, row.subject_value = mallory, "CN=mallory"
    with pytest.raises(ValidationError, match=MAY_NOT):  # who may not touch the link may not end it either
        row.full_clean()
