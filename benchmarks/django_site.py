"""The settings and the database of the Django benchmarks."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
REMOTE = "django.contrib.auth.middleware.RemoteUserMiddleware"
CERTIFICATE = "django_mtls.middleware.ClientCertificateMiddleware"
LOGIN = "django_mtls.middleware.ClientCertificateLoginMiddleware"
_APPS = ("auth", "contenttypes", "sessions")
_BACKENDS = (
    "django_mtls.backends.ClientCertificateBackend",
    "django.contrib.auth.backends.RemoteUserBackend",
    "django.contrib.auth.backends.ModelBackend",
)


def configure(database: Path | str, middleware: tuple[str, ...] = ()) -> None:
    """Make a site; its tables and rows are :func:`fill`'s.

    Args:
        database: the file of SQLite.
        middleware: of the site.
    """
    import django
    from django.conf import settings

    sys.modules["benchmarks_urls"] = ModuleType("benchmarks_urls")
    settings.configure(
        SECRET_KEY="x" * 50,
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        ROOT_URLCONF="benchmarks_urls",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database), "CONN_MAX_AGE": None}},
        INSTALLED_APPS=[*(f"django.contrib.{app}" for app in _APPS), "rest_framework", "django_mtls"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        AUTHENTICATION_BACKENDS=list(_BACKENDS),
        REST_FRAMEWORK={"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]},
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        MIDDLEWARE=list(middleware),
        MTLS={
            "SOURCE": {"preset": "nginx", "trusted_proxies": ["127.0.0.1"]},
            "USERNAME_FROM": "subject_cn",
        },
    )
    django.setup()
    sys.modules["benchmarks_urls"].urlpatterns = _urls()  # type: ignore[attr-defined]


def fill() -> None:
    """Make the tables, the user ``alice`` and the client ``alice``."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from django_mtls.models import RegisteredClient

    call_command("migrate", verbosity=0, interactive=False)
    user: Any = get_user_model()
    user.objects.create_user("alice")
    RegisteredClient.objects.create(
        client_id="alice",
        token_endpoint_auth_method="tls_client_auth",
        subject_kind="tls_client_auth_san_uri",
        subject_value="spiffe://example.com/client",
    )


def handler(*middleware: str) -> Any:
    """Return the WSGI application with this middleware."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import override_settings

    with override_settings(MIDDLEWARE=list(middleware)):
        return WSGIHandler()


def _urls() -> list[Any]:
    from django.http import HttpRequest, HttpResponse
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt
    from rest_framework.authentication import RemoteUserAuthentication
    from rest_framework.permissions import IsAuthenticated
    from rest_framework.request import Request
    from rest_framework.response import Response
    from rest_framework.views import APIView

    from django_mtls.decorators import client_auth_required
    from django_mtls.rest_framework.authentication import ClientCertificateAuthentication

    def ok(request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok")

    def user(request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok" if request.user.is_authenticated else "anonymous")

    class Plain(APIView):
        authentication_classes, permission_classes = [], []  # as REST framework types them

        def get(self, request: Request) -> Response:
            return Response("ok")

    class Remote(Plain):
        authentication_classes, permission_classes = [RemoteUserAuthentication], [IsAuthenticated]

    class Certificate(Plain):
        authentication_classes = [ClientCertificateAuthentication]  # noqa: RUF012
        permission_classes = [IsAuthenticated]  # noqa: RUF012

    return [
        path("ok", ok),
        path("user", user),
        path("token", csrf_exempt(ok)),
        path("mtls-token", csrf_exempt(client_auth_required(ok))),
        path("drf-plain", Plain.as_view()),
        path("drf-remote", Remote.as_view()),
        path("drf-certificate", Certificate.as_view()),
    ]
