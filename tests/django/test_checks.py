"""What ``manage.py check`` says of the settings, the migrations, and ``MTLS`` itself."""

from collections.abc import Callable
from dataclasses import fields
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as current
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import override_settings

from django_mtls.clients.search_keys import SearchKey
from django_mtls.conf import KEYS, InvalidSetting, MTLSSettings, mtls_settings
from django_mtls.models import RegisteredClient
from wsgi_mtls import sources
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import make_ca, self_sign
from wsgi_mtls.trust import TrustStore

from .support import register

ROOT = Path(__file__).parents[2]
MIDDLEWARE = "django_mtls.middleware.ClientCertificateMiddleware"
LOGIN = "django_mtls.middleware.ClientCertificateLoginMiddleware"
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
WHOLE_CACHE = "django.middleware.cache.CacheMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"
NAMES = sources.subject_header(
    "XDN",
    kind="tls_client_auth_subject_dn",
    verified=sources.Status("XVerify", "SUCCESS", none="NONE"),
    trusted_proxies=["::1"],
)
"""A source that forwards names only."""
NEVER = {"preset": "caddy", "trusted_proxies": ["::1"]}
"""A source that never reports that a chain was validated."""


def found() -> set[str | None]:
    return {message.id for message in run_checks() if message.id and message.id.startswith("django_mtls.")}


def test_clean() -> None:
    assert found() == set()


@pytest.mark.parametrize(("mtls", "expected"), [
    (None, "E001"),
    ([], "E001"),
    ({"SOURCE": "mod_ssl", "SOURCES": 1}, "E001"),
    ({"SOURCE": "mod_ssl", 1: 1}, "E001"),
    ({}, "E002"),
    ({"SOURCE": "apache2", "TRUSTED_PROXIES": ["127.0.0.1"]}, "E002"),
    ({"SOURCE": 7}, "E002"),
    ({"SOURCE": "no.such.module"}, "E002"),
    ({"SOURCE": "mod_ssl", "TRUSTED_PROXIES": ["127.0.0.1"]}, "E003"),
    ({"SOURCE": {"preset": "nginx", "trusted_proxies": ["127.0.0.1"], "header": "X"}}, "E002"),
    ({"SOURCE": {"preset": "nginx", "trusted_proxies": ["x"]}}, "E003"),
    ({"SOURCE": {"preset": "nginx", "trusted_proxies": ["::1"]}, "TRUSTED_PROXIES": ["::1"]}, "E003"),
    ({"SOURCE": sources.mod_ssl(), "TRUSTED_PROXIES": ["::1"]}, "E003"),
    ({"SOURCE": sources.subject_header("XDN", kind="tls_client_auth_subject_dn", verified=True,
                                       trusted_proxies=["::1"])}, "E002"),
    ({"SOURCE": "nginx"}, "E003"),
    ({"SOURCE": "nginx", "TRUSTED_PROXIES": []}, "E003"),
    ({"SOURCE": {"preset": "haproxy"}}, "E003"),
    ({"SOURCE": "mod_ssl", "USERNAME_FROM": "cn"}, "E004"),
    ({"SOURCE": "mod_ssl", "USERNAME_FROM": 7}, "E004"),
    ({"SOURCE": "mod_ssl", "USERNAME_FROM": "no.such.function"}, "E004"),
    ({"SOURCE": "mod_ssl", "CREATE_UNKNOWN_USERS": "no"}, "E004"),
    ({"SOURCE": "mod_ssl", "USE_SESSION": 1}, "E004"),
    ({"SOURCE": "mod_ssl", "CLIENT_MODEL": "auth.User"}, "E004"),
    ({"SOURCE": "mod_ssl", "CLIENT_MODEL": "auth"}, "E004"),
    ({"SOURCE": "mod_ssl", "CLIENT_MODEL": "auth.Nobody"}, "E004"),
    ({"SOURCE": "mod_ssl", "ALLOWED_METHODS": []}, "E004"),
    ({"SOURCE": "mod_ssl", "ALLOWED_METHODS": ["none"]}, "E004"),
    ({"SOURCE": "mod_ssl", "ALLOWED_METHODS": 7}, "E004"),
    ({"SOURCE": "mod_ssl", "ALLOWED_METHODS": [["none"]]}, "E004"),
    ({"SOURCE": "mod_ssl", "SELF_SIGNED_MATCH": "subject"}, "E004"),
    ({"SOURCE": "mod_ssl", "TOKENS": object()}, "E004"),
    ({"SOURCE": "mod_ssl", "DPOP": {}}, "E004"),
    ({"SOURCE": "mod_ssl", "REALM": '"'}, "E004"),
    ({"SOURCE": "mod_ssl", "VERBOSITY": "loud"}, "E004"),
    ({"SOURCE": "mod_ssl", "MAX_BODY": 0}, "E004"),
    ({"SOURCE": NAMES, "ALLOWED_METHODS": ["tls_client_auth"], "USERNAME_FROM": "subject_cn"}, "E002"),
    ({"SOURCE": NAMES, "ALLOWED_METHODS": ["tls_client_auth"], "TOKENS": "tests.django.test_attacks_on_api.tokens"},
     "E002"),
    ({"SOURCE": "wsgi_mtls.sources.nginx"}, "E002"),
    ({"SOURCE": "mod_ssl", "TOKENS": "tests.django.test_attacks_on_api.tokens",
      "DPOP": {"base_url": "https://api.example.com"}}, "W006"),
    ({"SOURCE": "mod_ssl", "VERBOSITY": "debug"}, "W001"),
    ({"SOURCE": {"preset": "caddy", "trusted_proxies": ["::1"], "terminator_verifies": True}}, "W004"),
    ({"SOURCE": NEVER}, "W008"),
    ({"SOURCE": NEVER, "ALLOWED_METHODS": ["tls_client_auth"]}, "W008"),
    ({"SOURCE": NEVER, "ALLOWED_METHODS": ["self_signed_tls_client_auth"], "USERNAME_FROM": "subject_cn"}, "W008"),
])  # fmt: skip
def test_settings(mtls: Any, expected: str) -> None:
    with override_settings(MTLS=mtls):
        assert found() == {f"django_mtls.{expected}"}
        if expected[0] == "E":
            with pytest.raises(InvalidSetting):
                mtls_settings()
    assert found() == set()


@pytest.mark.parametrize("mtls", [
    {"SOURCE": "nginx", "TRUSTED_PROXIES": ["127.0.0.1"]},
    {"SOURCE": {"preset": "nginx", "trusted_proxies": "unix"}},
    {"SOURCE": sources.mod_ssl()},
    {"SOURCE": "wsgi_mtls.sources.servers.mod_ssl"},
    {"SOURCE": NAMES, "ALLOWED_METHODS": ["tls_client_auth"]},
    {"SOURCE": NEVER, "ALLOWED_METHODS": ["self_signed_tls_client_auth"]},
    {"SOURCE": NEVER, "TRUST": TrustStore.from_certificates([make_ca().certificate])},
    {"SOURCE": "mod_ssl", "USERNAME_FROM": len, "TOKENS": None, "REALM": "a", "ALLOWED_METHODS": ["tls_client_auth"]},
])  # fmt: skip
def test_good_settings(mtls: Any) -> None:
    with override_settings(MTLS=mtls):
        assert found() == set()


def test_debug_verbosity_while_debugging(settings: Callable[..., None], mtls: Callable[..., None]) -> None:
    mtls(VERBOSITY="debug")
    settings(DEBUG=True)
    assert found() == set()


def without(name: str) -> list[str]:
    return [path for path in current.MIDDLEWARE if not path.endswith(name)]


@pytest.mark.parametrize(("middleware", "expected"), [
    (without("ClientCertificateMiddleware"), {"E005"}),
    (without("AuthenticationMiddleware"), {"E005"}),
    (without("CsrfViewMiddleware"), {"E005"}),
    ([MIDDLEWARE, LOGIN, *without("ClientCertificateLoginMiddleware")[1:]], {"E005"}),
    ([*without("ClientCertificateMiddleware"), MIDDLEWARE], {"E005", "W003"}),
    ([current.MIDDLEWARE[1], MIDDLEWARE, *current.MIDDLEWARE[2:]], {"W003"}),
    ([MIDDLEWARE, FETCH, *current.MIDDLEWARE[1:]], {"E005"}),
    ([*current.MIDDLEWARE, FETCH], set()),
    (without("ClientCertificateLoginMiddleware"), {"W002"}),
    ([MIDDLEWARE], {"W002"}),
    ([UPDATE, *current.MIDDLEWARE, FETCH], set()),
    ([MIDDLEWARE, UPDATE, *current.MIDDLEWARE[1:], FETCH], set()),
    ([*current.MIDDLEWARE, UPDATE, FETCH], {"E005"}),
    ([*current.MIDDLEWARE[:7], UPDATE, *current.MIDDLEWARE[7:], FETCH], {"E005"}),
    ([*current.MIDDLEWARE, WHOLE_CACHE], {"E005"}),
    ([MIDDLEWARE, WHOLE_CACHE, *current.MIDDLEWARE[1:]], {"E005"}),
    ([current.MIDDLEWARE[1], UPDATE, MIDDLEWARE, *current.MIDDLEWARE[2:], FETCH], {"W003"}),
    ([FETCH, *current.MIDDLEWARE], {"E005", "W003"}),
    ([UPDATE, *without("ClientCertificateLoginMiddleware"), FETCH], {"W002"}),
    ([MIDDLEWARE, UPDATE, *without("ClientCertificateLoginMiddleware")[1:], FETCH], {"E005", "W002"}),
    ([UPDATE, FETCH, *without("ClientCertificateLoginMiddleware")], {"E005", "W002", "W003"}),
])  # fmt: skip
def test_middleware(settings: Callable[..., None], middleware: list[str], expected: set[str]) -> None:
    settings(MIDDLEWARE=middleware)
    assert found() == {f"django_mtls.{check_id}" for check_id in expected}


def test_backend(settings: Callable[..., None]) -> None:
    settings(AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"])
    assert found() == {"django_mtls.E006"}
    settings(AUTHENTICATION_BACKENDS=["no.such.Backend"])
    assert found() == {"django_mtls.E006"}


def test_logins_without_the_login_middleware(settings: Callable[..., None]) -> None:
    """An error, but where REST framework may be all that uses the backend: it makes no sessions."""
    settings(
        MIDDLEWARE=without("ClientCertificateLoginMiddleware"),
        INSTALLED_APPS=[app for app in current.INSTALLED_APPS if "rest_framework" not in app],
    )
    assert found() == {"django_mtls.E009"}
    settings(AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"])
    assert found() == set()


def test_names_that_are_no_text(monkeypatch: pytest.MonkeyPatch, mtls: Callable[..., None]) -> None:
    monkeypatch.setattr(User, "USERNAME_FIELD", "date_joined")
    assert found() == {"django_mtls.E008"}
    mtls(USERNAME_FROM=None)
    assert found() == set()


def deployment(**options: Any) -> list[str | None]:
    messages = run_checks(include_deployment_checks=True, **options)
    return [message.id for message in messages if message.id and message.id.startswith("django_mtls.")]


def test_clients_that_can_never_authenticate() -> None:
    """At deployment, and not at each start, which must work without a database."""
    register("rp", {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"})
    assert deployment() == []
    register("impossible", {"token_endpoint_auth_method": "tls_client_auth"})
    assert deployment() == ["django_mtls.E007"]
    assert found() == set()


def test_keys_that_are_skipped() -> None:
    own, odd = jwk(self_sign("CN=a").certificate), {"kty": "NEW", "x5c": ["AAAA"]}
    method = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}
    register("rp", {**method, "jwks": {"keys": [own]}})
    assert deployment() == []
    register("mobile", {**method, "jwks": {"keys": [odd, own]}})
    assert deployment() == ["django_mtls.W005"]


def test_registrations_that_their_certificates_do_not_find() -> None:
    by_uri = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_uri": "spiffe://a/b"}
    for name in "abcdefg":
        register(name, {**by_uri, "tls_client_auth_san_uri": f"spiffe://a/{name}"})
    assert deployment() == []
    # As if written by a release that compared otherwise; of a disabled registration too, which keeps a name out.
    SearchKey.objects.filter(pk__in=RegisteredClient.objects.get(client_id="a").search_keys.all()).update(digest="old")
    RegisteredClient.objects.filter(client_id="a").update(enabled=False)
    assert stale() == ["1 registrations are not found by their certificates: 'a'."]
    RegisteredClient.objects.exclude(client_id="a").update(subject_value="spiffe://a/x")
    assert stale() == ["7 registrations are not found by their certificates: 'a', 'b', 'c', 'd', 'e', …."]
    call_command("mtls_search_keys", stdout=StringIO())
    assert deployment() == []


def stale() -> list[str]:
    found = run_checks(include_deployment_checks=True)
    (message,) = [message for message in found if message.id == "django_mtls.W007"]
    assert "mtls_search_keys" in str(message.hint)
    return [message.msg.partition(" They were written")[0]]


@pytest.mark.parametrize("jwks", [{"keys": 1}, {"keys": [{"kty": "RSA"}]}, [], "x"])
def test_a_registration_that_can_not_be_read_is_no_traceback(jwks: object) -> None:
    method = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}
    register("mobile", {**method, "jwks": {"keys": [jwk(self_sign("CN=a").certificate)]}})
    RegisteredClient.objects.update(jwks=jwks)
    assert "django_mtls.E007" in deployment()


def test_migrate_is_not_stopped_by_a_client() -> None:
    """Maybe the client can be corrected only after it."""
    register("impossible", {"token_endpoint_auth_method": "tls_client_auth"})
    for command, options in (("check", {"databases": ["default"]}), ("migrate", {"skip_checks": False})):
        told = StringIO()
        call_command(command, stdout=StringIO(), stderr=told, **options)
        assert "django_mtls.E007" in told.getvalue()


def test_deployment_before_there_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RegisteredClient._meta, "db_table", "not_migrated")
    assert deployment() == []


def test_message_names_the_remedy(mtls: Callable[..., None]) -> None:
    mtls(USER_SESSION=True)
    (message,) = [message for message in run_checks() if message.id == "django_mtls.E001"]
    assert "USE_SESSION" in message.msg


def test_risks_are_reported_together(mtls: Callable[..., None]) -> None:
    mtls(SOURCE=NEVER, VERBOSITY="debug")
    assert found() == {"django_mtls.W001", "django_mtls.W008"}


def test_every_key_is_documented() -> None:
    page = (ROOT / "docs" / "django.md").read_text()
    assert {key for key in KEYS if f"`{key}`" not in page} == set()


def test_every_key_is_an_attribute() -> None:
    attributes = {field.name.upper() for field in fields(MTLSSettings)}
    assert attributes | {"TRUSTED_PROXIES"} == KEYS


def test_migrations_are_complete() -> None:
    call_command("makemigrations", "django_mtls", check=True, dry_run=True, stdout=StringIO())
