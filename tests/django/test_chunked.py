"""Forms that come in chunks under Django's WSGI handler."""

from collections.abc import Callable
from http.client import HTTPSConnection
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from django_mtls.test import CertificateClient
from tests.flask.attack_rows import BY_DN, DN
from tests.support import FORM
from tests.tls import client_context
from wsgi_mtls.testing import KeyPair

from .site import Site
from .support import register

BODY = b"client_id=rp&scope=a+b"
CHUNKED: dict[str, Any] = {
    "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "CONTENT_TYPE": FORM,
}  # fmt: skip


@pytest.fixture(scope="module")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue(DN)


def send(pair: KeyPair, body: bytes = BODY, path: str = "/async-token", **environ: Any) -> Any:
    extra = {**CHUNKED, "wsgi.input": BytesIO(body), **environ}
    return CertificateClient(pair).generic("POST", path, b"", FORM, **extra)


def over_tls(site: Site, path: str, pair: KeyPair, chunks: list[bytes], content_type: str = FORM) -> tuple[int, bytes]:
    connection = HTTPSConnection("127.0.0.1", site.port, context=client_context(pair), timeout=20)
    try:
        headers = {"Content-Type": content_type, "Transfer-Encoding": "chunked"}
        connection.request("POST", path, iter(chunks), headers, encode_chunked=True)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(("path", "content"), [("/token", b"rp"), ("/async-token", b"rp a b"), ("/class-token", b"rp")])
def test_over_tls(site: Site, billing: KeyPair, path: str, content: bytes) -> None:
    register("rp", BY_DN)
    assert over_tls(site, path, billing, [BODY[:5], BODY[5:]]) == (200, content)


@pytest.mark.parametrize(
    ("path", "answer"),
    [("/café/رمز", (200, b"rp")), ("/نیست", (404, None)), ("/café", (404, None))],
)
def test_at_a_path_beyond_ascii(site: Site, billing: KeyPair, path: str, answer: tuple[int, bytes | None]) -> None:
    register("rp", BY_DN)
    status, content = over_tls(site, quote(path), billing, [BODY[:5], BODY[5:]])
    assert (status, content if status == 200 else None) == answer


def test_too_long_over_tls(site: Site, billing: KeyPair, mtls: Callable[..., None]) -> None:
    register("rp", BY_DN)
    mtls(MAX_BODY=100)
    status, content = over_tls(site, "/token", billing, [BODY, b"&x=" + b"x" * 100])
    assert (status, content) == (413, b'{"error": "invalid_request"}')
    assert over_tls(site, "/token", billing, [BODY, b"&x=" + b"x" * 50])[0] == 200


class Breaking(BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("reset")


@pytest.mark.parametrize(
    ("environ", "outcome"),
    [
        ({}, (200, "")),
        ({"wsgi.input_terminated": False}, (411, "body_length_required")),
        ({"wsgi.input": Breaking()}, (400, "malformed_body")),
        ({"CONTENT_TYPE": "application/json"}, (400, "unsupported_content_type")),
        ({"CONTENT_TYPE": FORM + ";"}, (200, "")),
    ],
    ids=str,
)
def test_outcomes(
    billing: KeyPair, environ: dict[str, Any], outcome: tuple[int, str], mtls: Callable[..., None]
) -> None:
    register("rp", BY_DN)
    mtls(VERBOSITY="debug")
    answer = send(billing, **environ)
    assert answer.status_code == outcome[0], answer.content
    assert outcome[1] in answer.content.decode()
    # The twin whose length is known.
    assert send(billing, **{**environ, "CONTENT_LENGTH": str(len(BODY))}).status_code in (200, 400)


WITHOUT = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def test_without_the_middleware(billing: KeyPair, mtls: Callable[..., None]) -> None:
    register("rp", BY_DN)
    mtls(VERBOSITY="debug")
    with override_settings(MIDDLEWARE=WITHOUT):
        refused = send(billing)
        assert refused.status_code == 411
        assert b"ClientCertificateMiddleware" in refused.content
        length: dict[str, Any] = {"CONTENT_LENGTH": str(len(BODY))}
        assert send(billing, **length).status_code == 200


class Numbered:
    """A middleware before ours that notes something, and one that has looked at the form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.number = 7
        assert not request.POST
        assert request.headers
        return self.get_response(request)


class Reading(Numbered):
    """A middleware after ours."""

    def __call__(self, request: Any) -> HttpResponse:
        answer = self.get_response(request)
        answer["X-Number"] = f"{request.number} {request.POST.get('scope')} {request.body.decode()}"
        return answer


def test_what_other_middleware_notes_and_reads(billing: KeyPair) -> None:
    register("rp", BY_DN)
    ours = "django_mtls.middleware.ClientCertificateMiddleware"
    with override_settings(MIDDLEWARE=[f"{__name__}.Numbered", ours, f"{__name__}.Reading", *WITHOUT]):
        answer = send(billing)
        assert (answer.status_code, answer["X-Number"]) == (200, "7 a b client_id=rp&scope=a+b")
