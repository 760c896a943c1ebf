"""The record of a request: asked once, found through wrappers, and nothing of the request is swapped or hidden."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as current
from django.contrib.auth.models import User
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse, JsonResponse
from django.test import AsyncClient, Client, RequestFactory
from django.urls import path
from django.views import View

from django_mtls.decorators import bound_token_required, certificate_required, client_auth_required
from django_mtls.mixins import CertificateRequiredMixin
from django_mtls.test import CertificateClient
from wsgi_mtls import sources
from wsgi_mtls.errors import BadCertificate
from wsgi_mtls.record import Record
from wsgi_mtls.testing import KeyPair, environ_for, to_pem
from wsgi_mtls.x509 import Peer, PeerCertificate

from .browser import Browser
from .support import anyone

SEEN: list[Any] = []
ASKED: list[Any] = []


def note(request: Any) -> HttpResponse:
    SEEN.append(request)
    return HttpResponse(request.user.get_username() if hasattr(request, "user") else "")


class Noting(CertificateRequiredMixin, View):
    def authorize(self, peer: PeerCertificate) -> bool:
        return anyone(peer)

    def get(self, request: Any) -> HttpResponse:
        return note(request)


def counting_source(environ: Any) -> Peer | None:
    ASKED.append(environ)
    return sources.mod_ssl()(environ)


@pytest.fixture(autouse=True)
def _urls(settings: Callable[..., None]) -> None:
    SEEN.clear()
    ASKED.clear()
    guarded = [path("guarded", certificate_required(authorize=anyone)(note)), path("mixin", Noting.as_view())]
    settings(ROOT_URLCONF=(path("note", note), *guarded, path("meta", meta)))


def meta(request: Any) -> JsonResponse:
    return JsonResponse({
        "header": request.headers.get("Client-Cert"),
        "meta": request.META.get("HTTP_CLIENT_CERT"),
        "sent": [name for name in (*request.META, *request.headers) if "client" in name.lower() and "Cert" not in name],
    })  # fmt: skip


def pickled(request: Any) -> Any:
    request.resolver_match = None  # Django's own, of which it says that it can't be pickled
    return pickle.loads(pickle.dumps(request))


@pytest.mark.parametrize("session", [False, True])
def test_no_class_is_swapped_and_the_request_pickles(
    browser: Browser, alice: User, alice_pair: KeyPair, mtls: Callable[..., None], session: bool
) -> None:
    mtls(USE_SESSION=session)
    assert browser.get("/guarded", alice_pair).status_code == 200
    (request,) = SEEN
    assert type(request) is (ASGIRequest if browser.asynchronous else WSGIRequest)
    assert type(request.session).__module__ == "django.contrib.sessions.backends.db"
    copy = pickled(request)
    assert copy.user == alice
    assert copy.mtls.peer.certificate == alice_pair.certificate
    assert copy.peer_certificate.certificate.thumbprint == alice_pair.certificate.thumbprint
    assert pickle.loads(pickle.dumps(request.session)).items() == request.session.items()


@pytest.mark.parametrize("environ", [{}, {"SSL_CLIENT_CERT": "x"}])
def test_a_request_without_a_usable_certificate_pickles(environ: dict[str, Any]) -> None:
    Client().get("/note", **environ)
    for request in SEEN:
        copy = pickled(request)
        assert (type(copy), type(copy.mtls)) == (WSGIRequest, Record)


def test_nothing_is_hidden_in_the_request(alice: User, alice_pair: KeyPair) -> None:
    CertificateClient(alice_pair).get("/guarded")
    (request,) = SEEN
    assert [name for name in vars(request) if "mtls" in name] == ["mtls"]


@pytest.mark.parametrize("middleware", [2, 1, 0])
def test_the_source_is_asked_once(
    alice: User, alice_pair: KeyPair, settings: Callable[..., None], mtls: Callable[..., None], middleware: int
) -> None:
    kept = [name for name in current.MIDDLEWARE if "django_mtls" not in name]
    choices = {2: current.MIDDLEWARE, 1: [current.MIDDLEWARE[0], *kept], 0: kept}
    settings(MIDDLEWARE=choices[middleware])
    mtls(SOURCE=counting_source)
    environ: Any = {"SSL_CLIENT_VERIFY": "SUCCESS", "SSL_CLIENT_CERT": to_pem(alice_pair.certificate).decode()}
    for where in ("/guarded", "/mixin"):
        ASKED.clear()
        assert Client().get(where, **environ).status_code == 200
        assert len(ASKED) == 1
    assert all(request.mtls.peer == request.peer_certificate for request in SEEN)


def test_a_refused_certificate_is_none_and_its_refusal_is_kept(settings: Callable[..., None]) -> None:
    """Where no decorator of ours guards the view; one answers with the refusal."""
    settings(MIDDLEWARE=current.MIDDLEWARE[:1])
    answer = Client().get("/note", SSL_CLIENT_CERT="x")
    (request,) = SEEN
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private")
    assert request.peer_certificate is None
    assert type(request.mtls.refusal) is BadCertificate
    assert request.mtls.refusal.reason == "malformed_certificate"
    assert Client().get("/guarded", SSL_CLIENT_CERT="x").status_code == 400
    assert len(SEEN) == 1


def test_every_decorator_answers_with_the_refusal(settings: Callable[..., None], mtls: Callable[..., None]) -> None:
    views = {"client": client_auth_required(note), "token": bound_token_required(note)}
    optional = {"certificate": certificate_required(optional=True, authorize=anyone)(note)}
    settings(
        ROOT_URLCONF=tuple(path(name, view) for name, view in (views | optional).items()),
        MIDDLEWARE=current.MIDDLEWARE[:1],
    )
    mtls(TOKENS=Tokens())
    bad: Any = {"SSL_CLIENT_CERT": "x"}
    form: Any = {"data": "client_id=rp", "content_type": "application/x-www-form-urlencoded"}
    assert Client().post("/client", **form, **bad).json() == {"error": "invalid_request"}
    assert Client().get("/token", headers={"Authorization": "Bearer x"}, **bad).status_code == 400
    assert Client().get("/certificate", **bad).status_code == 400
    assert Client().get("/certificate").status_code == 200
    assert len(SEEN) == 1


class Tokens:
    def decode(self, token: str, /) -> dict[str, Any]:
        return {"client_id": "machine"}


def test_without_middleware_a_decorator_makes_the_record(alice_pair: KeyPair) -> None:
    peer: Any = environ_for(alice_pair)
    request: Any = RequestFactory().get("/", HTTP_CLIENT_CERT="forged", **peer)
    assert certificate_required(authorize=anyone)(note)(request).status_code == 200
    assert request.META["HTTP_CLIENT_CERT"] == alice_pair.certificate.thumbprint
    assert request.mtls.peer.certificate == alice_pair.certificate


def no_certificate(value: str) -> bytes:
    raise BadCertificate(f"Expected nothing, found {value!r}.")


HEADERS: Any = sources.header("X-Client-Pem", no_certificate, trusted_proxies=["192.0.2.1"], underscores_dropped=True)


def test_what_an_untrusted_peer_sent_is_gone(mtls: Callable[..., None]) -> None:
    """From ``META`` and from ``headers``, and what the source does not read stays."""
    mtls(SOURCE=HEADERS)
    forged: Any = dict.fromkeys(HEADERS.keys, "forged")
    answer = Client().get("/note", HTTP_X_OTHER="kept", **forged)
    (request,) = SEEN
    assert answer.status_code == 200
    assert not forged.keys() & request.META.keys()
    assert "X-Other" in request.headers
    trusted = Client(REMOTE_ADDR="192.0.2.1")
    assert trusted.get("/note", **forged).status_code == 400
    empty: Any = dict.fromkeys(forged, "")
    assert trusted.get("/note", **empty).status_code == 200
    assert SEEN[-1].peer_certificate is None


def test_a_terminators_secret_is_not_shown_to_views(alice_pair: KeyPair, mtls: Callable[..., None]) -> None:
    known = sources.header(
        "XPem", lambda value: alice_pair.certificate.der, trusted_proxies=[], secret=("XSecret", "s3cret")
    )
    mtls(SOURCE=known)
    for secret, believed in (("s3cret", True), ("other", False)):
        assert Client().get("/note", HTTP_XPEM="x", HTTP_XSECRET=secret).status_code == 200
        request = SEEN[-1]
        assert "HTTP_XSECRET" not in request.META
        assert (request.mtls.peer is not None) == believed
        assert ("HTTP_XPEM" in request.META) == believed


def test_headers_that_were_read_before_are_read_anew(settings: Callable[..., None], mtls: Callable[..., None]) -> None:
    mtls(SOURCE=HEADERS)
    settings(MIDDLEWARE=["tests.django.test_caching.reading_headers", *current.MIDDLEWARE])
    forged: Any = dict.fromkeys(HEADERS.keys, "forged")
    Client().get("/note", **forged)
    (request,) = SEEN
    assert "forged" not in request.headers.values()


def test_underscores_under_asgi(mtls: Callable[..., None], alice_pair: KeyPair) -> None:
    """Django 5.2.0 takes ``X_SSL`` for ``X-SSL``: what came with an underscore counts for no source."""
    mtls(SOURCE=HEADERS)
    client: Any = AsyncClient()
    names = [key.removeprefix("HTTP_").lower() for key in HEADERS.keys]
    scope_headers = [(name.encode(), b"forged") for name in names]

    async def get() -> Any:
        request = client._base_scope(path="/note")
        request["headers"] += scope_headers
        request["client"] = ["192.0.2.1", 1]
        return await client.request(**request)

    assert async_to_sync(get)().status_code == 200
    (request,) = SEEN
    assert "forged" not in request.META.values()


@pytest.mark.parametrize("kept", [1, len(current.MIDDLEWARE)], ids=["without login", "with"])
def test_client_cert_is_set_in_one_place(
    alice_pair: KeyPair, alice: User, settings: Callable[..., None], kept: int
) -> None:
    settings(MIDDLEWARE=current.MIDDLEWARE[:kept])
    for pair, expected in ((None, None), (alice_pair, alice_pair.certificate.thumbprint)):
        answer = CertificateClient(pair).get("/meta", HTTP_CLIENT_CERT="forged").json()
        assert (answer["header"], answer["meta"]) == (expected, expected)


def test_mere_names_are_told_apart(settings: Callable[..., None], mtls: Callable[..., None]) -> None:
    status = sources.Status("XVerify", "SUCCESS", none="NONE")
    names = sources.subject_header(
        "XDN", kind="tls_client_auth_subject_dn", verified=status, trusted_proxies=["127.0.0.1"]
    )
    mtls(SOURCE=names, ALLOWED_METHODS=["tls_client_auth"], USERNAME_FROM=None)
    settings(MIDDLEWARE=current.MIDDLEWARE[:1])
    sent = [Client().get("/meta", HTTP_XDN=name, HTTP_XVERIFY="SUCCESS").json()["meta"] for name in ("CN=a", "CN=b")]
    assert len({*sent, None}) == 3


def test_hashes_without_a_name_are_told_apart(settings: Callable[..., None], mtls: Callable[..., None]) -> None:
    """A mesh may forward the certificate's hash alone; a page for one client is not another's."""
    source = {"preset": "istio_sidecar", "trusted_proxies": ["127.0.0.1"], "underscores_dropped": True}
    mtls(SOURCE=source, ALLOWED_METHODS=["tls_client_auth"], USERNAME_FROM=None)
    settings(MIDDLEWARE=current.MIDDLEWARE[:1])
    headers = [f"Hash={digit * 64}" for digit in "ab"]
    sent = [Client().get("/meta", HTTP_X_FORWARDED_CLIENT_CERT=text).json()["meta"] for text in headers]
    assert len({*sent, None}) == 3
