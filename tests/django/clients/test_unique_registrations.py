"""Row 60 of ATTACKS.md: a name or key makes one user; OAuth clients that a ``client_id`` names may share one."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier, Thread, get_ident
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from django_mtls.admin import RegisteredClientAdmin
from django_mtls.clients import claims
from django_mtls.clients.search_keys import KeyTaken, SearchKey
from django_mtls.models import RegisteredClient
from django_mtls.users.rights import Editor
from wsgi_mtls.testing import KeyPair, Profile, to_pem

from ..registrations import ADD, LIST, PKI, REGISTRATIONS, TAKEN, browser, errors, form, who
from ..site import Site
from ..support import by_certificate, register

BY_DNS = {**PKI, "tls_client_auth_san_dns": "card.example.com"}
OTHER = {"tls_client_auth_san_dns": "other.example.com"}


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss")


@pytest.fixture(params=["name", "key"])
def claim(request: pytest.FixtureRequest, mobile_pair: KeyPair) -> dict[str, Any]:
    return BY_DNS if request.param == "name" else by_certificate(mobile_pair)


def test_row_60_the_second_is_refused(boss: User, alice: User, bob: User, claim: Any) -> None:
    first = register("alice's", claim, user=alice)
    for enabled in ("on", ""):
        told = errors(browser(boss).post(ADD, form(claim, bob, enabled=enabled)))
        assert TAKEN in told[0]
        assert "alice's" in told[0]
    with pytest.raises(KeyTaken):
        register("bob's", claim, user=bob)
    assert RegisteredClient.objects.get() == first
    first.delete()
    assert browser(boss).post(ADD, form(claim, bob)).status_code == 302
    bobs = RegisteredClient.objects.get()
    assert browser(boss).post(f"{LIST}{bobs.pk}/change/", form(claim, bob)).status_code == 302  # its own name
    changed = {**PKI, "tls_client_auth_san_dns": "other.example.com"}
    assert browser(boss).post(f"{LIST}{bobs.pk}/change/", form(changed, bob)).status_code == 302
    assert browser(boss).post(ADD, form(claim, alice, client_id="alice's")).status_code == 302


def test_row_60_clients_that_a_client_id_names_share_one(site: Site, ca: KeyPair, alice: User, boss: User) -> None:
    """Also with a user: nothing is taken from either."""
    claim = {**PKI, "tls_client_auth_subject_dn": "CN=agora"}
    for client_id in ("billing", "reports"):
        assert browser(boss).post(ADD, form(claim, None, client_id=client_id)).status_code == 302
    assert browser(boss).post(ADD, form(claim, alice, client_id="alice's")).status_code == 302
    pair = ca.issue("CN=agora")
    for client_id in ("billing", "reports", "alice's"):
        assert site.post("/token", pair, f"client_id={client_id}").status == 200
    assert site.user(pair) == "alice"
    reports = RegisteredClient.objects.get(client_id="reports")
    assert TAKEN in errors(browser(boss).post(f"{LIST}{reports.pk}/change/", form(claim, alice)))[0]
    assert browser(boss).post(f"{LIST}{reports.pk}/change/", form(claim, None)).status_code == 302


def test_row_60_clients_that_are_found_without_a_client_id() -> None:
    """A model whose clients send none says so, and then each name or key is one client's."""
    with patch.object(RegisteredClient, "found_by_certificate", True):
        register("first", BY_DNS)
        with pytest.raises(ValidationError, match=TAKEN):
            RegisteredClient(client_id="2", subject_kind="tls_client_auth_san_dns",
                             subject_value="CARD.example.com").full_clean()  # fmt: skip
        with pytest.raises(KeyTaken):
            register("second", BY_DNS)


def test_row_60_the_holder_is_named_to_those_who_may_view_it(boss: User, alice: User, bob: User) -> None:
    register("alice's", BY_DNS, user=alice)
    clerk = User.objects.create_user("clerk", is_staff=True)
    for permissions, named in (
        ((*REGISTRATIONS, "change_user"), True),
        (("add_registeredclient", "change_user"), False),
    ):
        clerk.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        told = errors(browser(clerk).post(ADD, form(BY_DNS, bob)))
        assert TAKEN in told[0]
        assert ("alice's" in told[0]) == named
    row = RegisteredClient(client_id="2", subject_kind="tls_client_auth_san_dns", subject_value="card.example.com",
                           user=bob)  # fmt: skip
    for editor, named in ((None, False), (Editor.of(clerk), False), (Editor.of(boss), True)):
        row.editor = editor
        with pytest.raises(ValidationError) as refused:
            row.full_clean()
        assert ("alice's" in str(refused.value)) == named


def test_row_60_command(boss: User, alice: User, bob: User, mobile_pair: KeyPair, tmp_path: Any) -> None:
    path = tmp_path / "card.pem"
    path.write_bytes(to_pem(mobile_pair.certificate))
    register("alice's", by_certificate(mobile_pair), user=alice)
    with pytest.raises(CommandError, match=TAKEN):
        call_command("mtls_register_client", "bob's", str(path), "--user", "bob", verbosity=0)
    with patch.object(claims, "_holders", return_value=[]), pytest.raises(CommandError, match=TAKEN):
        call_command("mtls_register_client", "bob's", str(path), "--user", "bob", "--editor", "boss", verbosity=0)
    call_command("mtls_register_client", "client", str(path), "--editor", "boss", verbosity=0)
    assert RegisteredClient.objects.filter(user=None).count() == 1


@pytest.mark.parametrize("by", ["JWK set", "upload", "name"])
def test_row_60_a_race_that_only_the_constraint_sees(
    boss: User, alice: User, bob: User, mobile_pair: KeyPair, by: str
) -> None:
    """The other request's row is stored after the form was found in order: the same error, in the same form."""
    claim = BY_DNS if by == "name" else by_certificate(mobile_pair)
    register("alice's", claim, user=alice)
    looked: list[object] = []
    look = claims._holders

    def blind_at_first(record: Any) -> Any:
        looked.append(record)
        return [] if len(looked) == 1 else look(record)

    with patch.object(claims, "_holders", blind_at_first):
        told = errors(browser(boss).post(ADD, form(claim, bob, mobile_pair if by == "upload" else None)))
    assert len(looked) == 2
    assert TAKEN in told[0]
    assert "alice's" in told[0]
    assert not RegisteredClient.objects.filter(user=bob).exists()


def test_row_60_a_race_in_an_editable_list(boss: User, alice: User, bob: User) -> None:
    register("alice's", BY_DNS, user=alice)
    bobs = register("bob's", BY_DNS)
    looked: list[object] = []
    look = claims._holders

    def blind_at_first(record: Any) -> Any:
        looked.append(record)
        return [] if len(looked) == 1 else look(record)

    fields = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": bobs.pk, "form-0-user": bob.pk,
              "_save": "Save"}  # fmt: skip
    with (
        patch.object(RegisteredClientAdmin, "list_editable", ("user",)),
        patch.object(RegisteredClientAdmin, "list_display", ("client_id", "user")),
        patch.object(claims, "_holders", blind_at_first),
    ):
        answer: Any = browser(boss).post(f"{LIST}?q=bob", fields)
    assert TAKEN in str(answer.context["cl"].formset.errors)
    assert not RegisteredClient.objects.filter(user=bob).exists()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="a database in memory has one connection")
def test_row_60_two_at_once() -> None:
    """Two editors' requests over two connections: both forms were in order, one is saved, one says what is wrong."""
    answers = two_at_once()
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    assert TAKEN in errors(next(answer for answer in answers if answer.status_code == 200))[0]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the isolation level is PostgreSQL's")
def test_row_60_two_at_once_that_do_not_see_each_other() -> None:
    """With ``ATOMIC_REQUESTS`` the form, validated again, still does not see the registration that took the name."""
    from psycopg import IsolationLevel

    options = {**connection.settings_dict["OPTIONS"], "isolation_level": IsolationLevel.REPEATABLE_READ}
    with patch.dict(connection.settings_dict, {"ATOMIC_REQUESTS": True, "OPTIONS": options}):
        answers = two_at_once()
    assert sorted(answer.status_code for answer in answers) == [302, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert "Another editor" in refused.content.decode()


def two_at_once() -> list[Any]:
    """Return the answers to two editors who register one name at once; one registration is stored."""
    boss, alice, bob = in_thread(lambda: [User.objects.create_superuser(name) for name in ("boss", "alice", "bob")])
    barrier, look, waited = Barrier(2, timeout=30), claims._holders, set[int]()

    def look_and_wait(record: Any) -> Any:
        found = look(record)
        if get_ident() not in waited:
            waited.add(get_ident())
            barrier.wait()
        return found

    answers: list[Any] = []

    def post(user: User) -> None:
        answers.append(browser(boss).post(ADD, form(BY_DNS, user, client_id=user.username)))

    try:
        with patch.object(claims, "_holders", look_and_wait):
            threads = [Thread(target=closing, args=(lambda user=user: post(user),)) for user in (alice, bob)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert in_thread(RegisteredClient.objects.count) == 1
        return answers
    finally:
        in_thread(lambda: (RegisteredClient.objects.all().delete(), SearchKey.objects.all().delete()))
        in_thread(lambda: (Session.objects.all().delete(), LogEntry.objects.all().delete()))
        in_thread(lambda: User.objects.all().delete())


def closing(work: Any) -> Any:
    """Do something over a connection of this thread's own."""
    try:
        return work()
    finally:
        connections.close_all()


def in_thread(work: Any) -> Any:
    """Do something outside of the test's transaction."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(closing, work).result()


def test_names_that_were_exchanged_past_save(alice: User, bob: User) -> None:
    """The command gives each its new name, whichever it comes to first."""
    first, second = register("1", BY_DNS, user=alice), register("2", {**BY_DNS, **OTHER}, user=bob)
    RegisteredClient.objects.filter(pk=first.pk).update(subject_value=OTHER["tls_client_auth_san_dns"])
    RegisteredClient.objects.filter(pk=second.pk).update(subject_value=BY_DNS["tls_client_auth_san_dns"])
    before = digest(first), digest(second)
    call_command("mtls_search_keys", stdout=StringIO())
    assert (digest(second), digest(first)) == before


def test_a_name_that_was_doubled_past_save(alice: User, bob: User) -> None:
    register("1", BY_DNS, user=alice)
    second = register("2", BY_DNS)
    RegisteredClient.objects.filter(pk=second.pk).update(user=bob)
    with pytest.raises(CommandError, match=r"name or key of '2'"):
        call_command("mtls_search_keys", stdout=StringIO())
    second.delete()
    call_command("mtls_search_keys", stdout=StringIO())


def digest(record: RegisteredClient) -> list[str]:
    return list(record.search_keys.values_list("digest", flat=True))


def test_many_names_take_few_queries(alice: User, ca: KeyPair) -> None:
    many = ca.issue("CN=x", Profile(san_dns=["card.example.com", *(f"{number}.example.com" for number in range(700))]))
    row = register("alice's", BY_DNS, user=alice)
    with CaptureQueriesContext(connection) as queries:
        row.seen(many.certificate)
    assert SearchKey.objects.filter(scope="card").count() == 702
    assert len(queries) < 60
    assert who(many) == "alice"
