"""A name in a header, where no certificate can be had: PKI only."""

from typing import Any

import pytest

from tests.support import Endpoint, peer_certificate, refused, request
from tests.unit.sources.captures import environ
from wsgi_mtls import AuthenticatedClient, ClientAuthMiddleware, Verifier, sources
from wsgi_mtls.clients import CallbackRegistry
from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.jwks import jwk
from wsgi_mtls.sources import Status, subject_header
from wsgi_mtls.testing import self_sign
from wsgi_mtls.wsgi_tokens import AccessTokenMiddleware
from wsgi_mtls.x509 import PeerSubject

# What nginx sends as $ssl_client_s_dn.
DN = environ("ingress-nginx", "ca_signed_with_chain")["HTTP_SSL_CLIENT_SUBJECT_DN"]
HERE: dict[str, Any] = {"trusted_proxies": ["127.0.0.1"]}
VERIFY = Status("Verify", "SUCCESS", "NONE")
BY_DN = subject_header("Dn", kind="tls_client_auth_subject_dn", verified=VERIFY, **HERE)
CLIENTS: dict[str, Any] = {
    "rp": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": DN},
    "dns": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"},
    "ip": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_ip": "2001:db8::1"},
    "bound": {
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": DN,
        "tls_client_certificate_bound_access_tokens": True,
    },
}


def headers(**values: str) -> dict[str, Any]:
    sent = {f"HTTP_{name.upper()}": value.encode().decode("latin-1") for name, value in values.items()}
    return {"REMOTE_ADDR": "127.0.0.1", **sent}


def authenticate(source: Any, client_id: str, environ: dict[str, Any], clients: Any = CLIENTS) -> AuthenticatedClient:
    return Verifier(clients, allowed_methods=["tls_client_auth"]).authenticate(client_id, source(environ))


@pytest.mark.parametrize("text", [DN, 'cn=client-1, ou=Dev = Ops, o="#"'.replace('o="#"', DN.split(",", 2)[2])])
def test_accepted(text: str) -> None:
    client = authenticate(BY_DN, "rp", headers(dn=text, verify="SUCCESS"))
    assert (client.client_id, client.method, client.certificate) == ("rp", "tls_client_auth", None)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"dn": DN, "verify": "FAILED:expired"}, "chain_not_verified"),
        ({"dn": DN, "verify": "NONE"}, "contradictory_status"),
        ({"dn": DN}, "contradictory_status"),
        ({"verify": "SUCCESS"}, "contradictory_status"),
        ({"verify": "NONE"}, "no_certificate"),
        ({}, "no_certificate"),
        ({"dn": "CN=client-2", "verify": "SUCCESS"}, "subject_mismatch"),
        ({"dn": f"{DN},{DN}", "verify": "SUCCESS"}, "subject_mismatch"),
        ({"dn": "junk", "verify": "SUCCESS"}, "malformed_name"),
        ({"dn": "x" * 70000, "verify": "SUCCESS"}, "malformed_name"),
    ],
)
def test_refused(values: dict[str, str], reason: str) -> None:
    with refused(reason):
        authenticate(BY_DN, "rp", headers(**values))


def test_octets_that_are_no_utf8() -> None:
    with refused("malformed_name"):
        BY_DN({**headers(verify="SUCCESS"), "HTTP_DN": "CN=\xff"})


def test_utf8_without_escapes_as_apache_sends_it() -> None:
    source = subject_header("Dn", kind="tls_client_auth_subject_dn", verified=True, **HERE)
    apache = environ("mod_ssl-mod_wsgi", "ca_signed_with_chain")["SSL_CLIENT_S_DN"]
    assert authenticate(source, "rp", {"REMOTE_ADDR": "127.0.0.1", "HTTP_DN": apache}).client_id == "rp"


@pytest.mark.parametrize("slash", ["/C=SE/CN=client-1", "/CN=client-1", "/C=SE/O=x/CN=a/CN=client-1"])
def test_slash_form(slash: str) -> None:
    registered = {"rp": {**CLIENTS["rp"], "tls_client_auth_subject_dn": slash}}
    with refused("malformed_name"):
        authenticate(BY_DN, "rp", headers(dn=slash, verify="SUCCESS"), registered)
    made_by_hand = PeerSubject("tls_client_auth_subject_dn", (slash,), verified=True)
    with refused("subject_mismatch"):
        authenticate(lambda _: made_by_hand, "rp", {}, registered)


def test_san_over_several_headers() -> None:
    source = subject_header(["San0", "San1"], kind="tls_client_auth_san_dns", verified=VERIFY, **HERE)
    for values in ({"san0": "RP.example.com"}, {"san0": "*.example.com", "san1": "rp.example.com"}):
        assert authenticate(source, "dns", headers(verify="SUCCESS", **values)).client_id == "dns"
    for values in ({"san0": "*.example.com"}, {"san0": "a", "san1": "b"}):
        with refused("subject_mismatch"):
            authenticate(source, "dns", headers(verify="SUCCESS", **values))


@pytest.mark.parametrize("kind", ["tls_client_auth_san_dns", "tls_client_auth_san_ip", "tls_client_auth_san_email"])
def test_a_comma_where_none_belongs_is_a_header_that_came_twice(kind: Any) -> None:
    source = subject_header("San", kind=kind, verified=True, **HERE)
    assert source(headers(san="a")) == PeerSubject(kind, ("a",), True, "San")
    for value in ("a,b", "a, b", ",a"):
        with refused("malformed_name", match="decode="):
            source(headers(san=value))
    uri = subject_header("San", kind="tls_client_auth_san_uri", verified=True, **HERE)
    assert uri(headers(san="urn:a,b")) == PeerSubject("tls_client_auth_san_uri", ("urn:a,b",), True, "San")


def test_decoder_for_several_values_in_one_header() -> None:
    source = subject_header(
        "San", kind="tls_client_auth_san_ip", decode=lambda text: tuple(text.split(",")), verified=True, **HERE
    )
    assert authenticate(source, "ip", headers(san="192.0.2.1,2001:DB8:0::1")).client_id == "ip"


def test_another_kind_than_the_registered_one() -> None:
    source = subject_header("San", kind="tls_client_auth_san_uri", verified=True, **HERE)
    with refused("subject_mismatch"):
        authenticate(source, "dns", headers(san="rp.example.com"))


def test_bound_tokens_and_self_signed_clients_need_the_certificate() -> None:
    sent = headers(dn=DN, verify="SUCCESS")
    with refused("certificate_not_delivered"):
        authenticate(BY_DN, "bound", sent)
    with refused("certificate_not_delivered"):
        _ = authenticate(BY_DN, "rp", sent).confirmation
    pair = self_sign(DN)
    registered = {
        "rp": {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [jwk(pair.certificate)]}}
    }
    with refused("certificate_not_delivered"):
        Verifier(registered).authenticate("rp", BY_DN(sent))
    with refused("certificate_not_delivered"):
        Verifier(CLIENTS).identify(BY_DN(sent))


def test_a_client_without_method_is_judged_by_pki() -> None:
    registry = CallbackRegistry(pki=lambda _: DN)
    assert authenticate(BY_DN, "rp", headers(dn=DN, verify="SUCCESS"), registry).method == "tls_client_auth"


class NoTokens:
    def decode(self, token: str, /) -> dict[str, object]:
        raise InvalidToken("There are none.")


def test_says_so_when_it_is_configured_for_what_it_cannot_serve() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        return []

    with pytest.raises(ValueError, match="allowed_methods"):
        ClientAuthMiddleware(app, Verifier(CLIENTS), source=BY_DN, paths=["/token"])
    with pytest.raises(ValueError, match="bound tokens"):
        AccessTokenMiddleware(app, NoTokens(), source=BY_DN, paths=["/accounts"])
    AccessTokenMiddleware(app, NoTokens(), source=sources.mod_ssl(), paths=["/accounts"])
    wrong: list[dict[str, Any]] = [{"kind": "subject_dn"}, {"name": []}]
    for arguments in wrong:
        with pytest.raises(ValueError, match="kind"):
            subject_header(
                **{"name": "Dn", "kind": "tls_client_auth_subject_dn", "verified": True, **HERE, **arguments}
            )


def test_over_the_middleware() -> None:
    endpoint = Endpoint(CLIENTS, verifier={"allowed_methods": ["tls_client_auth"]}, source=BY_DN)
    forged = headers(dn=DN, verify="SUCCESS") | {"REMOTE_ADDR": "192.0.2.1"}
    assert request(endpoint.app, {"client_id": "rp"}, extra=forged).status == 401
    assert [event.reason for event in endpoint.events] == ["untrusted_proxy", "no_certificate"]
    assert request(endpoint.app, {"client_id": "bound"}, extra=headers(dn=DN, verify="SUCCESS")).status == 401
    assert [event.reason for event in endpoint.events][2:] == ["certificate_not_delivered"]


def test_the_seam_keeps_it() -> None:
    environ = headers(dn=DN, verify="SUCCESS")
    found = peer_certificate(environ, BY_DN)
    assert isinstance(found, PeerSubject)
    assert peer_certificate(environ, lambda _: None) is found
