"""The settings; README.md has the variables."""

import json
import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

BASE = Path(__file__).parents[1]
DATA = Path(os.environ.get("INTRANET_DATA", BASE / "data"))
DATA.mkdir(exist_ok=True)


def _secret_key() -> str:
    path = DATA / "secret-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(get_random_secret_key())
    return path.read_text()


SECRET_KEY = _secret_key()
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "mtls.example.com", "www.example.com"]
CSRF_TRUSTED_ORIGINS = os.environ.get("INTRANET_ORIGINS", "").split()
DATABASES = {
    "default": json.loads(os.environ.get("INTRANET_DATABASE", "null"))
    or {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA / "db.sqlite3", "OPTIONS": {"timeout": 20}}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
ROOT_URLCONF = "intranet.urls"
STATIC_URL = "/static/"
LOGIN_URL, LOGIN_REDIRECT_URL = "/login/", "/"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_mtls",
    "intranet",
]
MIDDLEWARE = [
    "django_mtls.middleware.ClientCertificateMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_mtls.middleware.ClientCertificateLoginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
AUTHENTICATION_BACKENDS = [
    "django_mtls.backends.ClientCertificateBackend",
    "django.contrib.auth.backends.ModelBackend",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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
    "USERNAME_FROM": "subject_cn",
    "USE_SESSION": True,
    "TOKENS": "intranet.tokens.tokens",
    "REALM": "intranet",
    **json.loads(os.environ.get("INTRANET_MTLS", '{"SOURCE": "mod_ssl"}')),
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
