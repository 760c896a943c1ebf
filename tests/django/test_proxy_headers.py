"""A header that a server believes does not decide which peer sent a certificate (row 62)."""

import base64
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from http.client import HTTPConnection
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, override_settings

from tests.django.serving import serving
from wsgi_mtls import sources
from wsgi_mtls.testing import make_ca

VICTIM = make_ca("CN=CA").issue("CN=victim").certificate
CERTIFICATE = {"Client-Cert": f":{base64.b64encode(VICTIM.der).decode()}:"}
BELIEVED = ["10.0.0.1", "2001:db8::a", "unix"]
"""Trusted proxies, none of which sends what these tests send."""

FORWARDED_FOR = [
    "10.0.0.1",
    "10.0.0.1:4711",
    "[2001:db8::a]",
    "[2001:db8::a]:4711",
    "2001:DB8::A",
    "::ffff:10.0.0.1",
    "[::ffff:10.0.0.1]:80",
    " 10.0.0.1 , 127.0.0.1",
    "127.0.0.1, 10.0.0.1",
    "\xc2\xa010.0.0.1, 127.0.0.1",
    '"10.0.0.1"',
    r'"10\.0.0.1"',
    "2001:db8::a%lo",
    "localhost",
    "<local>",
    "",
]
FORWARDED = [
    "for=10.0.0.1",
    'For="10.0.0.1:80";proto=https',
    'for="[2001:db8::a]:80"',
    "for=192.0.2.1, for=10.0.0.1",
    r'for="10\.0.0.1"',
    "for=localhost",
]
ATTACKS = {
    "uvicorn": ("X-Forwarded-For", FORWARDED_FOR),
    "uvicorn that trusts all": ("X-Forwarded-For", FORWARDED_FOR),
    "uvicorn for WSGI": ("X-Forwarded-For", FORWARDED_FOR),
    "daphne --proxy-headers": ("X-Forwarded-For", FORWARDED_FOR),
    "daphne with X-Real-IP": ("X-Real-IP", FORWARDED_FOR),
    "waitress with X-Forwarded-For": ("X-Forwarded-For", FORWARDED_FOR),
    "waitress under another name": ("X-Forwarded-For", FORWARDED_FOR),
    "waitress with Forwarded": ("Forwarded", FORWARDED),
}


def served(server: str, proxies: list[str]) -> AbstractContextManager[int]:
    return serving(server, {"preset": "rfc9440", "trusted_proxies": proxies, "underscores_dropped": True})


def get(port: int, headers: Mapping[str, str]) -> Any:
    """Ask for the page as a peer at 127.0.0.1, which sends the victim's certificate."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest("GET", "/")
    for name, value in {**CERTIFICATE, **headers}.items():
        connection.putheader(name, value.encode("latin-1"))
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return json.loads(body) if answer.status == 200 else answer.status


@pytest.mark.parametrize("server", ATTACKS)
def test_forged_certificate_with_the_proxys_address(server: str) -> None:
    header, claims = ATTACKS[server]
    with served(server, BELIEVED) as port:
        for claim in claims:
            for more in ({}, {"X-Forwarded-Port": "4711"}):
                answer = get(port, {header: claim, **more})
                # waitress answers 400 to some of them
                assert answer == 400 or answer["thumbprint"] is None, claim
        assert "--no-proxy-headers" in get(port, {header: claims[0]})["told"][0]
        assert "not a trusted proxy" in get(port, {})["told"][0]


@pytest.mark.parametrize("server", ATTACKS)
def test_trusted_proxy_that_clears_the_headers(server: str) -> None:
    with served(server, ["127.0.0.1"]) as port:
        assert get(port, {}) == {"thumbprint": VICTIM.thumbprint, "told": []}


@pytest.mark.parametrize("server", ["uvicorn --no-proxy-headers", "daphne", "waitress"])
def test_server_without_proxy_headers(server: str) -> None:
    """The terminator may then add the client's address."""
    with served(server, ["127.0.0.1"]) as port:
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            assert get(port, {header: "192.0.2.9"})["thumbprint"] == VICTIM.thumbprint
    with served(server, BELIEVED) as port:
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            assert get(port, {header: "10.0.0.1"})["thumbprint"] is None


class AsyncClientWithHeaders(AsyncClient):
    """Django's client; 5.2.0 by itself sends underscores for hyphens, which are dropped."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__()
        self._headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]

    def _base_scope(self, **request: Any) -> Any:
        scope = super()._base_scope(**request)  # type: ignore[misc]  # django-stubs do not have it
        return {**scope, "headers": [*scope["headers"], *self._headers]}


@pytest.mark.parametrize(
    ("forwarded", "is_believed"),
    [
        ({}, True),
        ({"X-Forwarded-For": "192.0.2.9"}, True),
        ({"X-Forwarded-For": "127.0.0.1"}, False),
        ({"Forwarded": 'for="127.0.0.1:80"'}, False),
        ({"X-Real-IP": "127.0.0.1"}, False),
    ],
)
def test_async_client_of_django(forwarded: Mapping[str, str], is_believed: bool) -> None:
    source = sources.rfc9440(trusted_proxies=["127.0.0.1"], underscores_dropped=True)
    with override_settings(
        ROOT_URLCONF="tests.django.served_site",
        MIDDLEWARE=["django_mtls.middleware.ClientCertificateMiddleware"],
        MTLS={"SOURCE": source},
    ):
        answer = async_to_sync(AsyncClientWithHeaders({**CERTIFICATE, **forwarded}).get)("/")
    assert answer.json()["thumbprint"] == (VICTIM.thumbprint if is_believed else None)
