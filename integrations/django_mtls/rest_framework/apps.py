"""The Django app, for what must be loaded at the start."""

from importlib.util import find_spec

from django.apps import AppConfig


class DjangoMTLSRestFrameworkConfig(AppConfig):
    """``INSTALLED_APPS += ["django_mtls.rest_framework"]``."""

    name = "django_mtls.rest_framework"
    label = "django_mtls_rest_framework"
    verbose_name = "Mutual TLS for REST framework"

    def ready(self) -> None:
        """Register the checks, and our classes with drf-spectacular if installed."""
        from . import checks  # noqa: F401  # importing it registers them

        if find_spec("drf_spectacular") is not None:
            from . import schema  # noqa: F401  # importing it registers them
