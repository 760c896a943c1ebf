"""Binding tokens: RFC 8705 sections 3.4, 4 and 7.1."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import refused
from tests.tokens import thumbprint
from wsgi_mtls import Client, ClientCertificate, PeerCertificate
from wsgi_mtls.binding import (
    bind,
    bind_refresh_token,
    confirmation,
    must_rotate,
    verify_confirmation,
    verify_grant,
    verify_refresh_token,
)
from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.testing import self_sign
from wsgi_mtls.x509 import PeerSubject

PAIR, OTHER = self_sign("CN=a"), self_sign("CN=b")
PEER, OTHER_PEER = PeerCertificate(PAIR.certificate), PeerCertificate(OTHER.certificate)
NAME_ONLY = PeerSubject("tls_client_auth_san_dns", ("a",))
CNF = {"x5t#S256": thumbprint(PAIR)}


def client(method: str = "none", *, bound: bool = True, client_id: str = "phone") -> Client:
    return Client(
        client_id=client_id, token_endpoint_auth_method=method, tls_client_certificate_bound_access_tokens=bound
    )


def test_the_rfcs_own_example() -> None:
    vector = json.loads((Path(__file__).parents[1] / "conformance" / "rfc8705-appendix-a.json").read_text())
    peer = PeerCertificate(ClientCertificate.from_pem(vector["certificate"]))
    cnf = {"x5t#S256": vector["x5t#S256"]}
    assert confirmation(peer) == cnf
    assert verify_confirmation({"cnf": cnf}, peer) == peer.certificate
    for wrong in vector["must_not_equal"]:
        with refused("malformed_confirmation"):
            verify_confirmation({"cnf": {"x5t#S256": wrong}}, peer)


@pytest.mark.parametrize("method", ["none", "client_secret_basic", "private_key_jwt"])
def test_bind(method: str) -> None:
    claims = {"sub": "x"}
    assert bind(claims, PEER, client(method)) == {"sub": "x", "cnf": CNF}
    assert bind(claims, PEER, client(method, bound=False)) == {"sub": "x"}
    assert bind(claims, None, client(method, bound=False)) == {"sub": "x"}
    assert bind(claims, PEER, client(method, bound=False), always=True) == {"sub": "x", "cnf": CNF}
    for must in (client(method), client(method, bound=False)):
        with refused("certificate_required") as caught:
            bind(claims, None, must, always=True)
        assert (caught.value.status, caught.value.error) == (400, "invalid_request")
    assert claims == {"sub": "x"}


def test_bind_again() -> None:
    """A renewed token is bound to the renewed certificate; what else it is bound to stays."""
    old: dict[str, Any] = {"cnf": {"x5t#S256": thumbprint(OTHER), "jkt": "x"}}
    assert bind(old, PEER, client()) == {"cnf": {**CNF, "jkt": "x"}}
    assert old["cnf"]["x5t#S256"] == thumbprint(OTHER)
    unbound = client(bound=False)
    assert bind(old, PEER, unbound) == old


@pytest.mark.parametrize("cnf", [None, "x", [], 5])
def test_bind_claims_with_a_broken_confirmation(cnf: object) -> None:
    """The server's own mistake, and no caller's invalid token."""
    with pytest.raises(ValueError, match="leave it out") as caught:
        bind({"cnf": cnf}, PEER, client())
    assert not isinstance(caught.value, MutualTLSError)
    assert bind({"cnf": {}}, PEER, client()) == {"cnf": CNF}


def test_bind_needs_the_certificate_itself() -> None:
    with refused("certificate_required", match="pass the certificate on") as caught:
        bind({}, NAME_ONLY, client())
    assert (caught.value.status, caught.value.error) == (400, "invalid_request")
    with refused("certificate_required", match="pass the certificate on"):
        bind_refresh_token({}, NAME_ONLY, client())
    with refused("certificate_not_delivered"):
        confirmation(NAME_ONLY)
    assert bind({}, NAME_ONLY, client(bound=False)) == {}


def test_refresh_token_of_a_public_client() -> None:
    record = bind_refresh_token({"sub": "alice", "cnf": {"x5t#S256": "copied"}}, PEER, client())
    assert record == {"sub": "alice", "client_id": "phone", "cnf": CNF}
    verify_refresh_token(record, PEER, client())
    for thief in (None, OTHER_PEER, NAME_ONLY):
        with refused("refresh_token_not_bound"):
            verify_refresh_token(record, thief, client())
        # Bound is bound, whatever the client is registered for by now.
        with refused("refresh_token_not_bound"):
            verify_refresh_token(record, thief, client(bound=False))
    with refused("certificate_required"):
        bind_refresh_token({}, None, client())


def test_refresh_token_from_before_the_client_was_bound() -> None:
    record = bind_refresh_token({}, None, client(bound=False))
    verify_refresh_token(record, None, client(bound=False))
    with refused("refresh_token_not_bound"):
        verify_refresh_token(record, PEER, client())
    with refused("refresh_token_not_bound"):
        verify_refresh_token(record, PEER, client(bound=False), always=True)


@pytest.mark.parametrize("cnf", [None, {}, [], "x", {"x5t#S256": None}, {**CNF, "jkt": "x"}, {"x5t#S256": ""}])
def test_refresh_token_with_a_broken_record(cnf: object) -> None:
    with refused("refresh_token_not_bound"):
        verify_refresh_token({"client_id": "phone", "cnf": cnf}, PEER, client(bound=False))


@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_basic"])
def test_refresh_token_of_a_confidential_client(method: str) -> None:
    confidential = client(method)
    record = bind_refresh_token({"sub": "alice"}, PEER, confidential)
    assert record == {"sub": "alice", "client_id": "phone"}
    for peer in (PEER, OTHER_PEER, None):
        verify_refresh_token(record, peer, confidential)


@pytest.mark.parametrize("owner", ["other", "PHONE", "phone ", "", None, ["phone"]])
def test_grant_of_another_client(owner: object) -> None:
    for method in ("none", "private_key_jwt"):
        with refused("grant_of_another_client") as caught:
            verify_refresh_token({"client_id": owner, "cnf": CNF}, PEER, client(method))
        assert (caught.value.status, caught.value.error) == (400, "invalid_grant")
    with refused("grant_of_another_client"):
        verify_grant({}, client())
    verify_grant({"client_id": "phone"}, client())


@pytest.mark.parametrize("claims", [{}, {"cnf": {"unknown": "x"}}])
def test_a_binding_is_required_unless_the_caller_says_otherwise(claims: dict[str, Any]) -> None:
    with refused("token_not_bound"):
        verify_confirmation(claims, PEER)
    assert verify_confirmation({}, PEER, required=False) is None


def test_which_refresh_tokens_rotate() -> None:
    """RFC 9700 section 4.14.2: those of public clients that are bound to nothing."""
    unbound = bind_refresh_token({}, PEER, client(bound=False))
    assert must_rotate(unbound, client(bound=False))
    assert not must_rotate(bind_refresh_token({}, PEER, client()), client())
    assert not must_rotate({**unbound, "cnf": {"jkt": "x"}}, client(bound=False))
    for method in ("client_secret_basic", "private_key_jwt"):
        assert not must_rotate(unbound, client(method, bound=False))
