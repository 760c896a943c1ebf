"""Software statements at the Authlib example (RFC 7591 section 2.3)."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from joserfc.jws import JWSRegistry

from wsgi_mtls.testing import KeyPair

from .authserver import ISSUER, outcome
from .registering import MACHINE, PKI, Make, at, put, register, registered, send

PKI_CLAIMS: dict[str, Any] = dict(PKI)
SIGNER = ECKey.generate_key("P-256", {"kid": "1"})
STATEMENTS = {"issuer": "https://directory.example.com", "jwks": {"keys": [SIGNER.as_dict(private=False)]}}


def statement(key: Any = SIGNER, *, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
    made = {"iss": STATEMENTS["issuer"], "software_id": "4NRB1", "exp": int(time.time()) + 600, **claims}
    found = {name: value for name, value in made.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": "1", **(header or {})}, found, key, algorithms=["ES256", "HS256", "none"])


def by_hand(header: Mapping[str, Any], payload: bytes | None = None) -> str:
    """Sign a header that joserfc refuses to write."""
    claims = json.dumps({"iss": STATEMENTS["issuer"]}).encode() if payload is None else payload
    parts = [urlsafe_b64encode(part).rstrip(b"=") for part in (json.dumps(header).encode(), claims)]
    signature = JWSRegistry.algorithms["ES256"].sign(b".".join(parts), SIGNER)
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_statement_by_hand(make: Make) -> None:
    """The accepted twin of those that are refused below."""
    server = make(SOFTWARE_STATEMENTS=STATEMENTS)
    assert register(server, {**MACHINE, "software_statement": by_hand({"alg": "ES256"})}).status_code == 201


def test_software_statement_goes_before_what_the_client_says(make: Make, new: KeyPair) -> None:
    server = make(SOFTWARE_STATEMENTS=STATEMENTS)
    signed = statement(client_name="Signed", scope="accounts", **PKI_CLAIMS, jti="1", org_status="Active")
    own = {"client_name": "Own", "token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]}
    found = registered(server, {**own, "software_statement": signed})
    assert found["software_statement"] == signed  # RFC 7591 section 3.2.1
    assert {name: found[name] for name in ("client_name", "software_id", *PKI)} == {
        "client_name": "Signed", "software_id": "4NRB1", **PKI,
    }  # fmt: skip
    assert "client_secret" not in found
    assert not {"iss", "exp", "jti", "org_status"} & found.keys()
    assert server.token(found["client_id"], new).status_code == 200
    assert send(server, "GET", at(found), found["registration_access_token"]).get_json() == found


def test_statement_and_request_can_leave_no_two_subject_values(make: Make) -> None:
    server = make(SOFTWARE_STATEMENTS=STATEMENTS)
    values = {"software_statement": statement(**PKI_CLAIMS), "tls_client_auth_subject_dn": "CN=other"}
    assert outcome(register(server, values)) == (400, "invalid_client_metadata")
    found = registered(server, {"software_statement": statement(**PKI_CLAIMS)})
    again = {**values, "client_id": found["client_id"]}
    assert outcome(put(server, found, again)) == (400, "invalid_client_metadata")


@pytest.mark.parametrize(("made", "error"), [
    (lambda: statement(iss="https://other.example.com"), "unapproved_software_statement"),
    (lambda: statement(iss=None), "unapproved_software_statement"),
    (lambda: statement(iss=[STATEMENTS["issuer"]]), "unapproved_software_statement"),
    (lambda: statement(exp=int(time.time()) - 600), "invalid_software_statement"),
    (lambda: statement(exp="soon"), "invalid_software_statement"),
    (lambda: statement(exp=float("inf")), "invalid_software_statement"),
    (lambda: statement(nbf=int(time.time()) + 600), "invalid_software_statement"),
    (lambda: statement(aud="https://other.example.com"), "invalid_software_statement"),
    (lambda: statement(aud=7), "invalid_software_statement"),
    (lambda: statement(ECKey.generate_key("P-256")), "invalid_software_statement"),
    (lambda: statement(OctKey.generate_key(256), header={"alg": "HS256"}), "invalid_software_statement"),
    (lambda: by_hand({"alg": "ES256", "crit": ["exp"]}), "invalid_software_statement"),
    (lambda: by_hand({"alg": "ES256", "crit": 1}), "invalid_software_statement"),
    (lambda: by_hand({"alg": "ES256", "b64": False}), "invalid_software_statement"),
    (lambda: by_hand({"alg": ["ES256"]}), "invalid_software_statement"),
    (lambda: by_hand({"alg": "ES256"}, b"[]"), "invalid_software_statement"),
    (lambda: by_hand({"alg": "ES256"}, b"[" * 9000), "invalid_software_statement"),
    (lambda: statement()[:-4] + "AAAA", "invalid_software_statement"),
    (lambda: statement(client_name="x" * 40_000), "invalid_software_statement"),
    (lambda: "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2RpcmVjdG9yeS5leGFtcGxlLmNvbSJ9.", "invalid_software_statement"),
    (lambda: "é.é.é", "invalid_software_statement"),
    (lambda: "a.b", "invalid_software_statement"),
    (lambda: "", "invalid_software_statement"),
    (lambda: 7, "invalid_software_statement"),
    (lambda: None, "invalid_software_statement"),
    (lambda: {"a": 1}, "invalid_software_statement"),
    (lambda: statement(scope=7), "invalid_client_metadata"),
    (lambda: statement(tls_client_auth_issuer="CN=CA"), "invalid_client_metadata"),
    (lambda: statement(scope="everything"), "invalid_client_metadata"),
    (lambda: statement(client_name=["x"]), "invalid_client_metadata"),
])  # fmt: skip
def test_wrong_statements(make: Make, made: Callable[[], Any], error: str) -> None:
    server = make(SOFTWARE_STATEMENTS=STATEMENTS, MTLS_MAX_BODY=65536)
    assert outcome(register(server, {**MACHINE, "software_statement": made()})) == (400, error)


def test_statement_for_this_server(make: Make) -> None:
    server = make(SOFTWARE_STATEMENTS=STATEMENTS)
    assert register(server, {**MACHINE, "software_statement": statement(aud=ISSUER, exp=None)}).status_code == 201


def test_required_statement(make: Make) -> None:
    server = make(SOFTWARE_STATEMENTS={**STATEMENTS, "required": True})
    assert outcome(register(server, MACHINE)) == (400, "invalid_software_statement")
    found = registered(server, {**MACHINE, "software_statement": statement()})
    update = {**MACHINE, "client_id": found["client_id"]}
    assert outcome(put(server, found, update)) == (400, "invalid_software_statement")
    assert put(server, found, {**update, "software_statement": statement()}).status_code == 200


def test_statement_is_ignored_where_nobody_may_sign_one(make: Make) -> None:
    """RFC 7591 section 2.3."""
    found = registered(make(), {**MACHINE, "software_statement": statement(client_name="Signed")})
    assert not {"software_statement", "client_name"} & found.keys()


@pytest.mark.parametrize("change", [
    {"jwks": {"keys": []}}, {"jwks": []}, {"issuer": ""}, {"algorithms": ["HS256"]}, {"algorithms": ["none"]},
    {"algorithms": []}, {"algorithms": "ES256"},
])  # fmt: skip
def test_statements_that_cannot_be_configured(make: Make, change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"algorithms|issuer|JWK"):
        make(SOFTWARE_STATEMENTS={**STATEMENTS, **change})
