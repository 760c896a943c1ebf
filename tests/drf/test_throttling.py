"""A bucket for each client, also where many are behind one address, and none that a caller can choose."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest
from django.utils.decorators import method_decorator
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import force_authenticate
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from django_mtls.decorators import bound_token_required, certificate_required, client_auth_required
from django_mtls.rest_framework.authentication import BoundTokenAuthentication
from django_mtls.rest_framework.test import CertificateAPIRequestFactory
from django_mtls.rest_framework.throttling import ClientRateThrottle, ScopedClientRateThrottle
from tests.django.support import register
from wsgi_mtls.testing import KeyPair, Profile, self_sign

from .urls import Programs, UserOfToken

GOOD: dict[str, Any] = {"HTTP_AUTHORIZATION": "Bearer good"}
RATES = {"accounts": "2/min", "payments": "2/min"}
FORM = "application/x-www-form-urlencoded"
PKI = {"token_endpoint_auth_method": "tls_client_auth"}


class Tokens:
    """Accepts ``good`` with the claims that a test wants."""

    claims: ClassVar[dict[str, Any]] = {}

    def decode(self, token: str, /) -> Mapping[str, Any]:
        return self.claims


class Twice(ClientRateThrottle):
    """Two requests, and no clock that runs."""

    rate = "2/min"

    def timer(self) -> float:
        return 0.0


class Scoped(ScopedClientRateThrottle):
    THROTTLE_RATES: Any = RATES


class View(APIView):
    authentication_classes: Any = ()
    permission_classes: Any = (AllowAny,)
    throttle_classes: Any = (Twice,)
    throttle_scope = ""

    def get(self, request: Request) -> Response:
        return Response({})

    post = get


class OfTokens(View):
    authentication_classes = (BoundTokenAuthentication,)


@pytest.fixture(autouse=True)
def _tokens(mtls: Callable[..., None]) -> None:
    mtls(TOKENS=Tokens())


def bind(pair: KeyPair, **claims: Any) -> None:
    """Make ``good`` a token that is bound to this certificate."""
    Tokens.claims.clear()
    Tokens.claims.update({"cnf": {"x5t#S256": pair.certificate.thumbprint}, **claims})


def ask(view: Any, pair: KeyPair | None = None, verified: bool = True, **fields: Any) -> int:
    return int(view(CertificateAPIRequestFactory(pair, verified=verified).get("/", **fields)).status_code)


def uses_up(view: Any, pair: KeyPair | None = None, **fields: Any) -> None:
    """Make as many requests as one client may, and one more."""
    assert [ask(view, pair, **fields) for _ in range(3)] == [200, 200, 429]


def test_clients_behind_one_address(ca: KeyPair) -> None:
    view = OfTokens.as_view()
    for name in ("billing", "reports", "audit"):
        pair = ca.issue(f"CN={name}")
        bind(pair, iss="https://as.example", client_id=name)
        uses_up(view, pair, **GOOD)


def test_issuers_name_clients_of_their_own(ca: KeyPair) -> None:
    view, pair = OfTokens.as_view(), ca.issue("CN=billing")
    for issuer in ("https://as.example", "https://other.example", None):
        bind(pair, client_id="billing", **({"iss": issuer} if issuer else {}))
        uses_up(view, pair, **GOOD)


def test_token_of_no_client(ca: KeyPair, alice_pair: KeyPair) -> None:
    """Its subject; without one, only the address is left, since a client may bind a token to many certificates."""
    view = OfTokens.as_view()
    for subject in ("1", "2"):
        bind(alice_pair, iss="https://as.example", sub=subject)
        uses_up(view, alice_pair, **GOOD)
    bind(alice_pair)
    uses_up(view, alice_pair, **GOOD)
    other = ca.issue("CN=other")
    bind(other)
    assert ask(view, other, **GOOD) == 429
    assert ask(view, other, **GOOD, REMOTE_ADDR="192.0.2.9") == 200


@pytest.mark.parametrize("fields", [
    {"HTTP_X_FORWARDED_FOR": "203.0.113.7"},
    {"REMOTE_ADDR": "203.0.113.7"},
    {"HTTP_CLIENT_CERT": "x"},
    {"QUERY_STRING": "client_id=other"},
])  # fmt: skip
def test_client_cannot_choose_its_bucket(ca: KeyPair, fields: dict[str, Any]) -> None:
    view, pair, renewed = OfTokens.as_view(), ca.issue("CN=billing"), ca.issue("CN=billing, OU=2")
    bind(pair, client_id="billing", jti="1")
    uses_up(view, pair, **GOOD)
    bind(renewed, client_id="billing", jti="2", sub="somebody")
    assert ask(view, renewed, **GOOD, **fields) == 429


def test_nobody_fills_the_bucket_of_another(ca: KeyPair) -> None:
    """REST framework puts ``X-Forwarded-For`` into the key as it came, and a key of ours is public knowledge."""
    keys: list[str] = []

    class Noted(Twice):
        def get_cache_key(self, request: Request, view: APIView) -> str:
            keys.append(super().get_cache_key(request, view))
            return keys[-1]

    class Stock(AnonRateThrottle):
        rate, scope = "2/min", "client"
        timer = Twice.timer

    class Everybody(View):
        throttle_classes = (Noted, Stock)

    pair = ca.issue("CN=billing")
    bind(pair, client_id="billing")
    known = Everybody.as_view(authentication_classes=[BoundTokenAuthentication], throttle_classes=[Noted])
    assert ask(known, pair, **GOOD) == 200
    key = keys[0]
    for forged in (
        key,
        key.rpartition("_")[2],
        key.removeprefix("mtls_"),
        '["client of", "None", "billing"]',
    ):
        uses_up(Everybody.as_view(), HTTP_X_FORWARDED_FOR=forged)
    assert key not in keys[1:]
    assert ask(known, pair, **GOOD) == 200
    assert ask(known, pair, **GOOD) == 429


def test_what_a_caller_writes_makes_no_long_key() -> None:
    """Memcached refuses keys of more than 250 octets, and spaces."""
    request = Request(CertificateAPIRequestFactory().get("/", HTTP_X_FORWARDED_FOR="1" * 5000 + "\x01"))
    assert len(Twice().get_cache_key(request, View())) < 100


def test_users_by_certificate(alice: Any, bob: Any, alice_pair: KeyPair, bob_pair: KeyPair, ca: KeyPair) -> None:
    view = View.as_view(authentication_classes=[Programs])
    uses_up(view, alice_pair)
    uses_up(view, bob_pair)
    assert ask(view, ca.issue("CN=alice")) == 429  # renewed


def test_client_of_a_token_rather_than_its_user(alice: Any, ca: KeyPair) -> None:
    view = View.as_view(authentication_classes=[UserOfToken])
    for name in ("billing", "reports"):
        pair = ca.issue(f"CN={name}")
        bind(pair, client_id=name, sub="alice")
        uses_up(view, pair, **GOOD)


def test_certificates_that_the_terminator_validated(ca: KeyPair) -> None:
    """Nobody is authenticated here; certificates that anyone makes for nothing share the bucket of their address."""
    view = View.as_view()
    for name in ("a", "b"):
        uses_up(view, ca.issue(f"CN={name}"))
    uses_up(view)
    assert ask(view, self_sign("CN=a"), verified=False) == 429
    assert ask(view, ca.issue("CN=c"), verified=False) == 429
    assert ask(view, ca.issue("CN=c")) == 200
    assert ask(view, REMOTE_ADDR="192.0.2.9") == 200


@pytest.mark.parametrize("decorator", [client_auth_required, certificate_required])
def test_decorated(ca: KeyPair, decorator: Any) -> None:
    """Clients that our decorators have authenticated, by whichever of their certificates."""
    throttled = decorator(View.as_view())
    for name in ("billing", "reports"):
        register(name, {**PKI, "tls_client_auth_san_dns": f"{name}.example.com"})
        statuses = []
        for number in range(3):
            pair = ca.issue(f"CN={number}", Profile(san_dns=[f"{name}.example.com"]))
            request = CertificateAPIRequestFactory(pair).post("/", f"client_id={name}", content_type=FORM)
            statuses.append(throttled(request).status_code)
        assert statuses == [200, 200, 429]


def test_token_of_a_decorator(ca: KeyPair) -> None:
    throttled = bound_token_required(View.as_view())
    for name in ("billing", "reports"):
        pair = ca.issue(f"CN={name}")
        bind(pair, client_id=name)
        uses_up(throttled, pair, **GOOD)


def test_decorated_method(ca: KeyPair) -> None:
    """REST framework throttles before the method, so what a method's own decorator finds comes too late."""

    class Late(View):
        @method_decorator(bound_token_required)
        def get(self, request: Request) -> Response:
            return Response({})

    view, pair = Late.as_view(), ca.issue("CN=billing")
    bind(pair, client_id="billing")
    uses_up(view, pair, **GOOD)
    other = ca.issue("CN=reports")
    bind(other, client_id="reports")
    assert ask(view, ca.issue("CN=third"), REMOTE_ADDR="192.0.2.9") == 401
    assert ask(view, other, **GOOD) == 200  # the bucket of its certificate


def test_scopes(ca: KeyPair) -> None:
    for scope in ("accounts", "payments"):
        view = OfTokens.as_view(throttle_classes=[Scoped], throttle_scope=scope)
        for name in ("billing", "reports"):
            pair = ca.issue(f"CN={name}")
            bind(pair, client_id=name)
            uses_up(view, pair, **GOOD)


def test_oauth_toolkits_tokens() -> None:
    models = pytest.importorskip("oauth2_provider.models")
    view = View.as_view()
    for name in ("billing", "reports", None):
        application = models.get_application_model()(client_id=name) if name else None
        token = models.get_access_token_model()(application=application)
        statuses = []
        for _ in range(3):
            request = CertificateAPIRequestFactory().get("/")
            force_authenticate(request, token=token)
            statuses.append(view(request).status_code)
        assert statuses == [200, 200, 429]


def test_a_token_of_the_applications_own() -> None:
    """Any object may be ``request.auth``."""

    class Own(BaseAuthentication):
        def authenticate(self, request: Request) -> tuple[Any, Any]:
            return None, "a key"

    uses_up(View.as_view(authentication_classes=[Own]))
