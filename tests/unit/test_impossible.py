"""Clients that can never authenticate here, though their metadata are in order by themselves."""

from pathlib import Path
from typing import Any

import pytest

from tests.support import ACCEPTED, Endpoint
from wsgi_mtls import CallbackRegistry, Verifier
from wsgi_mtls.clients import Client
from wsgi_mtls.clients.jwks_uri import KeySets
from wsgi_mtls.impossible import impossible_clients, why_never
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, make_ca, self_sign, to_pem
from wsgi_mtls.trust import TrustStore
from wsgi_mtls.trust.authority import pins_of

PKI = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=a"}
PUBLISHED = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": "https://a.example/jwks"}
PIN = "spki-sha256:" + "A" * 43


def problems(metadata: dict[str, Any], **options: Any) -> list[str]:
    return [*impossible_clients(Verifier({"a": metadata}, **options))]


@pytest.mark.parametrize(
    ("metadata", "options", "expected"),
    [
        (PKI, {"allowed_methods": ["self_signed_tls_client_auth"]}, "does not allow"),
        (PUBLISHED, {}, "is not fetched"),
        (PUBLISHED | {"tls_client_auth_san_uri": "spiffe://a.example"}, {}, "is not fetched"),
        (PUBLISHED | {"jwks_uri": "https://a.example:8443/jwks"}, {"key_sets": KeySets()}, "any_port=True"),
        (PUBLISHED | {"jwks_uri": "https://[::ffff:10.0.0.1]/jwks"}, {"key_sets": KeySets()}, "allowed_networks"),
        ({**PKI, "tls_client_auth_issuer": PIN}, {}, "only a trust store"),
        ({**PKI, "token_endpoint_auth_method": "TLS_client_auth"}, {}, "is tls_client_auth meant"),
        (
            {**PKI, "token_endpoint_auth_method": "selfsigned_tls_client_auth"},
            {},
            "is self_signed_tls_client_auth meant",
        ),
        ({"tls_client_auth_subject_dn": "CN=a"}, {}, "decides nothing"),
    ],
)
def test_refused_whatever_it_presents(
    metadata: dict[str, Any], options: dict[str, Any], expected: str, ca: KeyPair
) -> None:
    (line,) = problems(metadata, **options)
    assert line.startswith("Client 'a': ")
    assert expected in line
    endpoint = Endpoint({"a": metadata}, verifier=options)
    for pair in (ca.issue("CN=a"), self_sign("CN=a")):
        assert endpoint.outcome("a", pair)[0] == 401


@pytest.mark.parametrize(
    ("metadata", "options"),
    [
        (PKI, {"allowed_methods": ["tls_client_auth"]}),
        (PUBLISHED, {"key_sets": KeySets()}),
        (PUBLISHED | {"jwks_uri": "https://a.example:8443/jwks"}, {"key_sets": KeySets(any_port=True)}),
        (
            PUBLISHED | {"jwks_uri": "https://10.0.0.1/jwks"},
            {"key_sets": KeySets(allowed_networks=["10.0.0.0/8"])},
        ),
        # Keys that sign or encrypt are of no concern here.
        ({**PKI, "jwks_uri": "https://a.example:8443/jwks"}, {"key_sets": KeySets()}),
        ({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://a.example/jwks"}, {}),
        ({"token_endpoint_auth_method": "attest_jwt_client_auth"}, {}),
        ({}, {}),
    ],
)
def test_in_order(metadata: dict[str, Any], options: dict[str, Any]) -> None:
    assert problems(metadata, **options) == []


def test_pinned_ca(tmp_path: Path) -> None:
    ours, other = make_ca("CN=Ours"), make_ca("CN=Other")
    file = tmp_path / "ca.pem"
    file.write_bytes(to_pem(ours.certificate))
    store = TrustStore.from_file(file)
    pins = {pair: min(pins_of(pair.certificate.der)) for pair in (ours, other)}
    assert problems({**PKI, "tls_client_auth_issuer": pins[ours]}, trust=store) == []
    (line,) = problems({**PKI, "tls_client_auth_issuer": pins[other]}, trust=store)
    assert "is in the trust store" in line
    endpoint = Endpoint({"a": {**PKI, "tls_client_auth_issuer": pins[ours]}}, verifier={"trust": store})
    assert endpoint.outcome("a", ours.issue("CN=a")) == ACCEPTED
    assert problems({**PKI, "tls_client_auth_issuer": PIN}, trust=lambda client: store) == []  # of this client


def test_a_client_that_the_certificate_judges() -> None:
    by_name = Client(client_id="a", token_endpoint_auth_method=None, tls_client_auth_san_dns="a.example")
    by_key = Client(client_id="a", token_endpoint_auth_method=None, jwks={"keys": [jwk(self_sign("CN=a").certificate)]})
    for client in (by_name, by_key):
        assert why_never(client, Verifier({})) is None


def test_registry_that_cannot_be_listed() -> None:
    assert [*impossible_clients(Verifier(CallbackRegistry(pki=lambda client_id: "CN=a")))] == []
