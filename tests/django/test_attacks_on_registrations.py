"""Row 59 of ATTACKS.md: a registration that claims the name, another name or the key of a user with more rights."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from django_mtls import signals
from django_mtls.admin import RegisteredClientAdmin
from django_mtls.models import RegisteredClient
from django_mtls.rights import Editor
from django_mtls.test import CertificateClient
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign, to_pem

from .browser import reasons
from .support import by_certificate, common_names, register

ADD = "/admin/django_mtls/registeredclient/add/"
LIST = "/admin/django_mtls/registeredclient/"
REGISTRATIONS = ("add_registeredclient", "change_registeredclient", "view_registeredclient")
PKI = {"token_endpoint_auth_method": "tls_client_auth"}
BY_DN = {**PKI, "tls_client_auth_subject_dn": "CN=root"}
BY_EMAIL = {**PKI, "tls_client_auth_san_email": "root@example.com"}


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def mallory() -> User:
    """Staff who may register clients and change users, so that she may link herself."""
    made = User.objects.create_user("mallory", is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__in=(*REGISTRATIONS, "change_user")))
    return made


@pytest.fixture
def card(ca: KeyPair) -> KeyPair:
    """The superuser's card."""
    return ca.issue("CN=root", Profile(san_email=["root@example.com"]))


@pytest.fixture(params=["DN", "e-mail", "key"])
def claim(request: pytest.FixtureRequest, card: KeyPair) -> dict[str, Any]:
    """What of the card a registration claims."""
    return {"DN": BY_DN, "e-mail": BY_EMAIL, "key": by_certificate(card)}[request.param]


def saved(claim: Any, linked: User | None, editor: User | None, client_id: str = "hers", **columns: Any) -> Any:
    """Store a registration past all forms, as one that was made before the name was a user's."""
    made = register(client_id, claim, user=linked, **columns)
    made.editor = None if editor is None else Editor.of(editor)
    made.save()
    return made


def who(pair: KeyPair, **options: Any) -> str:
    return str(CertificateClient(pair, **options).get("/").json()["user"])


# At login


@pytest.mark.parametrize("enabled", [True, False])
def test_row_59_the_name_wins(
    root: User, mallory: User, card: KeyPair, claim: Any, enabled: bool, caplog: pytest.LogCaptureFixture
) -> None:
    assert who(card) == "root"
    row = saved(claim, mallory, mallory, enabled=enabled)
    assert who(card) == "root"
    assert reasons(caplog) == ["registration_overruled"]
    for words in ("'hers'", "'mallory'", "'root'"):
        assert words in caplog.text
    caplog.clear()
    row.editor = Editor.of(root)
    row.save()
    assert who(card) == ("mallory" if enabled else "")
    assert reasons(caplog) == ([] if enabled else ["registration_disabled"])


def test_row_59_is_reported_as_a_signal(root: User, mallory: User, card: KeyPair, told: list[Any]) -> None:
    saved(BY_DN, mallory, mallory)
    assert who(card) == "root"
    assert [(event.client_id, event.reason) for event in told] == [("hers", "registration_overruled")]


@pytest.fixture
def told() -> Iterator[list[Any]]:
    seen: list[Any] = []

    def note(sender: object, event: Any, **_: object) -> None:
        seen.append(event)

    signals.client_rejected.connect(note)
    yield seen
    signals.client_rejected.disconnect(note)


def test_row_59_an_editor_who_may_link_the_holder(root: User, mallory: User, card: KeyPair, claim: Any) -> None:
    """The accepted twin: who saved it counts, also once that account is deactivated; without it the name does."""
    boss = User.objects.create_superuser("boss")
    saved(claim, mallory, boss)
    assert who(card) == "mallory"
    User.objects.filter(username="boss").update(is_active=False)
    assert who(card) == "mallory"
    User.objects.filter(username="boss").update(is_superuser=False)
    assert who(card) == "root"
    boss.refresh_from_db()
    boss.is_superuser = True
    boss.save()
    assert who(card) == "mallory"
    boss.delete()
    assert who(card) == "root"


def test_row_59_a_change_without_an_editor(root: User, mallory: User, card: KeyPair) -> None:
    """A script that changes a row does not speak for the editor who saved it before."""
    row = saved({**PKI, "tls_client_auth_san_email": "mallory@example.com"}, mallory, root)
    row = RegisteredClient.objects.get(pk=row.pk)
    row.subject_value = "root@example.com"
    row.save(update_fields=["subject_value"])
    assert who(card) == "root"


def test_row_59_beside_the_holders_own_registration(
    root: User, mallory: User, card: KeyPair, caplog: pytest.LogCaptureFixture
) -> None:
    saved(BY_DN, root, None, "root's")
    saved(BY_EMAIL, mallory, mallory)
    assert who(card) == "root"
    assert reasons(caplog) == ["registration_overruled"]


@pytest.mark.parametrize("name", [None, "san_uri"])
def test_row_59_where_no_name_counts(
    root: User, mallory: User, card: KeyPair, mtls: Callable[..., None], name: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A second registration does not lock out a user whose registration an editor with more rights saved."""
    mtls(USERNAME_FROM=name)
    saved(BY_DN, root, root, "root's")
    theirs = saved(BY_EMAIL, mallory, mallory)
    assert who(card) == "root"
    assert reasons(caplog) == ["registration_overruled"]
    theirs.editor = Editor.of(root)  # who may link both, and so has to leave the card to one
    theirs.save()
    assert who(card) == ""
    assert reasons(caplog)[-1] == "several_users"


def test_row_59_names_that_count_nowhere(root: User, mallory: User, card: KeyPair, ca: KeyPair) -> None:
    """The accepted twins: a name that the certificate does not prove, or that makes no user, takes nothing."""
    own, foreign = self_sign("CN=root"), make_ca("CN=Other").issue("CN=root")
    several = ca.issue("CN=root+CN=admin,O=x")
    for client_id, pair in (("self-signed", own), ("other CA", foreign), ("several", several)):
        saved(by_certificate(pair), mallory, mallory, client_id)
        assert who(pair, verified=pair is several) == "mallory"
    carol = ca.issue("CN=carol")
    saved(by_certificate(carol), mallory, mallory, "no such user")
    assert who(carol) == "mallory"
    assert who(card) == "root"


def test_row_59_a_disabled_registration_ends_what_it_linked(
    root: User, mallory: User, card: KeyPair, ca: KeyPair
) -> None:
    lost = ca.issue("CN=mallory", Profile(san_email=["m@example.com"]))
    saved({**PKI, "tls_client_auth_san_email": "m@example.com"}, mallory, None, enabled=False)
    assert who(lost) == ""
    assert who(ca.issue("CN=mallory")) == "mallory"
    assert who(card) == "root"


# At the form


def browser(editor: User) -> Client:
    client = Client()
    client.force_login(editor, "django.contrib.auth.backends.ModelBackend")
    return client


def form(claim: Any, linked: User | None, upload: KeyPair | None = None, **fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"client_id": "hers", "enabled": "on", "metadata": "{}", **fields}
    given["token_endpoint_auth_method"] = claim["token_endpoint_auth_method"]
    for kind in (member for member in claim if member.startswith("tls_client_auth_")):
        given |= {"subject_kind": kind, "subject_value": claim[kind]}
    if upload is None and "jwks" in claim:
        given["jwks"] = json.dumps(claim["jwks"])
    if upload is not None:
        given["certificate"] = SimpleUploadedFile("card.pem", to_pem(upload.certificate))
    return given if linked is None else given | {"user": linked.pk}


def errors(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer
    return [text for texts in answer.context["adminform"].form.errors.values() for text in texts]


MAY_NOT = "a certificate that logs in another user"
TAKEN = "logs in one user only"


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
    with pytest.raises(CommandError, match="no user 'Root'"):
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


@pytest.mark.parametrize(("stored", "refused"), [
    ("Admin", True), ("admin ", None), ("ädmin", False), ("adm\u0131n", False),
])  # fmt: skip
def test_row_49_a_name_that_a_database_takes_for_a_users(
    mallory: User, ca: KeyPair, stored: str, refused: bool | None
) -> None:
    """A registered name is compared as RFC 5280 section 7.1 says, whatever the collation; a user's name exactly.

    Whether the form finds the user with a space depends on the database. The card of that very name logs in its user.
    """
    User.objects.create_superuser(stored)
    claim = {**PKI, "tls_client_auth_subject_dn": "CN=admin"}
    answer = browser(mallory).post(ADD, form(claim, mallory))
    if refused is not None:
        assert (answer.status_code == 200) == refused
    if answer.status_code == 200:
        assert MAY_NOT in errors(answer)[0]
        saved(claim, mallory, mallory)
    assert who(ca.issue(common_names(stored))) == stored
    assert who(ca.issue("CN=admin")) == "mallory"
