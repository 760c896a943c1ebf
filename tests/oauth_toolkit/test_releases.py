"""Which releases of OAuth Toolkit these classes fit, and what is reported of others."""

from typing import Any

import oauth2_provider
import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from oauth2_provider.oauth2_validators import OAuth2Validator

from django_mtls.oauth_toolkit.releases import check_fits, is_known
from django_mtls.oauth_toolkit.validators import MutualTLSValidator


class NextRelease(OAuth2Validator):  # type: ignore[misc]  # OAuth Toolkit has no types
    """As OAuth Toolkit's main branch of August 2026 has it."""

    def _get_token_from_authentication_server(
        self, token: Any, introspection_url: Any, introspection_token: Any, introspection_credentials: Any,
        introspection_client_assertion: Any = None,
    ) -> Any: ...  # fmt: skip


class Unforeseen(OAuth2Validator):  # type: ignore[misc]  # as above
    def _load_application(self, client_id: Any, request: Any, tenant: Any) -> Any: ...


def test_releases_that_fit() -> None:
    check_fits(oauth2_provider.__version__, MutualTLSValidator, OAuth2Validator)
    check_fits("3.5.0", MutualTLSValidator, NextRelease)


def test_release_that_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    message = r"expected OAuth Toolkit 3\.2 to 3\.4, found 9\.0, where Unforeseen\._load_application has changed"
    with pytest.raises(ImproperlyConfigured, match=message):
        check_fits("9.0", MutualTLSValidator, Unforeseen)
    config = apps.get_app_config("django_mtls_oauth_toolkit")
    config.ready()
    monkeypatch.setattr("oauth2_provider.oauth2_validators.OAuth2Validator", Unforeseen)
    with pytest.raises(ImproperlyConfigured, match="Install one of those releases, or a newer wsgi-mtls"):
        config.ready()


def test_release_without_a_hook() -> None:
    """Without the call from OAuth Toolkit, what a remote token is bound to would be dropped without a word."""
    renamed = type("OAuth2Validator", (), {
        name: member for name, member in vars(OAuth2Validator).items()
        if name not in ("__dict__", "__weakref__", "_load_id_token")
    })  # fmt: skip
    with pytest.raises(ImproperlyConfigured, match=r"OAuth2Validator\._"):
        check_fits("9.0", MutualTLSValidator, renamed)


@pytest.mark.parametrize(("version", "known"), [
    ("3.2.0", True), ("3.3.1", True), ("3.4.1", True), ("3.1.9", False), ("3.5.0", False), ("4.0.0rc1", False),
    ("3", False), ("3.40.0", False),
])  # fmt: skip
def test_known_releases(monkeypatch: pytest.MonkeyPatch, version: str, known: bool) -> None:
    assert is_known(version) is known
    monkeypatch.setattr(oauth2_provider, "__version__", version)
    told = {message.id: message.msg for message in run_checks()}
    expected = None if known else f"OAuth Toolkit {version} is not known here; 3.2 to 3.4 are."
    assert told.get("django_mtls_oauth_toolkit.W003") == expected
