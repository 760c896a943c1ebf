"""The migrations make the tables that the models want, whatever the project's default for keys."""

from collections.abc import Callable

import pytest
from django.apps import apps
from django.core.management import call_command


@pytest.mark.parametrize("auto_field", ["django.db.models.BigAutoField", "django.db.models.AutoField"])
def test_no_migration_is_missing(settings: Callable[..., None], auto_field: str) -> None:
    settings(DEFAULT_AUTO_FIELD=auto_field)
    labels = [config.label for config in apps.get_app_configs() if config.name.startswith("django_mtls")]
    assert "django_mtls" in labels
    call_command("makemigrations", *labels, "--check", "--dry-run")  # exits where one is missing
