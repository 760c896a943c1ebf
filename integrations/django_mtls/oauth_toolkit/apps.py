"""The Django app."""

from django.apps import AppConfig


class DjangoMTLSOAuthToolkitConfig(AppConfig):
    """The app of OAuth Toolkit's integration.

    ``INSTALLED_APPS += ["oauth2_provider", "django_mtls", "django_mtls.oauth_toolkit"]``.
    """

    name = "django_mtls.oauth_toolkit"
    label = "django_mtls_oauth_toolkit"
    verbose_name = "Mutual TLS for OAuth Toolkit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks; refuse bound tokens where no code checks certificates.

        Raises:
            ImproperlyConfigured: If the installed OAuth Toolkit calls its classes otherwise than ours can be called.
        """
        import oauth2_provider
        from oauth2_provider.models import get_access_token_model, get_id_token_model
        from oauth2_provider.oauth2_validators import OAuth2Validator

        from .backends import MutualTLSOAuthLibCore
        from .checks import check_settings  # noqa: F401  # importing the module registers them all
        from .hardening.bound_tokens import guard_access_tokens, guard_id_tokens
        from .moved import OAuthLibCore
        from .releases import check_fits
        from .validators import MutualTLSValidator

        check_fits(oauth2_provider.__version__, MutualTLSValidator, OAuth2Validator)
        check_fits(oauth2_provider.__version__, MutualTLSOAuthLibCore, OAuthLibCore)
        guard_access_tokens(get_access_token_model())
        guard_id_tokens(get_id_token_model())
