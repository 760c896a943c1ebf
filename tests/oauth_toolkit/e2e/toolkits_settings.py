"""The project in which OAuth Toolkit's own tests run."""

from tests.django.settings import *  # noqa: F403  # a project is its settings

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
ROOT_URLCONF = "tests.oauth_toolkit.urls"
MTLS = {"SOURCE": "mod_ssl", "CLIENT_MODEL": "django_mtls_oauth_toolkit.ApplicationRegistration"}
OAUTH2_PROVIDER = {
    "OAUTH2_VALIDATOR_CLASS": "django_mtls.oauth_toolkit.validators.MutualTLSValidator",
    "OAUTH2_BACKEND_CLASS": "django_mtls.oauth_toolkit.backends.MutualTLSOAuthLibCore",
}
