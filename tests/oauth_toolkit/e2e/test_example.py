"""The example by itself, driven by curl."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from wsgi_mtls.cli.terminators import LOOPBACK, free_port

from .browser import Curl
from .process import example


@dataclass(frozen=True)
class Running:
    """The example on two ports, of which the second one is for mutual TLS."""

    data: Path
    issuer: str
    mtls: str

    @property
    def curl(self) -> Curl:
        return Curl(self.data, self.mtls, int(self.mtls.rpartition(":")[2]))


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[Running]:
    plain, mutual = free_port(), free_port()
    found = Running(data, f"https://{LOOPBACK}:{plain}", f"https://{LOOPBACK}:{mutual}")
    variables = {"OAUTH_ISSUER": found.issuer, "OAUTH_MTLS_BASE": found.mtls}
    with example(data, plain, **variables), example(data, mutual, **variables):
        yield found


def test_curl(running: Running, tmp_path: Path) -> None:
    curl = running.curl
    status, told = curl("device", "/.well-known/oauth-authorization-server")
    assert (status, told["issuer"]) == (200, running.issuer)
    assert told["mtls_endpoint_aliases"]["token_endpoint"] == f"{running.mtls}/o/token/"
    # A public client's tokens are bound to whatever certificate it came with, which nobody has to know.
    callback = curl.callback("device", tmp_path / "cookies")
    assert curl.exchange("device", callback, None)[1]["error"] == "invalid_request"
    status, tokens = curl.exchange("device", callback, "device")
    assert status == 200
    refresh = {"grant_type": "refresh_token", "client_id": "device", "refresh_token": tokens["refresh_token"]}
    assert curl("web", "/o/token/", **refresh)[1]["error"] == "invalid_grant"
