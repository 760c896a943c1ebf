"""Registered metadata: what is kept, and what is refused with the reason in the message."""

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from tests.support import refused
from wsgi_mtls import Client
from wsgi_mtls.clients import SUBJECT_KINDS
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, self_sign

PKI = {"client_id": "a", "token_endpoint_auth_method": "tls_client_auth"}
SELF_SIGNED = {"client_id": "a", "token_endpoint_auth_method": "self_signed_tls_client_auth"}
DNS = {"tls_client_auth_san_dns": "a.example"}


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return self_sign("CN=a")


@pytest.fixture(scope="module")
def key(pair: KeyPair) -> dict[str, object]:
    return jwk(pair.certificate)


def test_pki() -> None:
    client = Client.from_metadata({**PKI, **DNS, "client_name": "A", "contacts": ["x"], "jwks_uri": None})
    assert client.client_id == "a"
    assert client.uses_mutual_tls
    assert client.tls_client_auth_san_dns == "a.example"
    assert client.subject_value is not None
    assert (client.subject_value.kind, client.subject_value.value) == ("tls_client_auth_san_dns", "a.example")
    assert client.metadata == {"client_name": "A", "contacts": ["x"]}
    assert not client.tls_client_certificate_bound_access_tokens


def test_self_signed(pair: KeyPair, key: dict[str, object]) -> None:
    client = Client.from_metadata({**SELF_SIGNED, "jwks": {"keys": [{"kty": "oct"}, key]}})
    assert client.certificates == (pair.certificate,)
    assert client.uses_mutual_tls


def test_jwks_uri() -> None:
    client = Client.from_metadata({**SELF_SIGNED, "jwks_uri": "https://a.example/jwks"})
    assert client.jwks_uri == "https://a.example/jwks"
    assert client.certificates == ()


def test_default_method_is_no_mutual_tls() -> None:
    client = Client.from_metadata({"client_id": "a", "tls_client_certificate_bound_access_tokens": True})
    assert client.token_endpoint_auth_method == "client_secret_basic"
    assert not client.uses_mutual_tls
    assert client.tls_client_certificate_bound_access_tokens


@pytest.mark.parametrize("method", ["none", "private_key_jwt", "client_secret_post", "TLS_client_auth"])
def test_other_methods(method: str) -> None:
    assert not Client.from_metadata({"client_id": "a", "token_endpoint_auth_method": method}).uses_mutual_tls


def test_immutable() -> None:
    client = Client.from_metadata({**PKI, **DNS, "client_name": "A"})
    with pytest.raises(dataclasses.FrozenInstanceError):
        client.client_id = "b"  # type: ignore[misc]
    with pytest.raises(TypeError):
        client.metadata["client_name"] = "B"  # type: ignore[index]
    assert {client: 1}[Client.from_metadata({**PKI, **DNS, "client_name": "A"})] == 1


EC = {"kty": "EC", "crv": "P-256"}
REFUSED = [
    ({"token_endpoint_auth_method": "none"}, "client_id is missing"),
    ({"client_id": ""}, "client_id must be"),
    ({"client_id": 7}, "client_id must be"),
    ({"client_id": "\u00e9"}, "client_id must be"),
    ({"client_id": "a\n"}, "client_id must be"),
    ({"client_id": "a", "token_endpoint_auth_method": 7}, "token_endpoint_auth_method must be"),
    # It is in the log unchanged: a client that registers itself must not start a line there.
    ({"client_id": "a", "token_endpoint_auth_method": "x\nclient_authenticated"}, "token_endpoint_auth_method must be"),
    (PKI, "needs one of tls_client_auth_subject_dn"),
    ({**PKI, **DNS, "tls_client_auth_san_ip": "192.0.2.1"}, "tls_client_auth_san_dns and tls_client_auth_san_ip"),
    ({**PKI, "tls_client_auth_subject_dn": "a"}, "tls_client_auth_subject_dn 'a'"),
    ({**PKI, "tls_client_auth_san_ip": "a"}, "tls_client_auth_san_ip 'a'"),
    ({**PKI, "tls_client_auth_san_uri": "a"}, "tls_client_auth_san_uri 'a'"),
    ({**PKI, "tls_client_auth_san_dns": ""}, "needs one of tls_client_auth_subject_dn"),
    ({**PKI, **DNS, "token_endpoint_auth_method": ""}, "token_endpoint_auth_method must be"),
    ({**PKI, **DNS, "tls_client_auth_issuer": ""}, "tls_client_auth_issuer must be"),
    ({**PKI, **DNS, "tls_client_auth_issuer": []}, "tls_client_auth_issuer is an empty array"),
    ({**PKI, **DNS, "tls_client_auth_issuer": {}}, "tls_client_auth_issuer must be"),
    ({**PKI, **DNS, "tls_client_certificate_bound_access_tokens": ""}, "must be true or false"),
    ({**PKI, **DNS, "tls_client_auth_san_upn": ""}, "tls_client_auth_san_upn is not a member"),
    ({**PKI, **DNS, "jwks": {"keys": []}, "jwks_uri": "https://a"}, "jwks and jwks_uri exclude each other"),
    ({**PKI, **DNS, "jwks_uri": 7}, "jwks_uri must be"),
    ({**PKI, **DNS, "jwks_uri": "banana"}, "jwks_uri must be an https URL"),
    ({**PKI, **DNS, "jwks_uri": "http://a.example/jwks"}, "jwks_uri must be an https URL"),
    ({**PKI, **DNS, "tls_client_certificate_bound_access_tokens": "false"}, "must be true or false"),
    ({**PKI, **DNS, "tls_client_certificate_bound_access_tokens": 1}, "must be true or false"),
    (SELF_SIGNED, "needs a jwks whose keys carry x5c, or a jwks_uri"),
    ({**SELF_SIGNED, "jwks": {"keys": []}}, "needs a jwks whose keys carry x5c, or a jwks_uri"),
    ({**SELF_SIGNED, "jwks": {"keys": [{"kty": "EC"}]}}, "needs a jwks whose keys carry x5c, or a jwks_uri"),
    ({**SELF_SIGNED, "jwks": []}, "must be a JWK set"),
    ({**SELF_SIGNED, "jwks": "{}"}, "must be a JWK set"),
    ({**SELF_SIGNED, "jwks": {}}, "needs a jwks whose keys carry x5c, or a jwks_uri"),
    ({**SELF_SIGNED, "jwks": ""}, "needs a jwks whose keys carry x5c, or a jwks_uri"),
    ({**SELF_SIGNED, "jwks": False}, "must be a JWK set"),
    ({**SELF_SIGNED, "jwks": {"keys": {}}}, "must be a JWK set"),
    ({**SELF_SIGNED, "jwks": {"keys": ["a"]}}, "must be a JWK set"),
    ({**SELF_SIGNED, "jwks": {"keys": [{**EC, "x5c": "a"}]}}, "x5c must be a list"),
    ({**SELF_SIGNED, "jwks": {"keys": [{**EC, "x5c": []}]}}, "x5c must be a list"),
    ({**SELF_SIGNED, "jwks": {"keys": [{**EC, "x5c": None}]}}, "x5c must be a list"),
    ({**SELF_SIGNED, "jwks": {"keys": [{**EC, "x5c": [7]}]}}, "x5c must be a list"),
    ({**SELF_SIGNED, "jwks": {"keys": [{}, {**EC, "x5c": ["AAAA"]}]}}, r"Key 2 of jwks is skipped: x5c\[0\] is not a"),
    ({**SELF_SIGNED, "jwks": {"keys": [{**EC, "x5c": ["-"]}]}}, "is not a certificate"),
]


@pytest.mark.parametrize(("metadata", "says"), REFUSED)
def test_refused(metadata: dict[str, object], says: str) -> None:
    with refused("invalid_client_metadata", match=says) as caught:
        Client.from_metadata(metadata)
    assert (caught.value.reason, caught.value.error) == ("invalid_client_metadata", "invalid_client")
    if metadata.get("client_id") == "a":
        assert str(caught.value).startswith("Client 'a': ")
        assert str(caught.value).count("Client 'a'") == 1


@pytest.mark.parametrize("metadata", [None, 5, "x", [], [("client_id", "a")], Client])
def test_no_mapping(metadata: Any) -> None:
    with refused("invalid_client_metadata", match="must be a mapping, not"):
        Client.from_metadata(metadata)


def test_any_printable_client_id() -> None:
    assert Client.from_metadata({"client_id": " ~a B"}).client_id == " ~a B"


def test_replaced_keys_replace_the_certificates(pair: KeyPair, key: dict[str, object]) -> None:
    new = self_sign("CN=a").certificate
    client = Client.from_metadata({**SELF_SIGNED, "jwks": {"keys": [key]}})
    assert dataclasses.replace(client, jwks={"keys": [jwk(new)]}).certificates == (new,)
    fetched = dataclasses.replace(client, jwks=None, jwks_uri="https://a.example/jwks")
    assert fetched.certificates == ()
    assert dataclasses.replace(client, client_id="b").certificates == (pair.certificate,)


def test_replaced_name_replaces_the_subject_value() -> None:
    client = dataclasses.replace(Client.from_metadata({**PKI, **DNS}), tls_client_auth_san_dns="b.example")
    assert client.subject_value is not None
    assert client.subject_value.value == "b.example"


@pytest.mark.parametrize("derived", ["certificates", "skipped_keys", "subject_value"])
def test_what_follows_from_other_members_cannot_be_given(derived: str) -> None:
    client = Client.from_metadata({**PKI, **DNS})
    with pytest.raises(TypeError, match=derived):
        Client(client_id="a", **{derived: getattr(client, derived)})
    with pytest.raises((TypeError, ValueError), match=derived):  # TypeError from Python 3.13 on
        dataclasses.replace(client, **{derived: getattr(client, derived)})


def test_certificates_come_from_one_place(pair: KeyPair, key: dict[str, object]) -> None:
    client = Client(client_id="a", token_endpoint_auth_method=None, registered_certificates=(pair.certificate,))
    assert client.certificates == (pair.certificate,)
    with refused("invalid_client_metadata", match="jwks and certificates exclude"):
        dataclasses.replace(client, jwks={"keys": [key]})


def test_a_client_that_the_certificate_judges_has_one_method(pair: KeyPair) -> None:
    by_name = Client(client_id="a", token_endpoint_auth_method=None, tls_client_auth_san_dns="a.example")
    with refused("invalid_client_metadata", match="the caller would choose"):
        dataclasses.replace(by_name, registered_certificates=(pair.certificate,))
    with refused("invalid_client_metadata", match="the caller would choose"):
        dataclasses.replace(by_name, jwks_uri="https://a.example/jwks")
    chosen = dataclasses.replace(
        by_name, jwks_uri="https://a.example/jwks", token_endpoint_auth_method="tls_client_auth"
    )
    assert chosen.jwks_uri


def test_copies(key: dict[str, object]) -> None:
    client = Client.from_metadata({**SELF_SIGNED, "jwks": {"keys": [key]}, "client_name": "A", "contacts": ["x"]})
    copies: list[Client] = [pickle.loads(pickle.dumps(client)), copy.deepcopy(client), copy.copy(client)]
    for made in copies:
        assert made == client
        assert made.certificates == client.certificates
        with pytest.raises(TypeError):
            made.metadata["client_name"] = "B"  # type: ignore[index]


@pytest.mark.parametrize("key_type", ["ec", "rsa", "ed25519"])
def test_x5c_of_another_key(key_type: str) -> None:
    profile = Profile(key_type=key_type)  # type: ignore[arg-type]
    one, other = (jwk(self_sign("CN=a", profile).certificate) for _ in range(2))
    assert Client.from_metadata({**SELF_SIGNED, "jwks": {"keys": [one]}}).certificates
    with refused("invalid_client_metadata", match=r"Key 1 of jwks: x5c\[0\] certifies another key"):
        Client.from_metadata({**SELF_SIGNED, "jwks": {"keys": [one | {"x5c": other["x5c"]}]}})


def test_x5c_without_the_key_itself(key: dict[str, object]) -> None:
    with refused("invalid_client_metadata", match="kty is missing"):
        Client.from_metadata({**SELF_SIGNED, "jwks": {"keys": [{"x5c": key["x5c"]}]}})


def test_x5c_with_line_ends(key: dict[str, object]) -> None:
    assert isinstance(key["x5c"], list)
    with refused("invalid_client_metadata"):
        Client.from_metadata({**SELF_SIGNED, "jwks": {"keys": [key | {"x5c": [key["x5c"][0] + "\n"]}]}})


@pytest.mark.parametrize("empty", ["", {}])
def test_empty_members_of_another_servers_export_count_as_absent(key: dict[str, object], empty: object) -> None:
    kinds = [name for name in SUBJECT_KINDS if name not in DNS]
    exported: dict[str, object] = {**dict.fromkeys(kinds, ""), "jwks": empty, "jwks_uri": "", "client_name": ""}
    assert Client.from_metadata({**PKI, **DNS, **exported}) == Client.from_metadata({**PKI, **DNS, "client_name": ""})
    keys = {**SELF_SIGNED, "jwks": {"keys": [key]}}
    assert Client.from_metadata({**exported, **keys, "client_name": "A"}).certificates
    published = {**SELF_SIGNED, **exported, "jwks_uri": "https://a.example/jwks"}
    assert Client.from_metadata(published).jwks_uri == "https://a.example/jwks"


def test_a_member_that_is_null_counts_as_absent() -> None:
    members = ("token_endpoint_auth_method", "tls_client_certificate_bound_access_tokens", "jwks", "jwks_uri")
    nulls = Client.from_metadata({"client_id": "x", **dict.fromkeys(members)})
    assert nulls == Client.from_metadata({"client_id": "x"})
    assert nulls.token_endpoint_auth_method == "client_secret_basic"
    assert nulls.tls_client_certificate_bound_access_tokens is False
