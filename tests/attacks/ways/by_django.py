"""Django's decorators and mixins: functions, classes, and coroutines over ASGI."""

from collections.abc import Mapping
from typing import Any

from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.test.client import AsyncClientHandler

from django_mtls.models import RegisteredClient
from tests.django.settings import MIDDLEWARE, MTLS
from tests.django.support import register
from tests.support import Answer

from ..certificates import Metadata
from ..row import Sent, Source
from .way import GOOD, Change, Tokens


def as_answer(response: Any) -> Answer:
    """Return what Django's test client got."""
    return Answer(response.status_code, dict(response.headers), response.content)


def post(path: str, sent: Sent, environ: Mapping[str, str]) -> Answer:
    """Send a client's request."""
    keys: dict[str, Any] = {**environ, "QUERY_STRING": sent.query}
    if sent.authorization:
        keys["HTTP_AUTHORIZATION"] = sent.authorization
    return as_answer(Client().generic("POST", path, sent.body, sent.content_type, **keys))


def get(path: str, environ: Mapping[str, str]) -> Answer:
    """Send a request without a body."""
    keys: dict[str, Any] = dict(environ)
    return as_answer(Client().get(path, **keys))


class Delivering(AsyncClientHandler):
    """Adds what a terminator sends to each request: the address and the headers, as a server would."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(enforce_csrf_checks=False)
        self._address = environ["REMOTE_ADDR"]
        self._headers = [
            (name.removeprefix("HTTP_").replace("_", "-").lower().encode(), value.encode("latin-1"))
            for name, value in environ.items()
            if name.startswith("HTTP_")
        ]

    async def __call__(self, scope: dict[str, Any]) -> Any:
        """Answer."""
        headers = [*scope["headers"], *self._headers]
        return await super().__call__({**scope, "headers": headers, "client": [self._address, 1]})


def ask_async(method: str, path: str, sent: Sent, environ: Mapping[str, str]) -> Answer:
    """Send a request over ASGI."""
    keys = {**environ, **({"HTTP_AUTHORIZATION": sent.authorization} if sent.authorization else {})}
    client = AsyncClient()
    client.handler = Delivering(keys)

    async def ask() -> Any:
        return await client.generic(method, path, sent.body, sent.content_type, QUERY_STRING=sent.query)

    return as_answer(async_to_sync(ask)())


class ByDjango:
    """Views of one kind."""

    def __init__(self, change: Change, kind: str) -> None:
        self._change, self._kind, self._tokens = change, kind, Tokens({})
        self._clients: Mapping[str, Metadata] | None = None

    def _configure(self, source: Source, *, login: bool = True, **keys: Any) -> None:
        self._change(
            ROOT_URLCONF="tests.attacks.ways.django_urls",
            MIDDLEWARE=[path for path in MIDDLEWARE if login or "ClientCertificateLogin" not in path],
            MTLS={**MTLS, "SOURCE": dict(source), **keys},
        )

    def authenticate(
        self, source: Source, clients: Mapping[str, Metadata], sent: Sent, environ: Mapping[str, str]
    ) -> Answer:
        """Send a client's request."""
        self._configure(source)
        if clients != self._clients:
            self._clients = clients
            RegisteredClient.objects.all().delete()
            for client_id, metadata in clients.items():
                register(client_id, metadata)
        path = f"/{self._kind}/token"
        return ask_async("POST", path, sent, environ) if self._kind == "async" else post(path, sent, environ)

    def _get(self, path: str, environ: Mapping[str, str]) -> Answer:
        if self._kind == "async":
            return ask_async("GET", path, Sent(body="", content_type=""), environ)
        return get(path, environ)

    def use_token(
        self, source: Source, claims: Mapping[str, Any], environ: Mapping[str, str], *, required: bool
    ) -> Answer:
        """Send a token."""
        self._tokens.claims = claims
        self._configure(source, TOKENS=self._tokens)
        return self._get(f"/{self._kind}/{'api' if required else 'lax'}", {**environ, **GOOD})

    def present(self, source: Source, environ: Mapping[str, str]) -> Answer:
        """Send a certificate; the login middleware would also refuse and report one that is not a user's."""
        self._configure(source, login=False)
        return self._get(f"/{self._kind}/machine", environ)


def make(change: Change, kind: str) -> ByDjango:
    """Make the way in."""
    return ByDjango(change, kind)
