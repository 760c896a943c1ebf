"""What the terminators log: each request with its certificate, and why a handshake or certificate was refused."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST, DEPLOY, MTLS_HOST

from .cases import CASES
from .client import Answer
from .conftest import start
from .pki import BILLING, PKI

TROUBLESHOOTING = (Path(__file__).parents[2] / "docs" / "troubleshooting.md").read_text()
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


def quoted(number: int) -> dict[str, str]:
    """Return the lines that docs/troubleshooting.md quotes for a fault, by the log, up to an ellipsis."""
    section = TROUBLESHOOTING.partition(f"\n### {number}. ")[2].partition("\n### ")[0]
    lines = dict(re.findall(r"^\| (gunicorn|nginx, \w+)(?:, level `info`)? \| `(.+)` \|$", section, re.MULTILINE))
    application = re.findall(r"^    client_rejected .*?(reason=.*) …$", section, re.MULTILINE)
    return {"application": application[0], **lines} if application else lines


FAULTS = {
    3: (BILLING, CONVENTIONAL_HOST, "/token", "refused:no_certificate", {"application", "nginx, access"}),
    7: (BILLING, MTLS_HOST, "/breaks", "terminator", {"gunicorn", "nginx, access"}),
    8: ("untrusted", MTLS_HOST, "/token", "refused:chain_not_verified", {"application", "nginx, access"}),
    9: ("expired", MTLS_HOST, "/token", "terminator", {"nginx, error", "nginx, access"}),
}
"""By the number on the page: the certificate, the host, the path, the outcome, and the logs that the page quotes."""


@dataclass(frozen=True)
class Faulty:
    """What an nginx with faults answered, and what it, gunicorn and the application have written."""

    answers: dict[int, Answer]
    written: str


@pytest.fixture(scope="module")
def faulty(pki: PKI, readable_folder: Path) -> Faulty:
    """The conventional host sends the header as if it asked, and one location sends line breaks."""
    case = next(case for case in CASES if str(case) == "nginx+gunicorn")
    folder = readable_folder / "faulty"
    folder.mkdir()
    text = (DEPLOY / "nginx" / "nginx.conf").read_text()
    sends = 'proxy_set_header XClientCert "$ssl_client_verify $ssl_client_escaped_cert";'
    assert text.count(sends) == text.count("proxy_set_header XClientCert NONE;") == 1
    text = text.replace("proxy_set_header XClientCert NONE;", sends)
    breaks = f"location /breaks {{ proxy_pass http://app; {sends.replace('escaped_cert', 'cert')} }}"
    (folder / "nginx.conf").write_text(text.replace("location / {", f"{breaks}\n        location / {{", 1))
    with start(replace(case, terminator=replace(case.terminator, folder=str(folder))), pki, readable_folder) as behind:
        answers = {
            number: behind.request(certificate, BILLING, host=host, path=path)
            for number, (certificate, host, path, _, _) in FAULTS.items()
        }
    # nginx may write its line after the answer, so they are read once it has ended.
    return Faulty(answers, logged(behind.folder) + (behind.folder / "upstream.log").read_text())


@pytest.mark.parametrize("number", FAULTS)
def test_lines_that_the_page_quotes(faulty: Faulty, number: int) -> None:
    _, _, path, outcome, logs = FAULTS[number]
    assert faulty.answers[number].outcome == outcome
    lines = quoted(number)
    assert lines.keys() == logs
    for line in lines.values():
        assert line.replace("/token", path) in faulty.written


def test_nginx_answers_programs_as_the_application_does(faulty: Faulty) -> None:
    assert (faulty.answers[9].status, faulty.answers[9].body["error"]) == (400, "invalid_client")
