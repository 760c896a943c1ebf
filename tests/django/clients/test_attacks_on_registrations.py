"""Rows 49 and 59 of ATTACKS.md at login: a registration that claims another user's name, e-mail or key."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_mtls import signals
from django_mtls.models import RegisteredClient
from django_mtls.users.rights import Editor
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign

from ..browser import reasons
from ..registrations import (
    ADD,
    BY_DN,
    BY_EMAIL,
    MAY_NOT,
    PKI,
    browser,
    errors,
    form,
    saved,
    who,
)
from ..support import by_certificate, common_names


@pytest.fixture(params=["DN", "e-mail", "key"])
def claim(request: pytest.FixtureRequest, card: KeyPair, ca: KeyPair) -> dict[str, Any]:
    """What of the card a registration claims: its key in a certificate that its owner never saw."""
    foreign = ca.issue("CN=anything", Profile(key=card.key))
    return {"DN": BY_DN, "e-mail": BY_EMAIL, "key": by_certificate(foreign)}[request.param]


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


@pytest.mark.parametrize("name", ["subject_cn", None])
def test_row_59_the_key_of_a_client(
    root: User, mallory: User, card: KeyPair, ca: KeyPair, mtls: Callable[..., None], name: str | None
) -> None:
    """An OAuth client with the card's key does not lock the superuser out, whether by name or by a registration."""
    mtls(USERNAME_FROM=name)
    foreign = ca.issue("CN=anything", Profile(key=card.key))
    assert browser(mallory).post(ADD, form(by_certificate(foreign), None)).status_code == 302
    if name is None:
        saved(BY_DN, root, root, "root's")
    assert who(card) == "root"


def test_rows_55_and_59_the_very_certificate(
    root: User, mallory: User, card: KeyPair, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be in the terminator's CA bundle, and looks like one that its owner made with any name."""
    saved(by_certificate(card), mallory, mallory)
    assert who(card) == ""
    assert reasons(caplog) == ["registration_overruled", "registered_as_self_signed"]


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
    """The accepted twin: the saved editor counts, also after deactivation; without one, the name counts."""
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
    """A script that changes a row does not act for the editor who saved it before."""
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
