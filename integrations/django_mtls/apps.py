"""The Django app."""

from django.apps import AppConfig


class DjangoMTLSConfig(AppConfig):
    """``INSTALLED_APPS += ["django_mtls"]``."""

    name = "django_mtls"
    label = "django_mtls"
    verbose_name = "Mutual TLS"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks and the receivers."""
        from . import checks  # noqa: F401  # models must be loaded first
        from .login import receivers  # noqa: F401  # models must be loaded first
