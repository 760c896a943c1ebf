"""How much code runs for a Django request whose certificate was seen before."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.conf import settings as current
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.test.client import ClientHandler

from tests.frames import frames_of_the_last, needs_cpython_311
from wsgi_mtls.testing import KeyPair, Profile

from .support import register

BY_DNS = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "billing.example.com"}
KEPT = ("CertificateMiddleware", "SessionMiddleware", "AuthenticationMiddleware", "CertificateLoginMiddleware")
FORM = "application/x-www-form-urlencoded"


@needs_cpython_311
def test_a_client(ca: KeyPair, mtls: Callable[..., None], settings: Callable[..., None]) -> None:
    """From the first middleware to the answer, behind nginx."""
    leaf = ca.issue("CN=billing", Profile(san_dns=["billing.example.com"]))
    register("billing", BY_DNS)
    mtls(SOURCE={"preset": "nginx", "trusted_proxies": ["127.0.0.1"]})
    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if "ClientCertificateMiddleware" in name])
    header = f"SUCCESS {quote(leaf.certificate_pem, safe='')}"
    handler = ClientHandler(enforce_csrf_checks=False)
    handler.load_middleware()
    answers: list[Any] = []

    def serve(request: Any) -> None:
        answers.append(handler.get_response(request))

    requests = [
        RequestFactory().post("/token", "client_id=billing", content_type=FORM, HTTP_XCLIENTCERT=header)
        for _ in range(3)
    ]
    entered = frames_of_the_last(serve, requests)
    assert [answer.content for answer in answers] == [b"billing"] * 3
    entered.check(frames=63, files=19)
    assert entered.count("TrustedProxies.sent") == 1


@needs_cpython_311
def test_a_login(alice: User, alice_pair: KeyPair, mtls: Callable[..., None], settings: Callable[..., None]) -> None:
    """By the name in the certificate, behind nginx."""
    mtls(SOURCE={"preset": "nginx", "trusted_proxies": ["127.0.0.1"]})
    settings(MIDDLEWARE=[name for name in current.MIDDLEWARE if name.endswith(KEPT)])
    header = f"SUCCESS {quote(alice_pair.certificate_pem, safe='')}"
    handler = ClientHandler(enforce_csrf_checks=False)
    handler.load_middleware()
    answers: list[Any] = []

    def serve(request: Any) -> None:
        answers.append(handler.get_response(request))

    entered = frames_of_the_last(serve, [RequestFactory().get("/", HTTP_XCLIENTCERT=header) for _ in range(3)])
    assert [json.loads(answer.content)["user"] for answer in answers] == ["alice"] * 3
    entered.check(frames=92, files=21)
    assert entered.count("TrustedProxies.sent") == 1
