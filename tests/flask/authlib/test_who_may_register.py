"""Access to registration at the Authlib example: by token, by certificate, or for every caller."""

from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, make_ca

from .authserver import ISSUER, REDIRECT, outcome
from .registering import MACHINE, Make, put, register, registered


def test_registration_is_closed_without_settings(make: Make, new: KeyPair) -> None:
    server = make(REGISTRATION_TOKEN=None)
    for token in (None, "initial", "", "None"):
        assert register(server, MACHINE, token, new).status_code in (400, 401)
    found = server.app.test_client().get("/.well-known/oauth-authorization-server", base_url=ISSUER).get_json()
    assert "registration_endpoint" not in found


def test_wrong_initial_token(make: Make) -> None:
    server = make(REGISTRATION_OPEN=True, REGISTRATION_BY_CERTIFICATE=True)
    for token in ("guess", "é", "initial2"):
        answer = register(server, MACHINE, token)
        assert answer.status_code in (400, 401)
    answer = register(server, MACHINE, "guess")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_registration_by_certificate(make: Make, ca: KeyPair, new: KeyPair) -> None:
    server = make(REGISTRATION_TOKEN=None, REGISTRATION_BY_CERTIFICATE=True, MTLS_BASE="https://mtls.example.com")
    found = registered(server, MACHINE, token=None, pair=new)
    assert found["registration_client_uri"].startswith("https://mtls.example.com/oauth/register/")
    assert server.token(found["client_id"], new).status_code == 200
    assert outcome(register(server, MACHINE, None)) == (401, "invalid_client")
    assert outcome(register(server, MACHINE, None, new, verified=False)) == (401, "invalid_client")
    metadata = server.app.test_client().get("/.well-known/oauth-authorization-server", base_url=ISSUER).get_json()
    assert metadata["mtls_endpoint_aliases"]["registration_endpoint"] == "https://mtls.example.com/oauth/register"


def test_only_ones_own_name_is_registered_by_certificate(
    make: Make, ca: KeyPair, new: KeyPair, mobile: KeyPair
) -> None:
    server = make(REGISTRATION_BY_CERTIFICATE=True)
    other = ca.issue("CN=other", Profile(san_dns=["other.example.com"]))
    assert outcome(register(server, MACHINE, None, other)) == (400, "invalid_client_metadata")
    keys = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "grant_types": ["client_credentials"]}
    theirs, mine = ({**keys, "jwks": {"keys": [jwk(pair.certificate)]}} for pair in (mobile, other))
    assert outcome(register(server, theirs, None, other)) == (400, "invalid_client_metadata")
    assert register(server, mine, None, other).status_code == 201
    # A token of the operator's may register any name, whatever certificate the connection has.
    assert register(server, MACHINE, "initial", other).status_code == 201
    # A client of another method has no name to prove.
    assert register(server, {"grant_types": ["client_credentials"]}, None, other).status_code == 201


def test_update_by_certificate(make: Make, ca: KeyPair, new: KeyPair) -> None:
    """What needed a certificate cannot be changed to another's name by the token alone."""
    server = make(REGISTRATION_BY_CERTIFICATE=True)
    found = registered(server, MACHINE, token=None, pair=new)
    values = {**MACHINE, "client_id": found["client_id"], "client_name": "New"}
    other = ca.issue("CN=other", Profile(san_dns=["other.example.com"]))
    foreign = make_ca("CN=foreign").issue("CN=new", Profile(san_dns=["new.example.com"]))
    assert outcome(put(server, found, values)) == (401, "invalid_client")
    assert outcome(put(server, found, values, pair=other)) == (400, "invalid_client_metadata")
    assert outcome(put(server, found, values, pair=foreign, verified=False)) == (401, "invalid_client")
    renamed = {**values, "tls_client_auth_san_dns": "other.example.com"}
    assert outcome(put(server, found, renamed, pair=new)) == (400, "invalid_client_metadata")
    assert put(server, found, renamed, pair=other).status_code == 200  # it has the token, and this name
    assert put(server, found, values, pair=new).status_code == 200


def test_open_registration_depends_on_nobody_else(make: Make, new: KeyPair, mobile: KeyPair) -> None:
    """The second client to register a name or key gets the same answer as the first: no owner is revealed."""
    server = make(REGISTRATION_OPEN=True, REGISTRATION_TOKEN=None)
    keys = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [jwk(mobile.certificate)]}}
    taken = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing,O=Agora,C=SE"}
    for values in (MACHINE, {**keys, "redirect_uris": [REDIRECT]}, {**taken, "redirect_uris": [REDIRECT]}):
        for pair in (None, new, mobile):
            one, two = (registered(server, {**values, "client_id": "billing"}, token=None, pair=pair) for _ in "ab")
            assert one["client_id"] != two["client_id"]
            drawn = {"client_id", "registration_access_token", "registration_client_uri", "client_id_issued_at"}
            assert {n: v for n, v in one.items() if n not in drawn} == {n: v for n, v in two.items() if n not in drawn}
            assert "billing" not in (one["client_id"], two["client_id"])
