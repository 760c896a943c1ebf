"""What the system checks find."""

from collections.abc import Callable

import pytest
from django.core.checks import run_checks

from django_mtls.oauth_toolkit.checks import check_secrets, check_urls
from django_mtls.oauth_toolkit.models import ApplicationRegistration

from .support import AuthServer, application


def found() -> set[str]:
    return {
        message.id.partition(".")[2]
        for message in run_checks()
        if message.id and message.id.startswith("django_mtls_oauth_toolkit.")
    }


def test_nothing_is_wrong(server: AuthServer) -> None:
    assert found() == set()


def test_model(mtls: Callable[..., None]) -> None:
    mtls(CLIENT_MODEL="django_mtls.RegisteredClient")
    assert found() == {"E001"}


@pytest.mark.parametrize(("key", "value", "check"), [
    ("OAUTH2_VALIDATOR_CLASS", "oauth2_provider.oauth2_validators.OAuth2Validator", "E002"),
    ("OAUTH2_BACKEND_CLASS", "oauth2_provider.oauth2_backends.OAuthLibCore", "E003"),
    ("MTLS_BASE", "http://mtls.as.example", "E004"),
])  # fmt: skip
def test_settings(toolkit: Callable[..., None], key: str, value: str, check: str) -> None:
    toolkit(**{key: value})
    assert found() == {check}


def test_urls(settings: Callable[..., None]) -> None:
    settings(ROOT_URLCONF="tests.oauth_toolkit.toolkits_urls")
    assert found() == {"E005"}
    settings(ROOT_URLCONF="tests.django.urls")
    assert found() == set()


def test_urls_beside_ours(settings: Callable[..., None]) -> None:
    settings(ROOT_URLCONF="tests.oauth_toolkit.mixed_urls")
    messages = [message.msg for message in check_urls()]
    assert [message.split()[4] for message in messages] == ["oauth2_provider.views.base.TokenView,"]


def test_middleware(settings: Callable[..., None]) -> None:
    from django.conf import settings as current

    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if "django_mtls" not in name])
    assert found() == {"W002"}


def test_blank_secrets(server: AuthServer) -> None:
    application("blank", client_secret="")
    application("blank-plain", client_secret="", hash_client_secret=False)
    application("blank-public", client_secret="", client_type="public")
    application("blank-code", "authorization-code", client_secret="", client_type="public")
    of_mutual_tls = application("blank-mtls", client_secret="")
    ApplicationRegistration.objects.create(application=of_mutual_tls)
    messages = check_secrets(["default"])
    assert {message.id for message in messages} == {"django_mtls_oauth_toolkit.W001"}
    named = {client_id for client_id in ("blank", "blank-plain", "blank-public", "blank-code", "blank-mtls", "unbound")
             if any(f"'{client_id}'" in message.msg for message in messages)}  # fmt: skip
    assert named == {"blank", "blank-plain", "blank-public"}
    assert check_secrets([]) == []


def test_migrations_are_complete() -> None:
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", "django_mtls_oauth_toolkit", verbosity=0)
