"""ATTACKS.md: certificates in headers, as the environ looks that each server makes of what attackers send.

What real programs make of it is tried in ``tests/e2e``.
"""

from typing import Any
from urllib.parse import quote

import pytest

from tests.support import ACCEPTED, Endpoint, Outcome, request
from wsgi_mtls import ClientAuthMiddleware, Verifier, sources
from wsgi_mtls.events import Event
from wsgi_mtls.jwks import jwk
from wsgi_mtls.sources import CertificateSource
from wsgi_mtls.testing import KeyPair, Profile, self_sign, to_pem

PROXY, STRANGER = "10.0.0.1", "192.0.2.1"
NO_CERTIFICATE: Outcome = (401, "invalid_client", "no_certificate")
MALFORMED: Outcome = (400, "invalid_request", "malformed_certificate")
CONTRADICTORY: Outcome = (401, "invalid_client", "contradictory_status")
NOT_VERIFIED: Outcome = (401, "invalid_client", "chain_not_verified")
MISMATCH: Outcome = (401, "invalid_client", "subject_mismatch")

CERT, VERIFY = "HTTP_X_SSL_CLIENT_CERT", "HTTP_X_SSL_CLIENT_VERIFY"
NGINX = sources.nginx(trusted_proxies=[PROXY])
SELF_SIGNED = self_sign("CN=mobile")


@pytest.fixture(scope="module")
def rp(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=rp", Profile(san_dns=["rp.example.com"]))


@pytest.fixture(scope="module")
def evil(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=evil", Profile(san_dns=["evil.example.com"]))


def endpoint(source: CertificateSource) -> Endpoint:
    clients = {
        "rp": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "rp.example.com"},
        "mobile": {
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": {"keys": [jwk(SELF_SIGNED.certificate)]},
        },
    }
    return Endpoint(clients, source=source)


def outcome(source: CertificateSource, keys: dict[str, str], client_id: str = "rp", peer: str = PROXY) -> Outcome:
    at = endpoint(source)
    return at.result(request(at.app, {"client_id": client_id}, extra={"REMOTE_ADDR": peer, **keys}))


def pem(pair: KeyPair) -> str:
    return quote(to_pem(pair.certificate), safe="")


def recorder(seen: dict[str, Any]) -> Any:
    """Make an application that keeps its environ."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [])
        return []

    return app


def test_row_24_untrusted_peer(rp: KeyPair) -> None:
    sent = {CERT: pem(rp), VERIFY: "SUCCESS"}
    assert outcome(NGINX, sent, peer=STRANGER) == NO_CERTIFICATE
    assert outcome(NGINX, sent, peer="") == NO_CERTIFICATE
    assert outcome(NGINX, sent, peer="10.0.0.1, 10.0.0.1") == NO_CERTIFICATE
    assert outcome(NGINX, {**sent, "HTTP_X_FORWARDED_FOR": PROXY}, peer=STRANGER) == NO_CERTIFICATE
    assert outcome(NGINX, sent) == ACCEPTED
    assert outcome(NGINX, sent, peer=f"::ffff:{PROXY}") == ACCEPTED


@pytest.mark.parametrize("path", ["/token", "/", "/elsewhere", "/token/", "/tokens"])
def test_row_24_stripped_on_every_path(rp: KeyPair, path: str) -> None:
    seen: dict[str, Any] = {}
    events: list[Event] = []
    source = sources.nginx(trusted_proxies=[PROXY])
    app = ClientAuthMiddleware(
        recorder(seen),
        Verifier({}),
        source=source,
        paths=["/token"],
        on_failure="defer",
        observers=[lambda event: events.append(event) if event.name == "untrusted_proxy" else None],
    )
    for peer in (STRANGER, PROXY):
        seen.clear()
        request(app, {"client_id": "rp"}, path=path, extra={"REMOTE_ADDR": peer, CERT: pem(rp), VERIFY: "SUCCESS"})
        assert ({CERT, VERIFY} <= seen.keys()) == (peer == PROXY)
        assert (CERT in seen) == (VERIFY in seen)
    assert [event.name for event in events] == ["untrusted_proxy"]


def test_row_24_malformed_is_nobody_elses_business_on_other_paths() -> None:
    at = endpoint(NGINX)
    answer = request(at.app, {}, path="/elsewhere", extra={"REMOTE_ADDR": PROXY, CERT: "junk", VERIFY: "SUCCESS"})
    assert answer.status == 200


@pytest.mark.parametrize(
    "joined", ["{0},{0}", "{0}, {0}", "{1},{0}", "{0},{1}", "{0};{1}", "{0}{1}", "{1}{0}", "{0}%0A{1}"]
)
def test_row_25_header_twice(rp: KeyPair, evil: KeyPair, joined: str) -> None:
    assert outcome(NGINX, {CERT: joined.format(pem(rp), pem(evil)), VERIFY: "SUCCESS"}) == MALFORMED
    assert outcome(NGINX, {CERT: joined.format(pem(rp), "x"), VERIFY: "SUCCESS"}) == MALFORMED
    assert outcome(NGINX, {CERT: pem(rp), VERIFY: "SUCCESS"}) == ACCEPTED


def test_row_25_status_twice(rp: KeyPair) -> None:
    for status in ("SUCCESS,SUCCESS", "NONE,SUCCESS", "FAILED:expired, SUCCESS"):
        assert outcome(NGINX, {CERT: pem(rp), VERIFY: status}) == CONTRADICTORY
        mobile = {CERT: pem(SELF_SIGNED), VERIFY: status}
        assert outcome(NGINX, mobile, client_id="mobile") == CONTRADICTORY
    assert outcome(NGINX, {CERT: pem(SELF_SIGNED), VERIFY: "FAILED:x"}, client_id="mobile") == ACCEPTED


def test_row_25_values_that_are_no_certificate(rp: KeyPair) -> None:
    good = pem(rp)
    for value in (
        good.replace("%2B", "+").replace("+", " "),
        good.replace("%0A", "%0A!", 1),
        good[:-40],
        good.replace("CERTIFICATE", "X509 CRL"),
        to_pem(rp.certificate).decode().replace("\n", " "),
        "junk",
        "%",
        "%FF",
        "\u20ac",
        "null",
        "(null),(null)",
    ):
        if value != good:
            assert outcome(NGINX, {CERT: value, VERIFY: "SUCCESS"}) == MALFORMED, value
    for absent in ("(null)", "", "::"):
        assert outcome(NGINX, {CERT: absent, VERIFY: "NONE"}) == NO_CERTIFICATE
        assert outcome(NGINX, {CERT: absent, VERIFY: "SUCCESS"}) == CONTRADICTORY
    assert outcome(NGINX, {CERT: good.replace("%2B", "+"), VERIFY: "SUCCESS"}) == ACCEPTED


def test_row_26_verify_status(rp: KeyPair) -> None:
    for status in ("FAILED:certificate has expired", "FAILED", "success", "SUCCESS ", "OK", "1", "0"):
        assert outcome(NGINX, {CERT: pem(rp), VERIFY: status}) == NOT_VERIFIED
    for keys in ({VERIFY: "NONE"}, {VERIFY: ""}, {VERIFY: "(null)"}, {}):
        assert outcome(NGINX, {CERT: pem(rp), **keys}) == CONTRADICTORY
        assert outcome(NGINX, {CERT: pem(SELF_SIGNED), **keys}, client_id="mobile") == CONTRADICTORY
    assert outcome(NGINX, {CERT: pem(rp), VERIFY: "SUCCESS"}) == ACCEPTED


def test_row_26_success_of_a_resumed_session(rp: KeyPair) -> None:
    """mod_ssl says it of any certificate there, with ``optional_no_ca`` and TLS 1.2."""
    folded = {"HTTP_XSSLCLIENTCERT": to_pem(rp.certificate).decode().replace("\n", " ")}
    sent = {**folded, "HTTP_XSSLCLIENTVERIFY": "SUCCESS"}
    assert outcome(APACHE, {**sent, "HTTP_XSSLCLIENTRESUMED": "Resumed"}) == NOT_VERIFIED
    assert outcome(APACHE, sent) == CONTRADICTORY
    assert outcome(APACHE, {**sent, "HTTP_XSSLCLIENTRESUMED": "Initial"}) == ACCEPTED
    keys = {"SSL_CLIENT_CERT": to_pem(rp.certificate).decode(), "SSL_CLIENT_VERIFY": "SUCCESS"}
    assert outcome(sources.mod_wsgi(), {**keys, "SSL_SESSION_RESUMED": "Resumed"}) == NOT_VERIFIED
    assert outcome(sources.mod_wsgi(), {**keys, "SSL_SESSION_RESUMED": "Initial"}) == ACCEPTED


def test_row_26_who_says_nothing_has_not_verified(rp: KeyPair) -> None:
    sent = {"HTTP_XCLIENTCERT": pem(rp)}
    silent, stated = (
        sources.envoy_peer_certificate(trusted_proxies=[PROXY], terminator_verifies=verifies)
        for verifies in (False, True)
    )
    assert outcome(silent, sent) == NOT_VERIFIED
    assert outcome(stated, sent) == ACCEPTED


def test_row_42_subject_in_another_form(rp: KeyPair) -> None:
    dn = {"rp": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=rp,O=Agora,C=SE"}}
    source = sources.subject_header(
        "Dn", kind="tls_client_auth_subject_dn", verified=sources.Status("Verify", "SUCCESS"), trusted_proxies=[PROXY]
    )

    def by(text: str) -> Outcome:
        events: list[Event] = []
        verifier = Verifier(dn, allowed_methods=["tls_client_auth"], observers=[events.append])
        app = ClientAuthMiddleware(recorder({}), verifier, source=source, paths=["/token"])
        extra = {"REMOTE_ADDR": PROXY, "HTTP_DN": text, "HTTP_VERIFY": "SUCCESS"}
        answer = request(app, {"client_id": "rp"}, extra=extra)
        (event,) = events
        return ACCEPTED if answer.status == 200 else (answer.status, answer.json["error"], event.reason)

    for slash in ("/C=SE/O=Agora/CN=rp", "/CN=rp/O=Agora/C=SE", "/C=SE/O=Agora/CN=evil/CN=rp"):
        assert by(slash) == (400, "invalid_request", "malformed_name")
    for certificate_order in ("C=SE,O=Agora,CN=rp", "C = SE, O = Agora, CN = rp"):
        assert by(certificate_order) == MISMATCH
    assert by("CN=rp,O=Agora,C=SE") == ACCEPTED
    assert by("cn=RP, o=agora, c=se") == ACCEPTED


# Row 45: the terminator overwrites XSSLClientCert and XSSLClientVerify. Beside them came X_SSL_Client_Cert or any other
# alias that attackers may try; where a server drops such headers, there is nothing more to see than without them.
APACHE = sources.apache(trusted_proxies=[PROXY])
FORGED_KEYS = ("HTTP_X_SSL_CLIENT_CERT", "HTTP_X_SSLCLIENTCERT", "HTTP_XSSL_CLIENTCERT", "HTTP_XSSLCLIENT_CERT")


@pytest.mark.parametrize("key", FORGED_KEYS)
def test_row_45_no_alias_for_a_name_without_hyphens(rp: KeyPair, evil: KeyPair, key: str) -> None:
    def folded(pair: KeyPair) -> str:
        return to_pem(pair.certificate).decode().replace("\n", " ")

    forged = {key: folded(rp), key.replace("CERT", "VERIFY"): "SUCCESS"}
    initial = {"HTTP_XSSLCLIENTRESUMED": "Initial"}
    none = {"HTTP_XSSLCLIENTCERT": "(null)", "HTTP_XSSLCLIENTVERIFY": "NONE", **initial}
    own = {"HTTP_XSSLCLIENTCERT": folded(evil), "HTTP_XSSLCLIENTVERIFY": "SUCCESS", **initial}
    assert outcome(APACHE, {**none, **forged}) == NO_CERTIFICATE
    assert outcome(APACHE, {**own, **forged}) == MISMATCH
    assert outcome(APACHE, {**own, "HTTP_XSSLCLIENTCERT": folded(rp), **forged}) == ACCEPTED


def test_row_45_joined_by_the_server(rp: KeyPair, evil: KeyPair) -> None:
    """At servers that join aliases, should the operator say that underscores are dropped where they are not."""
    for value in (f"{pem(rp)},{pem(evil)}", f"{pem(evil)},{pem(rp)}"):
        assert outcome(NGINX, {CERT: value, VERIFY: "SUCCESS,SUCCESS"}) == CONTRADICTORY
        assert outcome(NGINX, {CERT: value, VERIFY: "SUCCESS"}) == MALFORMED
    assert outcome(NGINX, {CERT: f",{pem(rp)}", VERIFY: "NONE,SUCCESS"}) == CONTRADICTORY
    assert outcome(NGINX, {CERT: pem(rp), VERIFY: "NONE,SUCCESS"}) == CONTRADICTORY
    assert outcome(NGINX, {CERT: pem(rp), VERIFY: "NONE"}) == CONTRADICTORY
    assert outcome(NGINX, {CERT: pem(rp), VERIFY: "SUCCESS"}) == ACCEPTED


def test_row_45_last_wins_can_only_be_prevented_by_the_name() -> None:
    with pytest.raises(ValueError, match="underscores_dropped"):
        sources.traefik(trusted_proxies=[PROXY])
    with pytest.raises(ValueError, match="underscores_dropped"):
        sources.envoy(trusted_proxies=[PROXY])


def test_row_46_through_the_conventional_host(rp: KeyPair) -> None:
    """Each terminator's way of overwriting the headers in a virtual host that asks for no certificate."""
    for keys in ({VERIFY: "NONE"}, {CERT: "", VERIFY: ""}, {CERT: "", VERIFY: "NONE"}, {}):
        assert outcome(NGINX, keys) == NO_CERTIFICATE
    none = {"HTTP_XSSLCLIENTCERT": "(null)", "HTTP_XSSLCLIENTVERIFY": "NONE", "HTTP_XSSLCLIENTCERTCHAIN0": "(null)"}
    assert outcome(APACHE, none) == NO_CERTIFICATE
    haproxy = sources.haproxy(trusted_proxies=[PROXY])
    keys = {"HTTP_XSSLCLIENTDER": "", "HTTP_XSSLCLIENTVERIFY": "0", "HTTP_XSSLCLIENTUSED": "0"}
    assert outcome(haproxy, keys) == NO_CERTIFICATE
    assert outcome(sources.caddy(trusted_proxies=[PROXY]), {"HTTP_XCLIENTCERT": ""}) == NO_CERTIFICATE
    assert outcome(NGINX, {CERT: pem(rp), VERIFY: "SUCCESS"}) == ACCEPTED


def test_row_47_never_the_proxys_certificate(rp: KeyPair) -> None:
    source = sources.first_of(NGINX, sources.werkzeug())
    own_tls = {"SSL_CLIENT_CERT": to_pem(rp.certificate).decode()}
    assert outcome(source, {**own_tls, VERIFY: "NONE"}) == NO_CERTIFICATE
    assert outcome(source, own_tls, peer=STRANGER) == ACCEPTED
