"""A browser whose certificates come and go, over WSGI and ASGI, and what became of its logins."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync

from django_mtls.login.sessions import THUMBPRINT
from django_mtls.test import AsyncCertificateClient, CertificateClient
from wsgi_mtls.events import Event
from wsgi_mtls.testing import KeyPair


class Browser:
    """A browser that keeps its cookies while certificates come and go, over WSGI or ASGI."""

    def __init__(self, *, asynchronous: bool = False) -> None:
        self.client: Any = AsyncCertificateClient() if asynchronous else CertificateClient()
        self.asynchronous = asynchronous

    def get(self, path: str, pair: KeyPair | None, *, verified: bool = True) -> Any:
        self.client.present(pair, verified=verified)
        get = async_to_sync(self.client.get) if self.asynchronous else self.client.get
        return get(path)

    def user(self, pair: KeyPair | None, *, verified: bool = True) -> str:
        answer = self.get("/", pair, verified=verified)
        assert answer.status_code == 200
        user: str = answer.json()["user"]
        return user

    def session(self, pair: KeyPair | None) -> Any:
        """Return what others have stored in the session; its owner is in it from the start of a request."""
        return {key: value for key, value in self.get("/", pair).json()["session"].items() if key != THUMBPRINT}


def reasons(caplog: pytest.LogCaptureFixture) -> list[str | None]:
    events: list[Event] = [record.mtls_event for record in caplog.records if hasattr(record, "mtls_event")]
    return [event.reason for event in events if event.name == "client_rejected"]
