"""``certificate_required``: the registered client to which a certificate belongs, as in Flask, or who is authorized."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as current
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from django_mtls import signals
from django_mtls.decorators import certificate_required
from django_mtls.mixins import CertificateRequiredMixin
from django_mtls.models import RegisteredClient
from django_mtls.test import CertificateClient
from wsgi_mtls.testing import KeyPair, Profile, environ_for, make_ca
from wsgi_mtls.trust import TrustStore
from wsgi_mtls.x509 import PeerCertificate

from .support import by_certificate, register

BY_DNS = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "billing.example.com"}
REJECTED = (401, b'{"error": "certificate_rejected"}')
NO_CERTIFICATE = (401, b'{"error": "certificate_required"}')
ACCESS_DENIED = (403, b'{"error": "access_denied"}')


def named(request: Any) -> HttpResponse:
    client = request.oauth_client
    return HttpResponse(client.client_id if client is not None else "nobody")


async def anamed(request: Any) -> HttpResponse:
    return named(request)


async def is_billing(peer: PeerCertificate) -> bool:
    return peer.certificate.common_names == ("billing",)


class Named(CertificateRequiredMixin, View):
    def get(self, request: Any) -> HttpResponse:
        return named(request)

    post = get


class Authorized(Named):
    def authorize(self, peer: PeerCertificate) -> bool:
        return peer.certificate.common_names == ("billing",)


class Optional(Named):
    certificate_optional = True


REGISTERED = ["function", "coroutine", "class", "optional", "aoptional"]
AUTHORIZED = ["authorized", "async", "method"]
VIEWS: dict[str, Any] = {
    "function": certificate_required(named),
    "coroutine": certificate_required(anamed),
    "class": Named.as_view(),
    "optional": certificate_required(optional=True)(named),
    "aoptional": Optional.as_view(),
    "authorized": certificate_required(authorize=lambda peer: peer.certificate.common_names == ("billing",))(named),
    "async": certificate_required(authorize=is_billing)(named),  # type: ignore[arg-type]
    "method": Authorized.as_view(),
    "truthy": certificate_required(authorize=lambda peer: "yes")(named),  # type: ignore[arg-type, return-value]
    "unprotected": csrf_exempt(certificate_required(named)),
    "for-all-sites": csrf_exempt(certificate_required(allow_cross_site=True)(named)),
}


@pytest.fixture(autouse=True)
def _urls(settings: Callable[..., None]) -> None:
    settings(
        ROOT_URLCONF=tuple(path(name, view) for name, view in VIEWS.items()),
        MIDDLEWARE=[name for name in current.MIDDLEWARE if "ClientCertificateLogin" not in name],
    )


@pytest.fixture
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=billing", Profile(san_dns=["billing.example.com"]))


@pytest.fixture
def events() -> Any:
    heard: list[tuple[str, str | None, str | None]] = []

    def hear(event: Any, **_: object) -> None:
        heard.append((event.name, event.client_id, event.reason))

    for signal in (signals.client_authenticated, signals.client_rejected):
        signal.connect(hear)
    yield heard
    for signal in (signals.client_authenticated, signals.client_rejected):
        signal.disconnect(hear)


def ask(view: str, pair: KeyPair | None) -> tuple[int, bytes]:
    answer = CertificateClient(pair).get(f"/{view}")
    return answer.status_code, answer.content


@pytest.mark.parametrize("view", REGISTERED)
def test_registered_client(view: str, billing: KeyPair, ca: KeyPair, events: list[Any]) -> None:
    register("billing", BY_DNS)
    assert ask(view, billing) == (200, b"billing")
    assert ask(view, ca.issue("CN=unknown")) == REJECTED
    assert events == [("client_authenticated", "billing", None), ("client_rejected", None, "unidentified_client")]
    RegisteredClient.objects.update(enabled=False)
    assert ask(view, billing) == REJECTED
    assert events[-1] == ("client_rejected", None, "unidentified_client")


@pytest.mark.parametrize("view", REGISTERED)
def test_registered_certificate(view: str, mobile_pair: KeyPair) -> None:
    """A self-signed client is identified too; its chain need not be validated."""
    register("mobile", by_certificate(mobile_pair))
    assert ask(view, mobile_pair) == (200, b"mobile")


@pytest.mark.parametrize("view", REGISTERED)
def test_name_of_several_clients(view: str, billing: KeyPair, events: list[Any]) -> None:
    for client_id in ("one", "two"):
        register(client_id, BY_DNS)
    assert ask(view, billing) == REJECTED
    assert events == [("client_rejected", None, "unidentified_client")]


@pytest.mark.parametrize("view", REGISTERED)
def test_without_a_certificate(view: str) -> None:
    assert ask(view, None) == ((200, b"nobody") if "optional" in view else NO_CERTIFICATE)


@pytest.mark.parametrize("view", [*AUTHORIZED, "truthy"])
def test_any_certificate_that_is_authorized(
    view: str, billing: KeyPair, ca: KeyPair, mobile_pair: KeyPair, events: list[Any]
) -> None:
    assert ask(view, billing) == (ACCESS_DENIED if view == "truthy" else (200, b"nobody"))
    assert ask(view, ca.issue("CN=other")) == ACCESS_DENIED
    assert ask(view, mobile_pair) == REJECTED
    assert [reason for *_, reason in events][-2:] == ["not_authorized", "self_signed_certificate"]


def test_trust_store_is_asked(mtls: Callable[..., None], billing: KeyPair, ca: KeyPair) -> None:
    """The terminator's success does not suffice, and its silence does not matter."""
    register("billing", BY_DNS)
    other = make_ca("CN=Other CA")
    for root, expected in ((ca, (200, b"billing")), (other, REJECTED)):
        mtls(TRUST=TrustStore.from_certificates([root.certificate]))
        for verified in (True, False):
            peer: Any = environ_for(billing, verified=verified)
            answer = Client().get("/function", **peer)
            assert (answer.status_code, answer.content) == expected
            answer = Client().get("/authorized", **peer)
            assert answer.status_code == expected[0]


def test_view_without_csrf_protection(billing: KeyPair) -> None:
    """A browser sends a certificate unasked; what a page of another site made it send is refused."""
    register("billing", BY_DNS)
    client = CertificateClient(billing, enforce_csrf_checks=True)
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/unprotected").status_code == 200
    assert client.post("/unprotected", headers=elsewhere).status_code == 403
    assert client.get("/unprotected", headers=elsewhere).status_code == 200
    assert client.post("/for-all-sites", headers=elsewhere).status_code == 200
    assert client.post("/class").status_code == 403  # Django's protection


def test_site_that_django_trusts(billing: KeyPair, settings: Callable[..., None]) -> None:
    """Where Django's protection has looked, its answer counts: it has the token and ``CSRF_TRUSTED_ORIGINS``."""
    register("billing", BY_DNS)
    settings(CSRF_TRUSTED_ORIGINS=["https://partner.example"])
    client = CertificateClient(billing, enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    headers = {"Origin": "https://partner.example", "X-CSRFToken": "a" * 32}
    assert client.post("/class", headers=headers).status_code == 200
    headers["Origin"] = "https://evil.example"
    assert client.post("/class", headers=headers).status_code == 403


def test_over_asgi(billing: KeyPair) -> None:
    register("billing", BY_DNS)
    from django_mtls.test import AsyncCertificateClient

    async def ask_twice() -> list[bytes]:
        client: AsyncClient = AsyncCertificateClient(billing)
        return [(await client.get(f"/{view}")).content for view in ("coroutine", "async")]

    assert async_to_sync(ask_twice)() == [b"billing", b"nobody"]


def test_what_decides_must_be_callable() -> None:
    with pytest.raises(TypeError, match="authorize must be a callable"):
        certificate_required(authorize="everybody")  # type: ignore[call-overload]
