"""Clients in memory, found by ``client_id`` and by certificate."""

from collections.abc import Mapping

import pytest

from tests.support import refused
from wsgi_mtls import Client
from wsgi_mtls.clients import MappingRegistry
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, self_sign


def pki(**subject: str) -> dict[str, object]:
    return {"token_endpoint_auth_method": "tls_client_auth", **subject}


MOBILE = self_sign("CN=mobile")
JWKS = {"keys": [jwk(MOBILE.certificate)]}
METADATA: dict[str, Mapping[str, object]] = {
    "dn": pki(tls_client_auth_subject_dn="CN=a,O=b"),
    "dns": pki(tls_client_auth_san_dns="A.example"),
    "uri": pki(tls_client_auth_san_uri="spiffe://a"),
    "ip": pki(tls_client_auth_san_ip="2001:db8:0::1"),
    "email": pki(tls_client_auth_san_email="a@B.example"),
    "mobile": {
        "token_endpoint_auth_method": "self_signed_tls_client_auth",
        "jwks": {"keys": [jwk(MOBILE.certificate)]},
    },
    "secret": {},
}


@pytest.fixture(scope="module")
def registry() -> MappingRegistry:
    return MappingRegistry(METADATA)


def found(registry: MappingRegistry, pair: KeyPair) -> list[str]:
    return sorted(client.client_id for client in registry.find(pair.certificate))


def test_get(registry: MappingRegistry) -> None:
    client = registry.get("dns")
    assert client is not None
    assert client.client_id == "dns"
    assert registry.get("DNS") is None
    assert registry.get("") is None


def test_find(registry: MappingRegistry, ca: KeyPair) -> None:
    assert found(registry, ca.issue("cn=A, o=B")) == ["dn"]
    assert found(registry, ca.issue("CN=x", Profile(san_dns=["a.EXAMPLE"]))) == ["dns"]
    assert found(registry, ca.issue("CN=x", Profile(san_uri=["spiffe://a"]))) == ["uri"]
    assert found(registry, ca.issue("CN=x", Profile(san_ip=["2001:db8::1"]))) == ["ip"]
    assert found(registry, ca.issue("CN=x", Profile(san_email=["a@b.EXAMPLE"]))) == ["email"]
    assert found(registry, MOBILE) == ["mobile"]
    assert found(registry, self_sign("CN=x", Profile(key=MOBILE.key))) == ["mobile"]


def test_find_none(registry: MappingRegistry, ca: KeyPair) -> None:
    assert found(registry, ca.issue("CN=x", Profile(san_dns=["*.example"], san_uri=["spiffe://a/A"]))) == []
    assert found(registry, ca.issue("")) == []


def test_find_several_each_once(registry: MappingRegistry, ca: KeyPair) -> None:
    pair = ca.issue("CN=a,O=b", Profile(san_dns=["a.example", "A.example"], key=MOBILE.key))
    assert found(registry, pair) == ["dn", "dns", "mobile"]


def test_clients_as_objects() -> None:
    client = Client(client_id="a")
    assert MappingRegistry({"a": client}).get("a") is client


@pytest.mark.parametrize("value", [Client(client_id="b"), {"client_id": "b"}])
def test_another_client_id_than_the_key(value: Client | dict[str, object]) -> None:
    with refused("invalid_client_metadata", match="Client 'a': its metadata name client 'b'"):
        MappingRegistry({"a": value})
    assert MappingRegistry({"b": value}).get("b")


@pytest.mark.parametrize("value", [None, "a", 7, ["a"]])
def test_no_metadata(value: object) -> None:
    with refused("invalid_client_metadata", match="must be a mapping"):
        MappingRegistry({"a": value})  # type: ignore[dict-item]


def test_later_changes_do_not_count() -> None:
    clients: dict[str, dict[str, object]] = {"a": {}}
    registry = MappingRegistry(clients)
    clients["b"] = {}
    assert registry.get("b") is None
