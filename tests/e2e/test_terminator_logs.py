"""What the terminators log: each request with its certificate, and why a handshake or certificate was refused."""

from pathlib import Path

import pytest

from .cases import CASES
from .conftest import start
from .pki import BILLING, PKI

REQUEST = {
    "nginx": '"POST /token HTTP/1.1" 200 "SUCCESS" "CN=billing"',
    "apache": '"POST /token HTTP/1.1" 200 "SUCCESS" "CN=billing"',
    "mod_wsgi": '"POST /token HTTP/1.1" 200 "SUCCESS" "CN=billing"',
    "haproxy": '"POST /token HTTP/1.1" 200 verify=1/0 depth=0 subject="/CN=billing"',
    "caddy": '"client_common_name":"billing"',
    "envoy": '"POST /token" 200 "CN=billing"',
    "envoy-xfcc": '"POST /token" 200 "CN=billing"',
    "traefik": '"TLSClientSubject":"CN=billing"',
}
REFUSED = {
    "nginx": "client SSL certificate verify error: (10:certificate has expired)",
    "apache": "Certificate Verification: Error (10): certificate has expired",
    "mod_wsgi": "Certificate Verification: Error (10): certificate has expired",
    "haproxy": '"POST /token HTTP/1.1" 401 verify=1/10',
    "envoy": "CERTIFICATE_VERIFY_FAILED",
    "envoy-xfcc": "CERTIFICATE_VERIFY_FAILED",
}
"""Caddy and Traefik log failed handshakes at the level of debugging alone, as their files remark."""


def logged(folder: Path) -> str:
    return "".join(
        log.read_text(errors="replace") for name in ("output.log", "access.log") if (log := folder / name).exists()
    )


@pytest.mark.parametrize("name", REQUEST)
def test_log(name: str, pki: PKI, readable_folder: Path) -> None:
    case = next(case for case in CASES if case.name == name and case.upstream in (None, "gunicorn"))
    with start(case, pki, readable_folder) as behind:
        assert behind.request(BILLING, BILLING).outcome == BILLING
        assert behind.request("expired", BILLING).outcome != BILLING
    written = logged(behind.folder)
    assert REQUEST[name] in written
    assert REFUSED.get(name, "") in written


def test_nginx_answers_programs_as_the_application_does(pki: PKI, readable_folder: Path) -> None:
    case = next(case for case in CASES if str(case) == "nginx+gunicorn")
    with start(case, pki, readable_folder) as behind:
        answer = behind.request("expired", BILLING)
    assert (answer.status, answer.body["error"]) == (400, "invalid_client")
