"""ATTACKS.md at an authorization server in Django, over real TLS; sync, async and class-based views."""

from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import AsyncClient

from django_mtls.models import RegisteredClient
from django_mtls.test import CertificateClient
from tests.flask.attack_rows import (
    BY_DN,
    DN,
    FORM,
    IMPOSSIBLE,
    INVALID_CLIENT,
    INVALID_REQUEST,
    PKI,
    SELF_SIGNED,
    header_accepted,
)
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile

from .site import Site, outcome, running_site
from .support import register

VIEWS = ["/token", "/async-token", "/class-token"]
REJECTED = (401, "certificate_rejected")


@pytest.fixture(scope="session")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue(DN)


def test_row_01_other_methods_than_post(site: Site, billing: KeyPair) -> None:
    register("rp", BY_DN)
    for view in ("/token", "/async-token"):
        answer = site.request("GET", view, billing)
        assert outcome(answer) == (405, "invalid_request")
        assert answer.headers["Allow"] == "POST"


def test_body_too_large(site: Site, billing: KeyPair, mtls: Callable[..., None]) -> None:
    register("rp", BY_DN)
    mtls(MAX_BODY=100)
    assert outcome(site.post("/token", billing, "client_id=rp&x=" + "x" * 100)) == (413, "invalid_request")
    assert site.post("/token", billing, "client_id=rp").status == 200
    mtls(MAX_BODY=10_000_000)
    huge = "client_id=rp&x=" + "x" * 3_000_000  # beyond Django's DATA_UPLOAD_MAX_MEMORY_SIZE
    assert outcome(site.post("/token", billing, huge)) == INVALID_REQUEST


def test_row_06_certificate_where_an_assertion_is_registered(site: Site, billing: KeyPair) -> None:
    client = register("rp", {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}})
    assert outcome(site.post("/token", billing, "client_id=rp")) == INVALID_CLIENT
    assertion = "client_id=rp&client_assertion=x.y.z&client_assertion_type=jwt"
    assert outcome(site.post("/token", billing, assertion)) == INVALID_CLIENT
    client.delete()
    register("rp", BY_DN)
    assert site.post("/token", billing, "client_id=rp").status == 200


@pytest.mark.parametrize("metadata", [
    *IMPOSSIBLE,
    {**SELF_SIGNED, "jwks": {"keys": []}, "jwks_uri": "https://rp.example.com/jwks"},
    {**SELF_SIGNED, "jwks": []},
])  # fmt: skip
def test_rows_10_11_21_metadata(site: Site, ca: KeyPair, metadata: Mapping[str, Any]) -> None:
    client = register("rp", metadata)
    for pair in (ca.issue(DN), ca.issue("")):
        assert outcome(site.post("/token", pair, "client_id=rp")) == INVALID_CLIENT
    with pytest.raises(ValidationError):
        client.full_clean()
    with pytest.raises(SystemCheckError, match=r"django_mtls\.E007"):
        call_command("check", deploy=True, stderr=StringIO())
    RegisteredClient.objects.update(enabled=False)
    call_command("check", deploy=True, stderr=StringIO())


def test_row_21_jwk_of_another_key(site: Site, mobile_pair: KeyPair, ca: KeyPair) -> None:
    own, foreign = jwk(mobile_pair.certificate), jwk(ca.certificate)
    wrong = {**foreign, "x5c": own["x5c"]}
    client = register("rp", {**SELF_SIGNED, "jwks": {"keys": [wrong]}})
    assert outcome(site.post("/token", mobile_pair, "client_id=rp")) == INVALID_CLIENT
    with pytest.raises(ValidationError) as caught:
        client.full_clean()
    assert set(caught.value.message_dict) == {"jwks"}
    client.jwks = {"keys": [own]}
    client.save()
    assert site.post("/token", mobile_pair, "client_id=rp").status == 200


def test_row_22_jwks_uri_that_is_not_https() -> None:
    client = RegisteredClient(client_id="rp", token_endpoint_auth_method="self_signed_tls_client_auth")
    for uri, good in (
        ("http://rp.example.com/jwks", False),
        ("file:///etc/passwd", False),
        ("https://rp.example.com/j", True),
    ):
        client.jwks_uri = uri
        if good:
            client.full_clean()
        else:
            with pytest.raises(ValidationError) as caught:
                client.full_clean()
            assert set(caught.value.message_dict) == {"jwks_uri"}


def test_row_45_underscores_over_asgi(billing: KeyPair, mtls: Callable[..., None]) -> None:
    """Django's ASGI handler drops them; a peer's address comes from the scope."""
    register("rp", BY_DN)
    source = {"preset": "nginx", "certificate_header": "X-Client-Cert", "underscores_dropped": True}
    mtls(SOURCE={**source, "trusted_proxies": ["127.0.0.1"]})
    sent = {"X_CLIENT_CERT": header_accepted(billing)["HTTP_XCLIENTCERT"]}

    def post(separator: str, address: str = "127.0.0.1") -> int:
        headers = [(key.lower().replace("_", separator).encode(), value.encode()) for key, value in sent.items()]
        client = AsyncClient()
        client.handler = RawHeaders(headers, address)
        answer = async_to_sync(client.post)("/async-token", "client_id=rp", content_type=FORM)
        return answer.status_code

    assert post("-") == 200
    assert post("_") == 401
    assert post("-", "198.51.100.7") == 401


class RawHeaders(type(AsyncClient().handler)):  # type: ignore[misc]
    """Passes headers on as a server would, underscores too; the test client would turn them into hyphens."""

    def __init__(self, headers: list[tuple[bytes, bytes]], address: str) -> None:
        super().__init__()
        self.raw_headers, self.address = headers, address

    async def __call__(self, scope: dict[str, Any]) -> Any:
        return await super().__call__({
            **scope, "headers": [*scope["headers"], *self.raw_headers], "client": [self.address, 1]
        })  # fmt: skip


def test_row_50_paths(site: Site, billing: KeyPair) -> None:
    register("rp", BY_DN)
    for path in ("//token", "/token/", "/Token", "/x/../token", "/token;x", "/%74oken/"):
        assert site.post(path, None, "client_id=rp").status in (400, 401, 404)  # 400 by the server
    assert site.post("/%74oken", None, "client_id=rp").status == 401
    assert site.post("/token", billing, "client_id=rp").status == 200


def test_row_50_mount_point(ca: KeyPair, billing: KeyPair) -> None:
    register("rp", BY_DN)
    with running_site([ca.certificate], "/intranet") as mounted:
        assert mounted.post("/intranet/token", billing, "client_id=rp").status == 200
        for path in ("/intranet/token", "/intranet/%74oken"):
            for pair in (None, ca.issue("CN=x")):
                assert outcome(mounted.post(path, pair, "client_id=rp")) == INVALID_CLIENT
        for path in ("/token", "//intranet/token", "/intranet//token", "/intranet/../token", "/Intranet/token"):
            for pair in (None, billing):
                assert mounted.post(path, pair, "client_id=rp").status in (400, 404)  # 400 by the server


def test_many_names(site: Site, ca: KeyPair) -> None:
    """A certificate with hundreds of names neither stops the search nor the server."""
    names = [f"{number}.example.com" for number in range(700)]
    register("rp", {**PKI, "tls_client_auth_san_dns": "699.example.com"}, user=None)
    pair = ca.issue("CN=x", Profile(san_dns=names))
    assert site.post("/token", pair, "client_id=rp").status == 200
    assert site.user(pair) == ""


def test_certificate_required(site: Site, billing: KeyPair, mobile_pair: KeyPair) -> None:
    for view in ("/machine", "/class-machine"):
        assert outcome(site.request("GET", view, None)) == (401, "certificate_required")
        assert outcome(site.request("GET", view, mobile_pair)) == REJECTED
        assert site.request("GET", view, billing).json == {"thumbprint": billing.certificate.thumbprint}
    assert site.request("GET", "/async-machine", None).json == {"thumbprint": None}
    assert outcome(site.request("GET", "/async-machine", mobile_pair)) == REJECTED
    assert site.request("GET", "/async-machine", billing).status == 200


def test_decorators_without_the_middleware(billing: KeyPair, settings: Any) -> None:
    register("rp", BY_DN)
    settings(MIDDLEWARE=[])
    answer = CertificateClient(billing).post("/token", "client_id=rp", content_type=FORM)
    assert answer.content == b"rp"
    assert CertificateClient(None).post("/token", "client_id=rp", content_type=FORM).status_code == 401
