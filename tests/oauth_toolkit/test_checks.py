"""What the system checks find."""

from collections.abc import Callable

import pytest
from django.core.checks import CheckMessage, run_checks
from oauth2_provider.models import get_application_model

from django_mtls.oauth_toolkit.checks import check_hashed_secrets, check_secrets, check_urls
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
    assert [message.split()[4].split(".")[-1] for message in messages] == ["TokenView,"]


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
    assert named(check_hashed_secrets()) == {"blank", "blank-plain", "blank-public"}
    # Each hash takes as long as a login: migrate does not wait for them.
    assert named(check_secrets(["default"])) == {"blank-plain"}
    assert check_secrets([]) == []


def named(messages: list[CheckMessage]) -> set[str]:
    assert {message.id for message in messages} == {"django_mtls_oauth_toolkit.W001"}
    return {message.msg.split("'")[1] for message in messages}


def test_blank_secrets_at_deployment(server: AuthServer) -> None:
    application("blank", client_secret="")
    assert found() == set()
    messages = run_checks(include_deployment_checks=True)
    assert "django_mtls_oauth_toolkit.W001" in {message.id for message in messages}


def test_migrate_hashes_nothing(server: AuthServer, monkeypatch: pytest.MonkeyPatch) -> None:
    application("blank", client_secret="")
    monkeypatch.setattr("django_mtls.oauth_toolkit.checks.check_password", lambda *_: pytest.fail("it hashes"))
    assert check_secrets(["default"]) == []


def test_before_there_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_application_model()._meta, "db_table", "not_migrated")
    assert check_hashed_secrets() == check_secrets(["default"]) == []


def test_migrations_are_complete() -> None:
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", "django_mtls_oauth_toolkit", verbosity=0)
