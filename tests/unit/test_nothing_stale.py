"""What is remembered of a header changes no decision: each thing that may change is looked at in every request."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.revocation import make_crl, write
from tests.unit.sources.delivered import DELIVERED
from tests.unit.test_frames import environ, nginx
from wsgi_mtls import Client, ClientCertificate, Guard, MutualTLSError, Verifier, jwk, sources
from wsgi_mtls.clients import AUTH_METHODS
from wsgi_mtls.request.wsgi import view_of
from wsgi_mtls.sources import PRESETS
from wsgi_mtls.testing import Profile, make_ca, self_sign
from wsgi_mtls.trust import TrustStore

CA = make_ca()
URI = "spiffe://example.com/billing"
BILLING = CA.issue("CN=billing", Profile(san_uri=[URI]))
OTHER = CA.issue("CN=other", Profile(san_uri=["spiffe://example.com/other"]))
METADATA = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_uri": URI}
BY_HEADER = [name for name, delivered in DELIVERED.items() if "trusted_proxies" in delivered.options]
DATED = [name for name in DELIVERED if name != "istio_sidecar"]  # which forwards the URI and the hash alone
DAYS = timedelta(days=100_000)


class Registry:
    """Clients that change."""

    def __init__(self, metadata: Mapping[str, Any] | None = None) -> None:
        self.metadata: Mapping[str, Any] | None = METADATA if metadata is None else metadata

    def get(self, client_id: str, /) -> Client | None:
        return None if self.metadata is None else Client.from_metadata({"client_id": client_id, **self.metadata})


class Clock:
    """A clock that is moved."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


class Site:
    """A guard behind a preset."""

    def __init__(self, name: str, **options: Any) -> None:
        self.delivered = DELIVERED[name]
        self.registry, self.clock = Registry(), Clock()
        methods = AUTH_METHODS[:1] if name == "istio_sidecar" else AUTH_METHODS
        verifier = Verifier(self.registry, clock=self.clock, allowed_methods=methods, **options)
        self.guard = Guard(getattr(sources, name)(**self.delivered.options), verifier=verifier)

    def fields(self, certificate: ClientCertificate = BILLING.certificate, **changes: Any) -> dict[str, Any]:
        """Return what the terminator delivers."""
        secret = {"HTTP_X_PROXY_AUTH": "correct horse"} if "secret" in self.delivered.options else {}
        return {**secret, **self.delivered.certificate(certificate), **changes}

    def outcome(self, certificate: ClientCertificate = BILLING.certificate, /, **changes: Any) -> str:
        """Return the client, or the reason of a refusal."""
        came = environ(**self.fields(certificate, **changes))
        if "HTTP_XCLIENTCERT" not in self.fields():
            del came["HTTP_XCLIENTCERT"]
        try:
            return self.guard.authenticate_client(view_of(came, self.guard)).client_id
        except MutualTLSError as error:
            return error.reason


def test_every_preset_is_looked_at() -> None:
    assert DELIVERED.keys() == PRESETS.keys()


@pytest.mark.parametrize("name", DELIVERED)
def test_the_registration(name: str) -> None:
    site = Site(name)
    assert [site.outcome() for _ in range(2)] == ["billing", "billing"]
    site.registry.metadata = {**METADATA, "tls_client_auth_san_uri": "spiffe://example.com/other"}
    assert site.outcome() == "subject_mismatch"
    site.registry.metadata = None
    assert site.outcome() == "unknown_client"
    site.registry.metadata = METADATA
    assert site.outcome() == "billing"


@pytest.mark.parametrize("name", DELIVERED)
def test_another_certificate(name: str) -> None:
    site = Site(name)
    for certificate, expected in [(BILLING, "billing"), (OTHER, "subject_mismatch")] * 2:
        assert site.outcome(certificate.certificate) == expected


@pytest.mark.parametrize("name", DATED)
def test_validity(name: str) -> None:
    site = Site(name)
    assert [site.outcome() for _ in range(2)] == ["billing", "billing"]
    site.clock.now += DAYS
    assert site.outcome() == "certificate_expired"
    site.clock.now -= 2 * DAYS
    assert site.outcome() == "certificate_not_yet_valid"
    site.clock.now += DAYS
    assert site.outcome() == "billing"


@pytest.mark.parametrize("name", [name for name, delivered in DELIVERED.items() if delivered.failed])
def test_the_status(name: str) -> None:
    site = Site(name)
    assert site.outcome() == "billing"
    fields = site.fields()
    failed: dict[str, Any] = {
        key: value.format(str(fields[key]).rpartition(" ")[2]) for key, value in site.delivered.failed.items()
    }
    assert site.outcome(**failed) == "chain_not_verified"
    assert site.outcome() == "billing"


@pytest.mark.parametrize("name", BY_HEADER)
def test_trust_in_the_proxy_and_its_secret(name: str) -> None:
    site = Site(name)
    assert site.outcome() == "billing"
    assert site.outcome(HTTP_X_PROXY_AUTH="guess") == "no_certificate"
    assert site.outcome(REMOTE_ADDR="192.0.2.1") == "no_certificate"
    assert site.outcome() == "billing"


@pytest.mark.parametrize("name", DATED)
def test_revocation(name: str, tmp_path: Path) -> None:
    """A CRL that is looked at in every validation revokes a certificate whose path was validated before."""
    crls = write(tmp_path / "crls.pem", make_crl(CA))
    trust = TrustStore.from_certificates([CA.certificate], crls=crls, revocation="required", max_age=0)
    site = Site(name, trust=trust)
    assert [site.outcome() for _ in range(2)] == ["billing", "billing"]
    write(crls, make_crl(CA, [BILLING], number=2))
    assert site.outcome() == "revoked"


def test_a_revocation_is_as_old_as_its_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [1000.0]
    monkeypatch.setattr("wsgi_mtls.trust.store.time.monotonic", lambda: seconds[0])
    crls = write(tmp_path / "crls.pem", make_crl(CA))
    trust = TrustStore.from_certificates([CA.certificate], crls=crls, revocation="required", max_age=60)
    site = Site("nginx", trust=trust)
    assert site.outcome() == "billing"
    write(crls, make_crl(CA, [BILLING], number=2))
    seconds[0] += 59
    assert site.outcome() == "billing"
    seconds[0] += 1
    assert site.outcome() == "revoked"


def test_registered_keys() -> None:
    """A key that a self-signed client no longer has, and one that it has only now."""
    old, new = self_sign("CN=old"), self_sign("CN=new")
    method = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}
    site = Site("nginx")
    for registered, refused in [(old, new), (new, old)] * 2:
        site.registry.metadata = {**method, "jwks": {"keys": [jwk(registered.certificate)]}}
        assert site.outcome(registered.certificate) == "billing"
        assert site.outcome(refused.certificate) == "certificate_not_registered"


def test_a_bound_token() -> None:
    """The claims of a token, and the certificate that it came with, are compared in every request."""

    class Tokens:
        claims: Mapping[str, object]

        def decode(self, token: str, /) -> Mapping[str, object]:
            return self.claims

    tokens = Tokens()
    guard = Guard(nginx(), tokens=tokens)
    fields = DELIVERED["nginx"].certificate(BILLING.certificate)

    def accepted() -> str:
        came = environ(HTTP_AUTHORIZATION="Bearer one", **fields)
        try:
            token = guard.accept_token(view_of(came, guard))
        except MutualTLSError as error:
            return error.reason
        return str(token and token.client_id)

    for bound_to, expected in [(BILLING, "billing"), (OTHER, "confirmation_mismatch")] * 2:
        tokens.claims = {"client_id": "billing", "cnf": {"x5t#S256": bound_to.certificate.thumbprint}}
        assert accepted() == expected
