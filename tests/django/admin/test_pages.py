"""What the admin's list and form show to people."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_mtls.admin.words import ago, certificate_lines, expiry
from django_mtls.models import RegisteredClient
from wsgi_mtls.testing import KeyPair, Profile, self_sign

from ..registrations import browser, saved
from ..support import by_certificate, common_names, register
from .test_admin import ADD, INSPECT, LIST, form

BY_DNS = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"}

SELF_SIGNED = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}


@pytest.fixture
def client(root: User) -> Client:
    return browser(root)


def page(client: Client, path: str = LIST) -> str:
    return client.get(path).content.decode()


def change(record: RegisteredClient) -> str:
    return f"{LIST}{record.pk}/change/"


def cell(client: Client, column: str) -> str:
    """Return the text of the only row's cell."""
    _, _, rest = page(client).partition(f"field-{column}")
    html = rest.partition(">")[2].partition("</t")[0]
    return " ".join(unescape("".join(part.rpartition(">")[2] for part in html.split("<"))).split())


@pytest.mark.parametrize(("days", "words", "level"), [
    (-800, "expired 2 years ago", "expired"),
    (-40.5, "expired 40 days ago", "expired"),
    (-1.5, "expired 1 day ago", "expired"),
    (-0.5, "expired in the last 24 hours", "expired"),
    (0.5, "in less than 24 hours", "soon"),
    (1.5, "in 1 day", "soon"),
    (30.5, "in 30 days", "soon"),
    (31.5, "in 31 days", ""),
    (800, "in 2 years", ""),
])  # fmt: skip
def test_expiry_in_words(days: float, words: str, level: str) -> None:
    assert expiry(timezone.now() + timedelta(days=days)) == (words, level)


@pytest.mark.parametrize(("passed", "words"), [
    (timedelta(minutes=-5), "in the last hour"),  # another server's clock
    (timedelta(minutes=5), "in the last hour"),
    (timedelta(minutes=90), "1 hour ago"),
    (timedelta(hours=23.5), "23 hours ago"),
    (timedelta(hours=36), "1 day ago"),
    (timedelta(days=400), "400 days ago"),
])  # fmt: skip
def test_last_seen_in_words(passed: timedelta, words: str) -> None:
    assert ago(timezone.now() - passed) == words


@pytest.mark.parametrize("use_tz", [True, False])
def test_expiry_and_last_seen_in_the_list(
    client: Client, settings: Callable[..., None], ca: KeyPair, use_tz: bool
) -> None:
    settings(USE_TZ=use_tz)
    record = register("rp", BY_DNS)
    assert (cell(client, "expires"), cell(client, "seen")) == ("-", "Last seen: never")
    rows = RegisteredClient.objects.filter(pk=record.pk)
    rows.update(certificate_expires=timezone.now() - timedelta(days=2.5), last_seen=timezone.now() - timedelta(days=3))
    assert cell(client, "expires").startswith("Expires: expired 2 days ago")
    assert cell(client, "seen").startswith("Last seen: 3 days ago")
    assert "mtls-expired" in page(client)
    rows.update(certificate_expires=timezone.now() + timedelta(days=90.5))
    assert "mtls-expired" not in page(client)
    assert "mtls-soon" not in page(client)


@pytest.mark.parametrize(("metadata", "shown"), [
    (BY_DNS, "rp.example.com DNS name"),
    ({"token_endpoint_auth_method": "tls_client_auth"}, "-"),
    (by_certificate(self_sign("CN=a"), self_sign("CN=b")), "2 certificates registered itself"),
    (SELF_SIGNED, "0 certificates registered itself"),
    ({**SELF_SIGNED, "jwks": {"keys": 7}}, "0 certificates registered itself"),
    ({**SELF_SIGNED, "jwks_uri": "https://rp.example.com/jwks"}, "https://rp.example.com/jwks published certificates"),
    ({"token_endpoint_auth_method": "private_key_jwt"}, "private_key_jwt"),
])  # fmt: skip
def test_what_a_client_is_registered_by(client: Client, metadata: dict[str, Any], shown: str) -> None:
    register("rp", metadata)
    assert cell(client, "registered_by") == shown


def test_user_and_name_in_the_list(client: Client, root: User, alice: User) -> None:
    record = saved(BY_DNS, alice, root)
    RegisteredClient.objects.filter(pk=record.pk).update(client_name="Alice's card")
    assert cell(client, "linked_user") == "User: alice"
    assert cell(client, "client") == "hers Alice's card"


def test_names_that_are_long_or_odd_are_cut_and_escaped(client: Client) -> None:
    odd = "a\u202eb\nc<b>"
    record = register("rp", {**BY_DNS, "tls_client_auth_san_dns": odd + "x" * 1000})
    RegisteredClient.objects.filter(pk=record.pk).update(client_name=odd)
    assert cell(client, "registered_by") == "a\\u202eb\\nc<b>" + "x" * 72 + "… DNS name"
    assert cell(client, "client") == "rp a\\u202eb\\nc<b>"


def test_a_list_of_any_length_takes_the_same_queries(client: Client, root: User) -> None:
    def queries(count: int) -> int:
        for number in range(RegisteredClient.objects.count(), count):
            user = User.objects.create_user(f"user-{number}")
            saved({**BY_DNS, "tls_client_auth_san_dns": f"{number}.example.com"}, user, root, f"client-{number}")
        with CaptureQueriesContext(connection) as captured:
            shown = page(client)
        assert shown.count('"field-linked_user"') == count
        return len(captured)

    few = queries(2)
    assert queries(20) == few


@pytest.mark.parametrize(("query", "expected"), [
    ("", {"never", "now", "week", "year"}),
    ("?seen=never", {"never"}),
    ("?seen=1", {"now"}),
    ("?seen=7", {"now", "week"}),
    ("?seen=30", {"now", "week"}),
    ("?seen=not90", {"never", "year"}),
    ("?seen=x", {"never", "now", "week", "year"}),
    ("?seen=%00", {"never", "now", "week", "year"}),
    ("?expires=unknown", {"never", "now", "year"}),
    ("?enabled__exact=0", {"year"}),
    ("?token_endpoint_auth_method__exact=private_key_jwt", {"now"}),
])  # fmt: skip
def test_filters(client: Client, query: str, expected: set[str]) -> None:
    now = timezone.now()
    seen = {"never": None, "now": now, "week": now - timedelta(days=6.5), "year": now - timedelta(days=365)}
    for name, moment in seen.items():
        method = {"token_endpoint_auth_method": "private_key_jwt"} if name == "now" else BY_DNS
        record = register(name, method, enabled=name != "year")
        expires = now if name == "week" else None
        RegisteredClient.objects.filter(pk=record.pk).update(last_seen=moment, certificate_expires=expires)
    answer: Any = client.get(LIST + query)
    if answer.status_code == 302:
        answer = client.get(answer.headers["Location"])
    assert {record.client_id for record in answer.context["cl"].result_list} == expected


def test_form_has_no_literals_and_one_line_for_a_name(client: Client) -> None:
    for path in (ADD, change(register("rp", BY_DNS))):
        shown: Any = client.get(path)
        fields = shown.context["adminform"].form
        assert (fields["jwks"].value(), fields["metadata"].value()) == ("", "") or path == ADD
        html = shown.content.decode()
        assert ">\nnull" not in html
        assert ">\n{}" not in html
        assert 'type="text" name="subject_value"' in html
        assert next(iter(shown.context["adminform"])).fields[0] == "certificate"


def test_json_is_shown_in_lines(client: Client) -> None:
    record = register("rp", {**BY_DNS, "scope": "read é"})
    fields = client.get(change(record)).context["adminform"].form
    assert fields["metadata"].value() == '{\n  "scope": "read é"\n}'


def test_empty_json_is_no_change(client: Client, ca: KeyPair) -> None:
    """The history names what was changed."""
    record = register("rp", BY_DNS)
    given = form(subject_kind="tls_client_auth_san_dns", subject_value="rp.example.com", metadata="")
    assert client.post(change(record), given | {"client_name": "new"}).status_code == 302
    record.refresh_from_db()
    assert (record.metadata, record.jwks, record.client_name) == ({}, None, "new")
    history = page(client, f"{LIST}{record.pk}/history/")
    assert "Changed Name." in history


def test_warnings_look_like_warnings(client: Client, ca: KeyPair, mtls: Callable[..., None]) -> None:
    record = register("rp", BY_DNS)
    assert "mtls-warning" not in page(client, change(record))
    mtls(ALLOWED_METHODS=["self_signed_tls_client_auth"])
    assert '<p class="mtls-warning">Client &#x27;rp&#x27;: registered for tls_client_auth' in page(
        client, change(record)
    )
    mtls(ALLOWED_METHODS=["tls_client_auth"])
    record.certificate = ended(ca).certificate
    record.save()
    shown = page(client, change(record))
    assert '<p class="mtls-warning">This certificate has expired' in shown
    assert "(expired 2 days ago)" in shown


def ended(ca: KeyPair) -> KeyPair:
    now = datetime.now(UTC)
    profile = Profile(
        not_before=now - timedelta(days=9), not_after=now - timedelta(days=2.5), san_dns=["rp.example.com"]
    )
    return ca.issue("CN=x", profile)


def test_an_expired_upload_is_told_at_once(client: Client, ca: KeyPair) -> None:
    good = ca.issue("CN=x", Profile(san_dns=["rp.example.com"]))
    for pair, warned in ((ended(ca), True), (good, False)):
        told = client.post(INSPECT, {"certificate": form(pair)["certificate"]}).json()["warnings"]
        assert any("has expired" in warning for warning in told) == warned
        answer = client.post(ADD, form(pair), follow=True)
        assert any("has expired" in str(message) for message in answer.context["messages"]) == warned
        RegisteredClient.objects.all().delete()


def test_pages_show_only_what_there_is(client: Client, mobile_pair: KeyPair) -> None:
    added = page(client, ADD)
    for field in ("created", "last_seen", "certificate_details", "problem", "jwks_uri_fetched"):
        assert f"field-{field}" not in added
    assert "field-created" in page(client, change(register("rp", BY_DNS)))
    several = register("mobile", by_certificate(mobile_pair, self_sign("CN=other")))
    shown = page(client, change(several))
    assert shown.count("<dt>Thumbprint</dt>") == 2


def test_many_certificates_and_names_are_counted(client: Client, ca: KeyPair) -> None:
    many = ca.issue("CN=x", Profile(san_dns=[f"{number}.example.com" for number in range(2000)]))
    (names,) = [text for label, text in certificate_lines(many.certificate) if label == "DNS names"]
    assert names.endswith("9.example.com, … and 1990 more")
    record = register("mobile", by_certificate(*(self_sign(f"CN={number}") for number in range(7))))
    shown = page(client, change(record))
    assert shown.count("<dt>Thumbprint</dt>") == 5
    assert "and 2 more" in shown


def test_names_that_turn_the_page_around_are_escaped(client: Client, ca: KeyPair) -> None:
    pair = ca.issue(common_names("a\u202eb"), Profile(san_uri=["urn:x"]))
    assert client.post(ADD, form(pair)).status_code == 302
    shown = page(client, change(RegisteredClient.objects.get()))
    assert "\u202e" not in shown
    assert "\\u202e" in shown


def test_deletion_lists_no_internal_rows(client: Client) -> None:
    record = register("rp", BY_DNS)
    shown = page(client, f"{LIST}{record.pk}/delete/")
    assert "Registered client: " in shown
    assert "relationship" not in shown
    marked = {"action": "delete_selected", "_selected_action": record.pk}
    listed = client.post(LIST, marked).content.decode()
    assert "Registered client: " in listed
    assert "relationship" not in listed
    assert client.post(LIST, marked | {"post": "yes"}).status_code == 302
    assert not RegisteredClient.objects.exists()


def test_pages_have_no_inline_script_or_style_of_ours(client: Client, root: User, alice: User) -> None:
    record = saved(BY_DNS, alice, root)
    for path in (LIST, ADD, change(record)):
        shown = page(client, path)
        for inline in ("<script>", "<style", ' style="', " onclick", " onchange"):
            assert inline not in shown, (path, inline)
        for name in ("list.css", "form.css", "certificate.js", "methods.js"):
            if f"django_mtls/{name}" in shown:
                assert finders.find(f"django_mtls/{name}")
    assert "django_mtls/methods.js" in page(client, ADD)
    assert "django_mtls/list.css" in page(client)


def test_script_names_the_fields_of_the_form(client: Client) -> None:
    found = finders.find("django_mtls/methods.js")
    assert isinstance(found, str)
    script, shown = Path(found).read_text(), page(client, ADD)
    for field in ("subject_kind", "subject_value", "tls_client_auth_issuer", "jwks", "jwks_uri"):
        assert f"{field}: [" in script
        assert f"field-{field}" in shown
