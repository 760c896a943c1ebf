"""What each terminator, run with its file in ``deploy/``, lets a client and an attacker do. Rows are ATTACKS.md's."""

import ssl
from http.client import HTTPException

import pytest

from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST, MTLS_HOST, LoopbackConnection

from .cases import CASES
from .client import send, tls_context
from .conftest import Behind
from .pki import BILLING, DEEP, HUGE_CHAIN, LARGE_CHAIN, MOBILE, OTHER

NO_CERTIFICATE = "refused:no_certificate"
ELSEWHERE = "127.0.0.2"
"""A peer that is no trusted proxy."""
# Where the application ends TLS itself, nothing is added to a request; these are the names that others might read.
USUAL_NAMES = ("SSL-Client-Cert", "SSL-Client-Verify", "HTTPS-CC", "HTTPS-Client-Certificate", "XClientCert")


def forged_headers(behind: Behind) -> list[tuple[str, str]]:
    if behind.case.upstream:
        return behind.forged()
    pem = behind.pki.pairs[BILLING].certificate_pem.decode().replace("\n", " ")
    return [(name, "SUCCESS" if name.endswith("Verify") else pem) for name in USUAL_NAMES]


def underscored(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """All hyphens, and the last alone; names without one get an underscore where people would put it."""
    forms = [(name.replace("-", "_"), value) for name, value in headers]
    forms += [("_".join(name.rsplit("-", 1)), value) for name, value in headers]
    return forms + [(name.replace("CLIENT", "_CLIENT_"), value) for name, value in headers if "-" not in name]


# Clients


def test_pki_client(behind: Behind) -> None:
    answer = behind.request(BILLING, BILLING)
    if not behind.case.verifies:
        assert answer.outcome == "refused:chain_not_verified"
        return
    assert answer.outcome == BILLING
    assert answer.body["method"] == "tls_client_auth"
    assert answer.body["verified"] is True
    assert answer.body["thumbprint"] == behind.pki.thumbprint(BILLING)
    assert answer.body["chain"] == [behind.pki.issuing.certificate.thumbprint][: behind.case.chain]


def test_self_signed_client_where_the_terminator_lets_it_through(behind: Behind) -> None:
    answer = behind.request(MOBILE, MOBILE)
    if behind.case.terminator.lets_in == "validated":
        assert answer.outcome == "terminator"
        return
    assert answer.outcome == MOBILE
    assert answer.body["method"] == "self_signed_tls_client_auth"
    assert answer.body["verified"] is False
    assert answer.body["thumbprint"] == behind.pki.thumbprint(MOBILE)


@pytest.mark.parametrize(
    ("certificate", "client_id", "reason", "passes"),
    [
        (None, BILLING, "no_certificate", {"any", "unexpired", "validated"}),
        ("expired", BILLING, "certificate_expired", {"any"}),
        ("untrusted", BILLING, "chain_not_verified", {"any", "unexpired"}),
        ("unregistered", MOBILE, "certificate_not_registered", {"any", "unexpired"}),
    ],
)
def test_refused_client(behind: Behind, certificate: str | None, client_id: str, reason: str, passes: set[str]) -> None:
    expected = f"refused:{reason}" if behind.case.terminator.lets_in in passes else "terminator"
    assert behind.request(certificate, client_id).outcome == expected


def session_of(behind: Behind, host: str, context: ssl.SSLContext) -> ssl.SSLSession | None:
    connection = LoopbackConnection(host, behind.port, context)
    connected = None
    try:
        connection.request("POST", "/echo", headers={"Content-Length": "0"})
        connected = connection.sock  # which HTTP/1.0 servers make http.client forget
        response = connection.getresponse()
        session = connected.session
        response.read()
        return session
    finally:
        connection.close()
        if connected is not None:
            connected.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"])
@pytest.mark.parametrize(
    ("certificate", "client_id"), [(BILLING, BILLING), ("untrusted", BILLING), ("expired", BILLING), (MOBILE, MOBILE)]
)
def test_resumed_session_is_worth_what_the_full_handshake_was(
    behind: Behind, certificate: str, client_id: str, version: ssl.TLSVersion
) -> None:
    """mod_ssl says SUCCESS of any certificate the second time, with ``optional_no_ca`` and TLS 1.2."""
    context = tls_context(behind.pki, certificate)
    context.minimum_version = context.maximum_version = version
    first = send(LoopbackConnection(MTLS_HOST, behind.port, context), client_id, "/token", [("Host", MTLS_HOST)])
    try:
        session = session_of(behind, MTLS_HOST, context)
    except (OSError, HTTPException):
        assert first.outcome == "terminator"
        return
    for _ in range(2):
        resumed = LoopbackConnection(MTLS_HOST, behind.port, context, session=session)
        resumed.connect()
        if certificate == BILLING or not behind.case.resumes:  # nginx forgets the session of an expired certificate
            assert resumed.sock.session_reused is behind.case.resumes
        second = send(resumed, client_id, "/token", [("Host", MTLS_HOST)])
        assert (second.outcome, second.body.get("verified")) == (first.outcome, first.body.get("verified"))
    if certificate == BILLING:
        assert first.outcome == (BILLING if behind.case.verifies else "refused:chain_not_verified")


@pytest.mark.parametrize(("origin", "host"), [(MTLS_HOST, CONVENTIONAL_HOST), (CONVENTIONAL_HOST, MTLS_HOST)])
def test_session_of_the_other_host(behind: Behind, origin: str, host: str) -> None:
    """A session moved to another host neither takes a certificate there nor keeps the host from asking."""
    certificate = BILLING if behind.case.terminator.lets_in == "validated" else "untrusted"
    context = tls_context(behind.pki, certificate)
    session = session_of(behind, origin, context)
    resumed = LoopbackConnection(host, behind.port, context, session=session)
    moved = send(resumed, BILLING, "/token", [("Host", host)])
    own = behind.request(certificate, BILLING, host=host)
    assert moved.outcome in (own.outcome, NO_CERTIFICATE, "terminator"), own


def test_large_certificate(behind: Behind) -> None:
    expected = "large" if behind.case.verifies else "refused:chain_not_verified"
    assert behind.request("large", "large").outcome == expected


@pytest.mark.parametrize("name", [DEEP, LARGE_CHAIN])
def test_two_intermediates(behind: Behind, name: str) -> None:
    """``LARGE_CHAIN`` is near the limits: more than 3 kB in DER, and 7.6 kB in one field of XFCC."""
    answer = behind.request(name, name)
    if not behind.case.verifies:
        assert answer.outcome == "refused:chain_not_verified"
        return
    assert answer.outcome == name
    chain = (behind.pki.subordinates[name], behind.pki.issuing)
    assert answer.body["chain"] == [pair.certificate.thumbprint for pair in chain][: behind.case.chain]


def test_too_large_chain_is_no_server_error(behind: Behind) -> None:
    answer = behind.request(HUGE_CHAIN, HUGE_CHAIN)
    assert answer.outcome in (HUGE_CHAIN, "terminator", "refused:malformed_certificate", "refused:chain_not_verified")
    assert answer.status < 500


def test_too_large_certificate_is_no_server_error(behind: Behind) -> None:
    answer = behind.request("huge", "huge")
    assert answer.outcome in ("huge", "terminator", "refused:malformed_certificate", "refused:chain_not_verified")
    assert answer.status < 500
    if behind.case.upstream == "gunicorn":
        assert answer.outcome == "terminator"


# Attackers (rows 24 to 26, 45 and 46)


def test_forged_headers_without_a_certificate(behind: Behind) -> None:
    assert behind.request(None, BILLING, headers=forged_headers(behind)).outcome == NO_CERTIFICATE


def test_forged_headers_beside_another_certificate(behind: Behind) -> None:
    expected = "refused:subject_mismatch" if behind.case.verifies else "refused:chain_not_verified"
    assert behind.request(OTHER, BILLING, headers=forged_headers(behind)).outcome == expected


def test_forged_headers_twice(behind: Behind) -> None:
    assert behind.request(None, BILLING, headers=forged_headers(behind) * 2).outcome == NO_CERTIFICATE


@pytest.mark.parametrize("times", [1, 2])
def test_underscore_forms_without_a_certificate(behind: Behind, times: int) -> None:
    headers = underscored(forged_headers(behind)) * times
    assert behind.request(None, BILLING, headers=headers).outcome == NO_CERTIFICATE


def test_underscore_forms_beside_another_certificate(behind: Behind) -> None:
    expected = "refused:subject_mismatch" if behind.case.verifies else "refused:chain_not_verified"
    assert behind.request(OTHER, BILLING, headers=underscored(forged_headers(behind))).outcome == expected


def test_underscore_forms_cost_the_client_nothing(behind: Behind) -> None:
    expected = BILLING if behind.case.verifies else "refused:chain_not_verified"
    assert behind.request(BILLING, BILLING, headers=underscored(forged_headers(behind))).outcome == expected


def test_who_drops_underscores(behind: Behind) -> None:
    delivered = behind.request(None, path="/echo", headers=[("X_Probe", "1"), ("X-Twin", "1")]).headers
    assert delivered["HTTP_X_TWIN"] == "1"
    assert ("HTTP_X_PROBE" in delivered) is behind.case.passes_underscores


def test_forged_headers_through_the_conventional_host(behind: Behind) -> None:
    headers = [*forged_headers(behind), *underscored(forged_headers(behind))]
    assert behind.request(None, BILLING, host=CONVENTIONAL_HOST, headers=headers).outcome == NO_CERTIFICATE


def test_conventional_connection_for_the_mtls_host(behind: Behind) -> None:
    headers = forged_headers(behind)
    answer = behind.request(None, BILLING, host=CONVENTIONAL_HOST, host_header=MTLS_HOST, headers=headers)
    assert answer.outcome in (NO_CERTIFICATE, "terminator")


def test_certificate_at_the_conventional_host(behind: Behind) -> None:
    # A server in Python, or uWSGI, has one TLS configuration: the certificate is genuine whatever the host's name.
    has_hosts = behind.case.upstream or behind.case.name == "mod_wsgi"
    expected = NO_CERTIFICATE if has_hosts else BILLING
    assert behind.request(BILLING, BILLING, host=CONVENTIONAL_HOST).outcome == expected


@pytest.mark.parametrize("certificate", [None, "untrusted", OTHER])
def test_headers_named_hop_by_hop(behind: Behind, certificate: str | None) -> None:
    """``Connection: <name>`` makes some terminators drop what they themselves just set."""
    headers = forged_headers(behind)
    connection = ("Connection", ", ".join(["close", *(name for name, _ in headers)]))
    answer = behind.request(certificate, BILLING, headers=[connection, *headers])
    assert answer.outcome.startswith("refused:") or answer.outcome == "terminator"
    assert answer.status < 500


def test_each_header_named_hop_by_hop(behind: Behind) -> None:
    """Without a status, a certificate that nobody validated must not become one that somebody did."""
    for name, _ in forged_headers(behind):
        answer = behind.request("untrusted", BILLING, headers=[("Connection", f"close, {name}")])
        assert answer.outcome.startswith("refused:") or answer.outcome == "terminator"
        own = behind.request(BILLING, BILLING, headers=[("Connection", f"close, {name}")])
        assert own.outcome == BILLING or own.outcome.startswith("refused:")


@pytest.mark.parametrize("behind", [case for case in CASES if case.upstream], indirect=True, ids=str)
def test_past_the_terminator(behind: Behind) -> None:
    headers = behind.forged()
    assert behind.straight(BILLING, headers, source=ELSEWHERE).outcome == NO_CERTIFICATE
    # The twin: these very headers do count from the terminator's address.
    expected = BILLING if behind.case.verifies else "refused:chain_not_verified"
    assert behind.straight(BILLING, headers, source="127.0.0.1").outcome == expected
