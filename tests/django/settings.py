"""The settings of the tests; ``DJANGO_DATABASE`` chooses the database: sqlite (the default), postgresql, mariadb."""

import os
from importlib.util import find_spec

SERVERS = {
    "sqlite": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
    "postgresql": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "USER": "postgres",
        "HOST": "127.0.0.1",
        "PORT": "5432",
        "TEST": {"NAME": f"test_django_mtls_{os.getpid()}"},
    },
    "mariadb": {
        "ENGINE": "django.db.backends.mysql",
        "NAME": "mysql",
        "USER": "root",
        "HOST": "127.0.0.1",
        "PORT": "3306",
        "OPTIONS": {"charset": "utf8mb4"},
        # Django's default for MariaDB, said out loud: it takes ädmin, ADMIN and "admin " for admin.
        "TEST": {
            "NAME": f"test_django_mtls_{os.getpid()}",
            "CHARSET": "utf8mb4",
            "COLLATION": "utf8mb4_general_ci",
        },
    },
}
DATABASES = {"default": SERVERS[os.environ.get("DJANGO_DATABASE", "sqlite")]}
SECRET_KEY = "for the tests"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "tests.django.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/static/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_mtls",
]
if find_spec("rest_framework"):
    INSTALLED_APPS += ["rest_framework", "django_mtls.rest_framework"]
if find_spec("oauth2_provider"):
    INSTALLED_APPS += ["oauth2_provider", "django_mtls.oauth_toolkit"]
    # OAuth Toolkit's own tests choose the model; here it is the app's own.
    SILENCED_SYSTEM_CHECKS = ["django_mtls_oauth_toolkit.E001"]
    OAUTH2_PROVIDER = {
        "OAUTH2_VALIDATOR_CLASS": "django_mtls.oauth_toolkit.validators.MutualTLSValidator",
        "OAUTH2_BACKEND_CLASS": "django_mtls.oauth_toolkit.backends.MutualTLSOAuthLibCore",
        "MTLS_INTROSPECTION": {"unbound": "*"},
        "ALWAYS_RELOAD_OAUTHLIB_CORE": True,  # the tests change the others
        "SCOPES": {"accounts": "Read accounts", "read": "Read", "write": "Write", "introspection": "Introspect"},
    }
MIDDLEWARE = [
    "django_mtls.middleware.ClientCertificateMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_mtls.middleware.ClientCertificateLoginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
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
MTLS = {"SOURCE": "mod_ssl", "USERNAME_FROM": "subject_cn"}
