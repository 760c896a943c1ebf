"""ATTACKS.md: certificates in headers, as the environ looks that each server makes of what attackers send.

What real programs make of it is tried in ``tests/e2e``.
"""

from base64 import b64encode
from collections.abc import Callable
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

CERT = "HTTP_XCLIENTCERT"
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


def nginx(pair: KeyPair, status: str = "SUCCESS") -> dict[str, str]:
    return {CERT: f"{status} {pem(pair)}"}


def apache(pair: KeyPair, status: str = "SUCCESS Initial") -> dict[str, str]:
    return {CERT: f"{status} {b64encode(to_pem(pair.certificate)).decode()}"}


def haproxy(pair: KeyPair, status: str = "1 0") -> dict[str, str]:
    return {CERT: f"{status} {b64encode(pair.certificate.der).decode()}"}


def recorder(seen: dict[str, Any]) -> Any:
    """Make an application that keeps its environ."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [])
        return []

    return app


def test_row_24_untrusted_peer(rp: KeyPair) -> None:
    sent = nginx(rp)
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
        request(app, {"client_id": "rp"}, path=path, extra={"REMOTE_ADDR": peer, **nginx(rp)})
        assert (CERT in seen) == (peer == PROXY)
    assert [event.name for event in events] == ["untrusted_proxy"]


def test_row_24_malformed_is_nobody_elses_business_on_other_paths() -> None:
    at = endpoint(NGINX)
    answer = request(at.app, {}, path="/elsewhere", extra={"REMOTE_ADDR": PROXY, CERT: "SUCCESS junk"})
    assert answer.status == 200


@pytest.mark.parametrize(
    "joined", ["{0},{0}", "{0}, {0}", "{1},{0}", "{0},{1}", "{0};{1}", "{0}{1}", "{1}{0}", "{0}%0A{1}", "{0} {1}"]
)
def test_row_25_header_twice(rp: KeyPair, evil: KeyPair, joined: str) -> None:
    """The certificates alone, and whole values."""
    refused = (MALFORMED, CONTRADICTORY, NOT_VERIFIED)
    assert outcome(NGINX, {CERT: f"SUCCESS {joined.format(pem(rp), pem(evil))}"}) in refused
    assert outcome(NGINX, {CERT: f"SUCCESS {joined.format(pem(rp), 'x')}"}) in refused
    for other in (*nginx(evil).values(), *nginx(evil, "FAILED:x").values(), "NONE", "SUCCESS", "x"):
        assert outcome(NGINX, {CERT: joined.format(nginx(rp)[CERT], other)}) in refused
    assert outcome(NGINX, nginx(rp)) == ACCEPTED


def test_row_25_status_twice(rp: KeyPair) -> None:
    for status in ("SUCCESS,SUCCESS", "NONE,SUCCESS", "FAILED:expired, SUCCESS", "SUCCESS SUCCESS"):
        assert outcome(NGINX, nginx(rp, status)) == CONTRADICTORY
        assert outcome(NGINX, nginx(SELF_SIGNED, status), client_id="mobile") == CONTRADICTORY
    assert outcome(NGINX, nginx(SELF_SIGNED, "FAILED:x"), client_id="mobile") == ACCEPTED


def test_row_25_values_that_are_no_certificate(rp: KeyPair) -> None:
    good = pem(rp)
    for value in (
        good.replace("%2B", "+").replace("+", "%20"),
        good.replace("%0A", "%0A!", 1),
        good[:-40],
        good.replace("CERTIFICATE", "X509 CRL"),
        to_pem(rp.certificate).decode().replace("\n", "%20"),
        "junk",
        "%",
        "%FF",
        "\u20ac",
        "null",
        "(null),(null)",
    ):
        if value != good:
            assert outcome(NGINX, {CERT: f"SUCCESS {value}"}) in (MALFORMED, CONTRADICTORY), value
    for absent in ("(null)", "", "::", "NONE"):
        assert outcome(NGINX, {CERT: absent}) == NO_CERTIFICATE
    for empty in ("SUCCESS", "SUCCESS "):
        assert outcome(NGINX, {CERT: empty}) == CONTRADICTORY
    assert outcome(NGINX, {CERT: f"SUCCESS {good.replace('%2B', '+')}"}) == ACCEPTED


def test_row_26_verify_status(rp: KeyPair) -> None:
    for status in ("FAILED:certificate has expired", "FAILED"):
        assert outcome(NGINX, nginx(rp, status)) == NOT_VERIFIED
    for status in ("NONE", "", " ", "(null)", "success", "SUCCESS ", "OK", "1", "0", "FAILED:a,b"):
        assert outcome(NGINX, nginx(rp, status)) == CONTRADICTORY
        assert outcome(NGINX, nginx(SELF_SIGNED, status), client_id="mobile") == CONTRADICTORY
    assert outcome(NGINX, nginx(rp)) == ACCEPTED


def test_row_26_success_of_a_resumed_session(rp: KeyPair) -> None:
    """mod_ssl says it of any certificate there, with ``optional_no_ca`` and TLS 1.2."""
    assert outcome(APACHE, apache(rp, "SUCCESS Resumed")) == NOT_VERIFIED
    assert outcome(APACHE, apache(rp, "SUCCESS")) == CONTRADICTORY
    assert outcome(APACHE, apache(rp)) == ACCEPTED
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


# Row 45: the terminator overwrites XClientCert. Beside it came X_Client_Cert or any other alias that attackers may try;
# where a server drops such headers, there is nothing more to see than without them.
APACHE = sources.apache(trusted_proxies=[PROXY])
HAPROXY = sources.haproxy(trusted_proxies=[PROXY])
FORMS = [(NGINX, nginx, "NONE"), (APACHE, apache, "NONE Initial"), (HAPROXY, haproxy, "0 0")]
FORGED_KEYS = ("HTTP_X_CLIENT_CERT", "HTTP_X_CLIENTCERT", "HTTP_XCLIENT_CERT", "HTTP_XCLIENTCERT_")

Form = Callable[..., dict[str, str]]


@pytest.mark.parametrize("key", FORGED_KEYS)
@pytest.mark.parametrize(("source", "form", "none"), FORMS, ids=["nginx", "apache", "haproxy"])
def test_row_45_no_alias_for_a_name_without_hyphens(
    rp: KeyPair, evil: KeyPair, key: str, source: CertificateSource, form: Form, none: str
) -> None:
    forged = {key: form(rp)[CERT]}
    assert outcome(source, {CERT: none, **forged}) == NO_CERTIFICATE
    assert outcome(source, {**form(evil), **forged}) == MISMATCH
    assert outcome(source, {**form(rp), **forged}) == ACCEPTED


@pytest.mark.parametrize(("source", "form", "none"), FORMS, ids=["nginx", "apache", "haproxy"])
def test_row_45_joined_by_the_server(
    rp: KeyPair, evil: KeyPair, source: CertificateSource, form: Form, none: str
) -> None:
    """At servers that join aliases, if the operator wrongly sets ``underscores_dropped``."""
    victim = form(rp)[CERT]
    for own in (none, form(evil)[CERT], victim, ""):
        for joined in (f"{own},{victim}", f"{victim},{own}", f"{own}, {victim}", f"{victim}, {own}"):
            assert outcome(source, {CERT: joined}) in (CONTRADICTORY, MALFORMED), joined
    assert outcome(source, {CERT: victim}) == ACCEPTED


@pytest.mark.parametrize("preset", [sources.nginx, sources.apache, sources.haproxy])
def test_rows_45_53_names_that_no_server_makes_of_another(preset: Callable[..., Any]) -> None:
    """No hyphen, so no underscore form; no SS, which servers that write latin-1 in capitals make of one letter."""
    for key in preset(trusted_proxies=[PROXY]).keys:
        assert "_" not in key.removeprefix("HTTP_")
        others = [chr(octet) for octet in range(256)]
        assert not [
            other for other in others if other.upper() in key and other.upper() != other and len(other.upper()) > 1
        ]


@pytest.mark.parametrize("name", ["nginx", "ingress_nginx"])
def test_rows_45_52_nobody_but_the_operator_says_that_underscores_are_dropped(name: str) -> None:
    options: dict[str, Any] = {"preset": name, "trusted_proxies": [PROXY]}
    hyphens = {} if name == "ingress_nginx" else {"certificate_header": "X-Client-Cert"}
    with pytest.raises(ValueError, match="underscores_dropped"):
        sources.from_config({**options, **hyphens})
    assert callable(sources.from_config({**options, **hyphens, "underscores_dropped": True}))


@pytest.mark.parametrize(("source", "form", "none"), FORMS, ids=["nginx", "apache", "haproxy"])
def test_row_54_one_half_alone(rp: KeyPair, source: CertificateSource, form: Form, none: str) -> None:
    """Status and certificate are one value: a caller who replaces one of them must replace both."""
    victim = form(rp)[CERT]
    status, _, certificate = victim.rpartition(" ")
    beside = {"HTTP_XCLIENTVERIFY": status, "HTTP_XCLIENTUSED": "1", "HTTP_X_SSL_CLIENT_VERIFY": status}
    assert outcome(source, {CERT: certificate, **beside}) == CONTRADICTORY
    assert outcome(source, {CERT: status, **beside, "HTTP_XCLIENTDER": certificate}) == CONTRADICTORY
    assert outcome(source, {CERT: f"{none} {certificate}", **beside}) == CONTRADICTORY
    assert outcome(source, {CERT: none, **beside, "HTTP_XCLIENTDER": certificate}) == NO_CERTIFICATE
    assert outcome(source, {**beside, "HTTP_XCLIENTDER": certificate}) == NO_CERTIFICATE
    assert outcome(source, {CERT: victim}) == ACCEPTED


def test_row_45_last_wins_can_only_be_prevented_by_the_name() -> None:
    with pytest.raises(ValueError, match="underscores_dropped"):
        sources.traefik(trusted_proxies=[PROXY])
    with pytest.raises(ValueError, match="underscores_dropped"):
        sources.envoy(trusted_proxies=[PROXY])
    with pytest.raises(ValueError, match="underscores_dropped"):
        sources.ingress_nginx(trusted_proxies=[PROXY])


def test_row_46_through_the_conventional_host(rp: KeyPair) -> None:
    """Each terminator's way of overwriting the headers in a virtual host that asks for no certificate."""
    for source, form, none in FORMS:
        for keys in ({CERT: none}, {CERT: f"{none} "}, {CERT: ""}, {}):
            assert outcome(source, keys) == NO_CERTIFICATE
        assert outcome(source, form(rp)) == ACCEPTED
    assert outcome(sources.caddy(trusted_proxies=[PROXY]), {CERT: ""}) == NO_CERTIFICATE


def test_row_47_never_the_proxys_certificate(rp: KeyPair) -> None:
    source = sources.first_of(NGINX, sources.werkzeug())
    own_tls = {"SSL_CLIENT_CERT": to_pem(rp.certificate).decode()}
    assert outcome(source, {**own_tls, CERT: "NONE"}) == NO_CERTIFICATE
    assert outcome(source, own_tls, peer=STRANGER) == ACCEPTED
