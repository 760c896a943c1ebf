"""A site with the real django-axes; prints as JSON how its visitors fared, by name. Run as a program.

The site has a process of its own because django-axes listens to the logins of a whole process.
"""

import json
import sys
from typing import Any

import django
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth import authenticate, login
from django.http import HttpRequest, JsonResponse
from django.urls import path

from wsgi_mtls.events import Event

refusals: list[str | None] = []


def note(sender: object, event: Event, **_: object) -> None:
    refusals.append(event.reason)


def home(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": request.user.get_username()})


def sign_in(request: HttpRequest) -> JsonResponse:
    user = authenticate(request, username=request.POST["username"], password=request.POST["password"])
    if user is not None:
        login(request, user)
    return JsonResponse({"user": user.get_username() if user else ""})


urlpatterns = [path("", home), path("login", sign_in)]


def configure() -> None:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="for the tests",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "axes",
            "django_mtls",
        ],
        AUTHENTICATION_BACKENDS=[
            "axes.backends.AxesStandaloneBackend",
            "django_mtls.backends.ClientCertificateBackend",
            "django.contrib.auth.backends.ModelBackend",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django_mtls.middleware.ClientCertificateLoginMiddleware",
            "axes.middleware.AxesMiddleware",
        ],
        ROOT_URLCONF=__name__,
        MTLS={"SOURCE": "mod_ssl", "USERNAME_FROM": "subject_cn"},
        AXES_FAILURE_LIMIT=3,
        USE_TZ=True,
    )
    django.setup()


class Visitor:
    """A client from an address of its own, over WSGI or ASGI."""

    def __init__(self, address: str, certificate: Any, asynchronous: bool) -> None:
        from django_mtls.test import AsyncCertificateClient, CertificateClient

        class AsyncClientFrom(AsyncCertificateClient):
            def _base_scope(self, **request: Any) -> Any:
                return {**super()._base_scope(**request), "client": [address, 0]}

        self.asynchronous = asynchronous
        self.client: Any = (
            AsyncClientFrom(certificate) if asynchronous else CertificateClient(certificate, REMOTE_ADDR=address)
        )

    def ask(self, method: str, path: str, data: Any = None) -> Any:
        call = getattr(self.client, method)
        # In this thread, where the database in memory is.
        answer = (async_to_sync(call) if self.asynchronous else call)(path, data or {})
        return answer.json()["user"] if answer.status_code == 200 else answer.status_code

    def password(self, password: str) -> Any:
        return self.ask("post", "/login", {"username": "alice", "password": password})


def play(asynchronous: bool) -> dict[str, object]:
    from wsgi_mtls.testing import make_ca

    ca = make_ca("CN=CA")
    stranger, alice = ca.issue("CN=stranger"), ca.issue("CN=alice")
    near, far = ("192.0.2.1", "192.0.2.2") if not asynchronous else ("192.0.2.3", "192.0.2.4")
    del refusals[:]
    refused = {Visitor(near, stranger, asynchronous).ask("get", "/") for _ in range(10)}
    return {
        "refused certificate, ten times": sorted(map(str, refused)),
        "events of ours": list(refusals),
        "password from the same address": Visitor(near, None, asynchronous).password("right"),
        "certificate from the same address": Visitor(near, alice, asynchronous).ask("get", "/"),
        "wrong passwords": [Visitor(far, None, asynchronous).password("wrong") for _ in range(3)],
        "right password after them": Visitor(far, None, asynchronous).password("right"),
    }


def main() -> None:
    configure()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from django_mtls.signals import client_rejected

    client_rejected.connect(note)
    call_command("migrate", verbosity=0)
    User.objects.create_user("alice", password="right")
    sys.stdout.write(json.dumps(play(asynchronous="asgi" in sys.argv)))


if __name__ == "__main__":
    main()
