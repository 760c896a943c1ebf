"""The settings; README.md has the variables."""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.management.utils import get_random_secret_key

from .database import database

BASE = Path(__file__).parents[1]
DATA = Path(os.environ.get("OAUTH_DATA", BASE / "data"))
DATA.mkdir(exist_ok=True)


def _secret_key() -> str:
    path = DATA / "secret-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(get_random_secret_key())
    return path.read_text()


SECRET_KEY = _secret_key()
DEBUG = False
ISSUER = os.environ.get("OAUTH_ISSUER", "https://localhost:8443")
MTLS_BASE = os.environ.get("OAUTH_MTLS_BASE")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "mtls.example.com", "www.example.com"]
ALLOWED_HOSTS += [str(urlsplit(url).hostname) for url in (ISSUER, MTLS_BASE) if url]
CSRF_TRUSTED_ORIGINS = [ISSUER]  # what a browser sends where the terminator speaks plain HTTP to Django
DATABASES = {"default": database(os.environ.get("DATABASE_URL"), DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
ROOT_URLCONF = "authserver.urls"
STATIC_URL = "/static/"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/admin/"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "oauth2_provider",
    "rest_framework",
    "django_mtls",
    "django_mtls.oauth_toolkit",
]
MIDDLEWARE = [
    "django_mtls.middleware.ClientCertificateMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "authserver" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

MTLS = {
    "CLIENT_MODEL": "django_mtls_oauth_toolkit.ApplicationRegistration",
    **json.loads(os.environ.get("OAUTH_MTLS", '{"SOURCE": "mod_ssl"}')),
}
OAUTH2_PROVIDER = {
    "OAUTH2_VALIDATOR_CLASS": "django_mtls.oauth_toolkit.validators.MutualTLSValidator",
    "OAUTH2_BACKEND_CLASS": "django_mtls.oauth_toolkit.backends.MutualTLSOAuthLibCore",
    "APPLICATION_ADMIN_CLASS": "django_mtls.oauth_toolkit.admin.MutualTLSApplicationAdmin",
    "OIDC_ISS_ENDPOINT": ISSUER,
    "MTLS_BASE": MTLS_BASE,
    "MTLS_INTROSPECTION": json.loads(os.environ.get("OAUTH_INTROSPECTION", '{"api": "*"}')),
    "DCR_ENABLED": os.environ.get("OAUTH_REGISTRATION") == "certificate",
    "DCR_REGISTRATION_PERMISSION_CLASSES": ["django_mtls.oauth_toolkit.registering.CertificateDCRPermission"],
    "SCOPES": {"accounts": "Read your accounts"},
    "PKCE_REQUIRED": True,
    # RFC 9700, which OAuth Toolkit follows by itself from 4.0 on; before 3.4 it does not know these.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["oauth2_provider.contrib.rest_framework.OAuth2Authentication"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
# The terminator has no port for plain HTTP, and HSTS would bind all that runs on localhost.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"wsgi_mtls": {"handlers": ["console"], "level": "INFO"}},
}
