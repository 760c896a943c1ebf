"""nginx in front of ASGI servers, with ``deploy/asgi``: row 62 and its twin."""

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.django.e2e.conftest import skip_without
from tests.django.serving import serving
from wsgi_mtls import ClientCertificate
from wsgi_mtls.cli.terminators import (
    CONVENTIONAL_HOST,
    MTLS_HOST,
    TERMINATORS,
    LoopbackConnection,
    TLSFiles,
    running,
)

SECRET = "correct horse"
NGINX = replace(TERMINATORS["nginx"], folder="asgi", values={"SECRET": SECRET})
SOURCE = {
    "preset": "nginx",
    "trusted_proxies": ["127.0.0.1"],
    "secret": ("XProxyAuth", SECRET),
}


@pytest.fixture(scope="module", params=["uvicorn --no-proxy-headers", "uvicorn", "daphne", "daphne --proxy-headers"])
def ports(request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    skip_without(None if NGINX.program else NGINX.install)
    files = TLSFiles(data / "server.pem", data / "server.key", data / "ca.pem", data / "ca.pem")
    folder = tmp_path_factory.mktemp("nginx")
    with (
        serving(request.param, SOURCE) as app_port,
        running(NGINX, NGINX.program or "", folder, files, app_port) as port,
    ):
        yield port, app_port


def through_nginx(port: int, data: Path, who: str | None, host: str, headers: Mapping[str, str]) -> Any:
    context = ssl.create_default_context(cafile=data / "ca.pem")
    if who:
        context.load_cert_chain(data / f"{who}.pem", data / f"{who}.key")
    return thumbprint(LoopbackConnection(host, port, context), headers)


def thumbprint(connection: HTTPConnection, headers: Mapping[str, str]) -> Any:
    connection.request("GET", "/", headers=dict(headers))
    body = connection.getresponse().read()
    connection.close()
    return json.loads(body)["thumbprint"]


def test_certificate_through_nginx(ports: tuple[int, int], data: Path) -> None:
    alice = ClientCertificate.from_pem((data / "alice.pem").read_bytes()).thumbprint
    for forwarded in ("192.0.2.9", "127.0.0.1", "127.0.0.1:4711"):
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            headers = {name: forwarded, "X-Forwarded-Port": "1"}
            assert through_nginx(ports[0], data, "alice", MTLS_HOST, headers) == alice
            assert through_nginx(ports[0], data, None, MTLS_HOST, headers) is None
            assert through_nginx(ports[0], data, None, CONVENTIONAL_HOST, headers) is None


def test_certificate_past_nginx(ports: tuple[int, int], data: Path) -> None:
    """The attacker is on the same machine, so that it has the trusted address, and lacks the secret."""
    forged = {"XClientCert": "SUCCESS " + quote((data / "alice.pem").read_text(), safe="")}
    for secret in ({}, {"XProxyAuth": "guess"}):
        for forwarded in ({}, {"X-Forwarded-For": "127.0.0.1"}):
            connection = HTTPConnection("127.0.0.1", ports[1], timeout=30)
            assert thumbprint(connection, {**forged, **secret, **forwarded}) is None
