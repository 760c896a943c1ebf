"""The Django app."""

from django.apps import AppConfig


class DjangoMTLSOAuthToolkitConfig(AppConfig):
    """``INSTALLED_APPS += ["oauth2_provider", "django_mtls", "django_mtls.oauth_toolkit"]``."""

    name = "django_mtls.oauth_toolkit"
    label = "django_mtls_oauth_toolkit"
    verbose_name = "Mutual TLS for OAuth Toolkit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and let no bound token pass where nobody looks at the certificate."""
        from oauth2_provider.models import get_access_token_model, get_id_token_model

        from .checks import check_settings  # noqa: F401  # importing the module registers them all
        from .hardening.bound_tokens import guard_access_tokens, guard_id_tokens

        guard_access_tokens(get_access_token_model())
        guard_id_tokens(get_id_token_model())
