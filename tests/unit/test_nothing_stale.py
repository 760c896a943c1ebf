"""What is remembered of a header changes no decision: each thing that may change is looked at in every request."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.test_frames import HEADER, LEAF, METADATA, environ
from wsgi_mtls import Client, Guard, MutualTLSError, Verifier, sources
from wsgi_mtls.request.wsgi import view_of

PEM = LEAF.certificate_pem.decode()
SOURCES: dict[str, tuple[Any, dict[str, str]]] = {
    "nginx": (sources.nginx(trusted_proxies=["127.0.0.1"]), {"HTTP_XCLIENTCERT": HEADER}),
    "mod_ssl": (sources.mod_ssl(), {"SSL_CLIENT_CERT": PEM, "SSL_CLIENT_VERIFY": "SUCCESS"}),
}


class Registry:
    """Clients that change."""

    def __init__(self) -> None:
        self.metadata: dict[str, Any] | None = METADATA

    def get(self, client_id: str, /) -> Client | None:
        return None if self.metadata is None else Client.from_metadata({"client_id": client_id, **self.metadata})


class Clock:
    """A clock that is moved."""

    now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


def outcome(guard: Guard, **fields: Any) -> str:
    came = environ(HTTP_XCLIENTCERT="", **fields) if "HTTP_XCLIENTCERT" not in fields else environ(**fields)
    try:
        return guard.authenticate_client(view_of(came, guard)).client_id
    except MutualTLSError as error:
        return error.reason


@pytest.mark.parametrize("name", SOURCES)
def test_validity_and_registration(name: str) -> None:
    source, fields = SOURCES[name]
    registry, clock = Registry(), Clock()
    guard = Guard(source, verifier=Verifier(registry, clock=clock))
    assert [outcome(guard, **fields) for _ in range(2)] == ["billing", "billing"]
    clock.now += timedelta(days=100_000)
    assert outcome(guard, **fields) == "certificate_expired"
    clock.now -= timedelta(days=200_000)
    assert outcome(guard, **fields) == "certificate_not_yet_valid"
    clock.now += timedelta(days=100_000)
    assert outcome(guard, **fields) == "billing"
    registry.metadata = {**METADATA, "tls_client_auth_san_dns": "other.example.com"}
    assert outcome(guard, **fields) == "subject_mismatch"
    registry.metadata = None
    assert outcome(guard, **fields) == "unknown_client"


def test_trust_in_the_proxy_and_its_secret() -> None:
    source = sources.nginx(trusted_proxies=["127.0.0.1"], secret=("XSecret", "s3cret"))
    guard = Guard(source, verifier=Verifier(Registry()))
    fields = {"HTTP_XCLIENTCERT": HEADER, "HTTP_XSECRET": "s3cret"}
    assert outcome(guard, **fields) == "billing"
    assert outcome(guard, **{**fields, "HTTP_XSECRET": "guess"}) == "no_certificate"
    assert outcome(guard, **fields, REMOTE_ADDR="192.0.2.1") == "no_certificate"
    assert outcome(guard, **fields) == "billing"


def test_the_status() -> None:
    source, fields = SOURCES["nginx"]
    guard = Guard(source, verifier=Verifier(Registry()))
    assert outcome(guard, **fields) == "billing"
    failed = HEADER.replace("SUCCESS", "FAILED:certificate revoked", 1)
    assert outcome(guard, HTTP_XCLIENTCERT=failed) == "chain_not_verified"
    source, fields = SOURCES["mod_ssl"]
    guard = Guard(source, verifier=Verifier(Registry()))
    assert outcome(guard, **fields) == "billing"
    assert outcome(guard, **{**fields, "SSL_CLIENT_VERIFY": "FAILED:x"}) == "chain_not_verified"
