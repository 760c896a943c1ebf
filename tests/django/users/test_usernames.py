"""Which name of a certificate is the user's, and users that are made for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import IntegrityError

from django_mtls.users.usernames import USERNAME_FROM, username
from tests.support import refused
from wsgi_mtls.testing import KeyPair, Profile, make_ca
from wsgi_mtls.x509 import ClientCertificate, PeerCertificate

from ..browser import Browser, reasons
from ..support import common_names

pytestmark = pytest.mark.usefixtures("login_order")


def test_unknown_user(browser: Browser, alice: User, ca: KeyPair, mtls: Callable[..., None]) -> None:
    carol = ca.issue("CN=carol")
    assert browser.user(carol) == ""
    assert not User.objects.filter(username="carol").exists()
    mtls(CREATE_UNKNOWN_USERS=True)
    assert browser.user(carol) == "carol"
    made = User.objects.get(username="carol")
    assert not made.has_usable_password()
    assert (made.is_staff, made.is_superuser, made.get_all_permissions()) == (False, False, set())
    for name in ("a b", "x/y", "<script>", " ", "ﬀ"):
        assert browser.user(ca.issue(common_names(name))) == ""
    assert browser.user(make_ca("CN=Another").issue("CN=dave"), verified=False) == ""
    assert set(User.objects.values_list("username", flat=True)) == {"alice", "carol"}


@pytest.mark.parametrize("field", ["id", "date_joined"])
def test_username_that_is_no_text(
    alice: User, alice_pair: KeyPair, ca: KeyPair, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No 500, and no user whose number the text happens to be."""
    browser = Browser()
    assert browser.user(alice_pair) == "alice"
    monkeypatch.setattr(User, "USERNAME_FIELD", field)
    for name in ("alice", "9" * 40, str(alice.pk), "2000-13-13", "true"):
        pair = ca.issue(f"CN={name}")
        assert browser.get("/class-machine", pair).status_code == 200
        assert authenticate(None, peer_certificate=PeerCertificate(pair.certificate, verified=True)) is None


def test_user_that_can_not_be_made(
    browser: Browser, ca: KeyPair, mtls: Callable[..., None], monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """The model wants more than a name: that is no race, and is said."""
    mtls(CREATE_UNKNOWN_USERS=True)

    def save(self: User, **options: object) -> None:
        raise IntegrityError("NOT NULL constraint failed: birthday")

    monkeypatch.setattr(User, "save", save)
    assert browser.user(ca.issue("CN=carol")) == ""
    assert reasons(caplog) == ["unknown_user"]
    assert "could not be made" in caplog.text
    monkeypatch.undo()
    assert browser.user(ca.issue("CN=carol")) == "carol"


@pytest.mark.parametrize(("username_from", "profile", "expected"), [
    ("san_email", Profile(san_email=["u@example.com"]), "u@example.com"),
    ("san_email", Profile(san_email=["u@example.com", "v@example.com"]), ""),
    ("san_email", Profile(san_dns=["u@example.com"]), ""),
    ("san_email", Profile(san_email=["U@example.com"]), ""),
    ("san_dns", Profile(san_dns=["u.example.com"]), "u.example.com"),
    ("san_dns", Profile(san_dns=["u.example.com"] * 2), ""),
    ("san_uri", Profile(san_uri=["urn:u"]), "urn:u"),
    ("san_uri", Profile(san_uri=["urn:v"]), ""),
    (lambda certificate: certificate.san_dns[0].split(".")[0], Profile(san_dns=["u.example.com"]), "u"),
    (lambda certificate: certificate.san_dns[0].split(".")[0], Profile(), ""),
    (lambda certificate: 7, Profile(), ""),
    ("tests.django.users.test_usernames.serial", Profile(), "serial"),
    (None, Profile(san_email=["u@example.com"]), ""),
])  # fmt: skip
def test_username_from(
    browser: Browser, ca: KeyPair, mtls: Callable[..., None], username_from: Any, profile: Profile, expected: str
) -> None:
    for name in ("u@example.com", "v@example.com", "u.example.com", "urn:u", "u", "x", "serial"):
        User.objects.create(username=name)
    mtls(USERNAME_FROM=username_from)
    assert browser.user(ca.issue("CN=x", profile)) == expected


def serial(certificate: object) -> str:
    return "serial"


@pytest.mark.parametrize(("username_from", "name"), [
    ("upn", "jane@corp.example"),
    ("subject_serial_number", "PNOEE-10101010005"),
    ("subject_uid", "jdoe"),
])  # fmt: skip
def test_names_of_cards(username_from: str, name: str, ca: KeyPair) -> None:
    case = Path(__file__).parents[2] / "cases" / "certificates" / "upn-and-subject-serial.pem"
    card = ClientCertificate.from_pem(case.read_bytes())
    assert username(card, USERNAME_FROM[username_from]) == name
    with refused("no_username"):
        username(ca.issue("CN=jdoe").certificate, USERNAME_FROM[username_from])


def test_a_name_that_can_not_be_read(
    browser: Browser, ca: KeyPair, mtls: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x05\x00")
    pair = ca.issue("CN=alice", Profile(extensions=[(odd, False)]))
    mtls(USERNAME_FROM="upn")
    assert browser.user(pair) == ""
    assert set(reasons(caplog)) == {"certificate_unreadable"}
