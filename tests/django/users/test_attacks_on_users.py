"""Who must not be taken for whom: attacks that succeed against other packages, and rows of ATTACKS.md, on logins."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from django_mtls.models import RegisteredClient
from tests.flask.attack_rows import HEADERS, header_accepted, headers_refused
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign

from ..site import Site
from ..support import common_names, register

NGINX = {"preset": "nginx", "trusted_proxies": ["192.0.2.1"]}


@pytest.fixture
def admin() -> Any:
    return User.objects.create_superuser("admin")


def who(**environ: Any) -> str:
    answer = Client().get("/", **environ)
    return str(answer.json()["user"]) if answer.status_code == 200 else ""


def test_forged_dn_header_from_any_address(admin: User, ca: KeyPair, mtls: Callable[..., None]) -> None:
    forged = {
        "HTTP_X_SSL_CLIENT_S_DN": "CN=admin",
        "HTTP_X_SSL_USER_DN": "/CN=admin",
        "HTTP_SSL_CLIENT_S_DN_CN": "admin",
        "HTTP_REMOTE_USER": "admin",
        "HTTP_X_SSL_CLIENT_VERIFY": "SUCCESS",
        "HTTP_SSL_CLIENT_VERIFY": "SUCCESS",
        "HTTP_X_SSL_AUTHENTICATED": "SUCCESS",
    }
    mtls(SOURCE=NGINX)
    for address in ("192.0.2.1", "198.51.100.7", "127.0.0.1", "::1", ""):
        assert who(REMOTE_ADDR=address, **forged) == ""
    assert who(**header_accepted(ca.issue("CN=admin"))) == "admin"


def test_rdn_inside_of_a_value(site: Site, admin: User, ca: KeyPair) -> None:
    """A DN that is split at commas has a CN=admin in it."""
    for name in ("x,CN=admin", "CN=admin", "x+CN=admin", "admin,O=x", r"x\,CN=admin", "admin\\", '"admin"', "#6161"):
        assert site.user(ca.issue(common_names(name))) == ""
    assert site.user(ca.issue(r"O=x\,CN\=admin,CN=mallory")) == ""
    assert site.user(ca.issue("CN=admin")) == "admin"


def test_slash_form_injection(site: Site, admin: User, ca: KeyPair) -> None:
    for name in ("x/CN=admin", "/CN=admin", "admin/emailAddress=x", "x/CN=admin/"):
        assert site.user(ca.issue(common_names(name))) == ""
    assert site.user(ca.issue("CN=admin")) == "admin"


def test_two_common_names(site: Site, admin: User, ca: KeyPair) -> None:
    for names in (["admin", "mallory"], ["mallory", "admin"], ["admin", "admin"]):
        assert site.user(ca.issue(common_names(*names))) == ""
    assert site.user(ca.issue("CN=admin+O=x")) == "admin"


def test_inactive_user(site: Site, admin: User, ca: KeyPair) -> None:
    User.objects.update(is_active=False)
    assert site.user(ca.issue("CN=admin")) == ""


def test_malformed_dn_header(mtls: Callable[..., None], admin: User, ca: KeyPair) -> None:
    """Where only a name is forwarded, nobody logs in by it, and no text of it is a 500."""
    from wsgi_mtls import sources
    from wsgi_mtls.sources import Status

    source = sources.subject_header(
        "XClientDN",
        kind="tls_client_auth_subject_dn",
        verified=Status("XClientVerify", "SUCCESS", none="NONE"),
        trusted_proxies=["192.0.2.1"],
    )
    mtls(SOURCE=source, ALLOWED_METHODS=["tls_client_auth"], USERNAME_FROM=None)
    for text in (
        "CN=admin",
        "",
        "=",
        "CN",
        "/CN=admin",
        "CN=admin,,",
        "\\",
        "CN=\xff",
        "CN=" + "x" * 9000,
        "#",
        "=CN=",
        "+",
    ):
        for status in ("SUCCESS", "NONE", ""):
            environ: dict[str, Any] = {"HTTP_XCLIENTDN": text, "HTTP_XCLIENTVERIFY": status}
            answer = Client().get("/", REMOTE_ADDR="192.0.2.1", **environ)
            assert answer.status_code < 500
            assert answer.status_code != 200 or answer.json()["user"] == ""


def test_no_verify_header(admin: User, ca: KeyPair, mtls: Callable[..., None]) -> None:
    mtls(SOURCE=NGINX)
    right = header_accepted(ca.issue("CN=admin"))
    assert who(**right) == "admin"
    certificate = right["HTTP_XCLIENTCERT"].removeprefix("SUCCESS ")
    for status in ("", " ", "NONE ", "FAILED:expired ", "success ", "1 ", "true ", "SUCCESS"):
        assert who(**{**right, "HTTP_XCLIENTCERT": status + certificate}) == ""


def test_backend_absent_from_the_settings(site: Site, admin: User, ca: KeyPair, settings: Callable[..., None]) -> None:
    settings(AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"])
    assert site.user(ca.issue("CN=admin")) == ""


@pytest.mark.parametrize("name", HEADERS)
def test_headers(admin: User, ca: KeyPair, mtls: Callable[..., None], name: str) -> None:
    mtls(SOURCE=NGINX)
    right = ca.issue("CN=admin")
    assert who(**headers_refused(right, ca.issue("CN=evil"))[name]) == ""
    assert who(**header_accepted(right)) == "admin"


def test_untrusted_headers_are_stripped(admin: User, ca: KeyPair, mtls: Callable[..., None]) -> None:
    """From META and from request.headers, though an earlier middleware has looked at them; the outer peer counts."""
    mtls(SOURCE=NGINX)
    right = header_accepted(ca.issue("CN=admin"))
    seen = Client().get("/", **{**right, "REMOTE_ADDR": "198.51.100.7"}).json()
    assert (seen["user"], seen["headers"], seen["meta"]) == ("", [], [])
    assert Client().get("/", **right).json()["meta"] != []
    outer: dict[str, Any] = {**right, "REMOTE_ADDR": "198.51.100.7", "wsgi_mtls.peer": None}
    assert Client().get("/", **outer).json()["meta"] == []


def reading_headers(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make Django cache the headers before our middleware sees the request."""

    def middleware(request: Any) -> Any:
        assert len(request.headers)
        return get_response(request)

    return middleware


def test_cached_headers_are_stripped(ca: KeyPair, mtls: Callable[..., None], settings: Callable[..., None]) -> None:
    from django.conf import settings as current

    mtls(SOURCE=NGINX)
    settings(MIDDLEWARE=["tests.django.users.test_attacks_on_users.reading_headers", *current.MIDDLEWARE])
    right = header_accepted(ca.issue("CN=admin"))
    assert Client().get("/", **{**right, "REMOTE_ADDR": "198.51.100.7"}).json()["headers"] == []
    assert Client().get("/", **right).json()["headers"] != []


def test_headers_can_not_make_the_peer(admin: User, site: Site) -> None:
    for name in ("wsgi_mtls.peer", "WSGI-MTLS.PEER", "SSL-CLIENT-CERT", "SSL_CLIENT_CERT", "HTTPS-CC"):
        assert site.user(None, {name: "CN=admin"}) == ""


@pytest.mark.parametrize("stored", ["Admin", "admin ", "ädmin", "ADMIN", "adm\u0131n"])
def test_row_49_the_database_takes_another_name_for_this_one(
    site: Site, ca: KeyPair, mtls: Callable[..., None], stored: str
) -> None:
    User.objects.create(username=stored)
    assert site.user(ca.issue("CN=admin")) == ""
    mtls(CREATE_UNKNOWN_USERS=True)
    made = site.user(ca.issue("CN=admin"))
    same = User.objects.filter(username="admin").values_list("username", flat=True)
    if connection.vendor == "mysql":
        assert (made, list(same)) == ("", [stored])
    else:
        assert (made, list(same)) == ("admin", ["admin"])
    if stored.isalpha():
        mtls(CREATE_UNKNOWN_USERS=False)
        assert site.user(ca.issue(common_names(stored))) == stored


def test_row_49_a_client_id(site: Site, ca: KeyPair) -> None:
    register("billing", {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=b"})
    for asked in ("Billing", "billing ", "BILLING", "billing%20"):
        assert site.post("/token", ca.issue("CN=b"), f"client_id={asked}").status == 401
    assert site.post("/token", ca.issue("CN=b"), "client_id=billing").status == 200


def test_invisible_characters(site: Site, admin: User, ca: KeyPair, mtls: Callable[..., None]) -> None:
    mtls(CREATE_UNKNOWN_USERS=True)
    for name in ("admin\0", "\0", "ad\u200bmin", "admin\u202e", "a\ndmin", "\U000e0001admin", " admin", "admin "):
        assert site.user(ca.issue(common_names(name))) == ""
    assert User.objects.count() == 1
    assert site.user(ca.issue("CN=admin")) == "admin"


# Registered certificates


def by_certificate(pair: KeyPair) -> dict[str, Any]:
    return {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [jwk(pair.certificate)]}}


def test_registered_certificate(site: Site, alice: User, mobile_pair: KeyPair, ca: KeyPair) -> None:
    """It needs no validated chain; its names do not matter."""
    register("alice's phone", by_certificate(mobile_pair), user=alice)
    assert site.user(mobile_pair) == "alice"
    assert site.user(self_sign("CN=mobile", Profile(key=mobile_pair.key))) == "alice"
    assert site.user(self_sign("CN=mobile")) == ""
    assert site.user(None) == ""


def test_registered_name_needs_a_validated_chain(site: Site, alice: User, ca: KeyPair) -> None:
    by_email = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_email": "a@example.com"}
    register("alice's card", by_email, user=alice)
    profile = Profile(san_email=["a@example.com"])
    assert site.user(ca.issue("CN=x", profile)) == "alice"
    assert site.user(make_ca("CN=Other").issue("CN=x", profile)) == ""
    assert site.user(self_sign("CN=x", profile)) == ""


def test_disabled_registration_beats_the_name(site: Site, alice: User, alice_pair: KeyPair) -> None:
    """A lost card whose registration was disabled must not log in by the name on it."""
    card = register("alice's card", by_certificate(alice_pair), user=alice)
    assert site.user(alice_pair) == "alice"
    card.enabled = False
    card.save()
    assert site.user(alice_pair) == ""
    card.delete()
    assert site.user(alice_pair) == "alice"  # by USERNAME_FROM


def test_certificate_of_two_users(site: Site, alice: User, bob: User, mobile_pair: KeyPair) -> None:
    """Only what goes past ``save()`` can store it."""
    register("alice's phone", by_certificate(mobile_pair), user=alice)
    register("bob's phone", by_certificate(mobile_pair))
    RegisteredClient.objects.filter(client_id="bob's phone").update(user=bob)
    assert site.user(mobile_pair) == ""
    RegisteredClient.objects.filter(client_id="bob's phone").update(user=alice)
    assert site.user(mobile_pair) == "alice"


def test_registered_for_another_method(site: Site, alice: User, mobile_pair: KeyPair) -> None:
    keys = {**by_certificate(mobile_pair), "token_endpoint_auth_method": "private_key_jwt"}
    register("alice's app", keys, user=alice)
    assert site.user(mobile_pair) == ""


def test_search_keys_decide_nothing(site: Site, alice: User, mobile_pair: KeyPair) -> None:
    """A registration that was changed past ``save`` is found by the old certificate and refuses it."""
    other = self_sign("CN=other")
    client = register("alice's phone", by_certificate(mobile_pair), user=alice)
    RegisteredClient.objects.update(jwks={"keys": [jwk(other.certificate)]})
    assert site.user(mobile_pair) == ""
    client.refresh_from_db()
    client.update_search_keys()
    assert site.user(other) == "alice"
    assert site.user(mobile_pair) == ""


def test_certificates_as_headers_bring_them(admin: User, ca: KeyPair, mtls: Callable[..., None]) -> None:
    """Every octet of a header can be anything: no 500."""
    mtls(SOURCE=NGINX)
    right = header_accepted(ca.issue("CN=admin"))
    certificate = right["HTTP_XCLIENTCERT"]
    for sent in (
        certificate[:-1],
        certificate[5:],
        "\xff",
        quote("\0"),
        "%",
        "%zz",
        certificate * 30,
        "-----",
        " ",
        "SUCCESS",
        "SUCCESS %",
        "SUCCESS \xff",
    ):
        assert who(**{**right, "HTTP_XCLIENTCERT": sent}) == ""
