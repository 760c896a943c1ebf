"""REST framework asks permissions for every form and method that it offers: only the request itself is an event."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import path
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from django_mtls.rest_framework.permissions import BoundTokenHasScope
from django_mtls.rest_framework.test import CertificateAPIClient
from django_mtls.signals import token_accepted, token_rejected

from .urls import MayBeUnbound


class Tokens:
    def decode(self, token: str, /) -> dict[str, Any]:
        return {"client_id": "machine", "scope": token}


class Notes(ViewSet):
    """Reading needs one scope, writing another."""

    authentication_classes: Any = (MayBeUnbound,)
    permission_classes: Any = (BoundTokenHasScope,)

    @property
    def required_scope(self) -> str:
        return "read" if self.request.method in ("GET", "OPTIONS") else "write"

    def list(self, request: Request) -> Response:
        return Response([])

    def create(self, request: Request) -> Response:
        return Response([])

    update = partial_update = destroy = create

    @action(detail=False)
    def extra(self, request: Request) -> Response:
        return Response([])


@pytest.fixture
def events() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(sender: str, **_: object) -> None:
        seen.append(sender)

    for signal in (token_accepted, token_rejected):
        signal.connect(note)
    yield seen
    for signal in (token_accepted, token_rejected):
        signal.disconnect(note)


METHODS: Any = {"get": "list", "post": "create", "put": "update", "patch": "partial_update", "delete": "destroy"}


@pytest.fixture(autouse=True)
def _views(settings: Callable[..., None], mtls: Callable[..., None]) -> None:
    settings(ROOT_URLCONF=(path("notes", Notes.as_view(METHODS)),))
    mtls(TOKENS=Tokens())


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(("method", "scope", "expected"), [
    ("GET", "read", (200, ["token_accepted"])),
    ("GET", "write", (403, ["token_accepted", "token_rejected"])),
    ("GET", "other", (403, ["token_accepted", "token_rejected"])),
    ("POST", "read", (403, ["token_accepted", "token_rejected"])),
    ("POST", "write", (200, ["token_accepted"])),
    ("OPTIONS", "read", (200, ["token_accepted"])),
    ("OPTIONS", "write", (403, ["token_accepted", "token_rejected"])),
])  # fmt: skip
def test_one_request_is_one_event(events: list[str], accept: str, method: str, scope: str, expected: Any) -> None:
    headers: Any = {"Authorization": f"Bearer {scope}", "Accept": accept}
    answer = CertificateAPIClient().generic(method, "/notes", headers=headers)
    assert answer["Content-Type"].startswith(accept)
    assert (answer.status_code, events) == expected


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_refused_token_is_one_event(events: list[str], accept: str) -> None:
    headers: Any = {"Authorization": "Bearer a b", "Accept": accept}
    assert CertificateAPIClient().get("/notes", headers=headers).status_code in (400, 401)
    assert events == ["token_rejected"]
