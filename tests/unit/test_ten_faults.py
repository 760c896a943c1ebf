"""Ten faults of a configuration, one at a time: the log line names the setting or directive to change."""

import logging
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from wsgi_mtls import ClientAuthMiddleware, Verifier, sources
from wsgi_mtls.errors import REASONS
from wsgi_mtls.testing import KeyPair, Profile

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGE = (Path(__file__).parents[2] / "docs" / "troubleshooting.md").read_text()
CLIENTS = {
    "billing": {
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_san_dns": "billing.example.com",
    }
}
BODY = b"grant_type=client_credentials&client_id=billing"
SENDS = 'proxy_set_header XClientCert "$ssl_client_verify $ssl_client_escaped_cert";'


def quotes(number: int) -> list[re.Pattern[str]]:
    """Return the application's lines that the page quotes for a fault; an ellipsis stands for any text."""
    section = PAGE.partition(f"\n### {number}. ")[2].partition("\n### ")[0]
    lines = re.findall(r"^    ((?:client_rejected|untrusted_proxy) .*)$", section, re.MULTILINE)
    return [re.compile(".*".join(map(re.escape, re.split("…", line)))) for line in lines]


@pytest.fixture(scope="module")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=billing", Profile(san_dns=["billing.example.com"]))


def header(leaf: KeyPair, status: str = "SUCCESS") -> str:
    return f"{status} {quote(leaf.certificate_pem, safe='')}"


def environ(**more: object) -> dict[str, Any]:
    """Return a request as gunicorn makes it behind nginx; None takes a key out."""
    made = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/token",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(BODY)),
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "example.com",
        "SERVER_PORT": "80",
        "SERVER_SOFTWARE": "gunicorn/25.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        **more,
    }
    return {key: value for key, value in made.items() if value is not None}


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"a token"]


def guarded(source: sources.CertificateSource | None = None) -> ClientAuthMiddleware:
    source = source or sources.nginx(trusted_proxies=["127.0.0.1"])
    return ClientAuthMiddleware(app, Verifier(CLIENTS), source=source, paths=["/token"])


class Lines:
    """Sends requests, and has what the application's log has of them."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def of(self, app: "WSGIApplication", request: Mapping[str, Any], status: str = "401") -> list[str]:
        self._caplog.clear()
        statuses: list[str] = []
        list(app({**request, "wsgi.input": BytesIO(BODY)}, lambda status, *_: statuses.append(status)))  # type: ignore[arg-type]
        assert statuses[0].startswith(status)
        return [record.getMessage() for record in self._caplog.records]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    caplog.set_level(logging.WARNING, "wsgi_mtls")
    return Lines(caplog)


def check(number: int, lines: list[str], *parts: str) -> None:
    """Check that the page quotes these lines, and that the last has these parts."""
    quoted = quotes(number)
    assert quoted, number
    assert len(lines) >= len(quoted)
    for pattern, line in zip(quoted, lines, strict=True):
        assert pattern.fullmatch(line), (pattern.pattern, line)
    for part in parts:
        assert part in " ".join(lines)


def test_without_a_fault(lines: Lines, billing: KeyPair) -> None:
    assert lines.of(guarded(), environ(HTTP_XCLIENTCERT=header(billing)), "200") == []


def test_1_the_headers_name_differs(lines: Lines, billing: KeyPair) -> None:
    found = lines.of(guarded(), environ(HTTP_XSSLCERT=header(billing)))
    check(1, found, "No XClientCert came", "nginx", SENDS, "certificate_header")
    named = sources.nginx(trusted_proxies=["127.0.0.1"], certificate_header="XSslCert")
    assert lines.of(guarded(named), environ(HTTP_XSSLCERT=header(billing)), "200") == []


def test_1_one_of_two_headers_is_missing(lines: Lines, billing: KeyPair) -> None:
    ingress = guarded(sources.ingress_nginx(trusted_proxies=["127.0.0.1"], underscores_dropped=True))
    pem = quote(billing.certificate_pem, safe="")
    for status in ("SUCCESS", "FAILED:certificate revoked"):
        (line,) = lines.of(ingress, environ(HTTP_SSL_CLIENT_VERIFY=status))
        assert "ssl-client-cert" in line
        assert "auth-tls-pass-certificate-to-upstream" in line
    (line,) = lines.of(ingress, environ(HTTP_SSL_CLIENT_CERT=pem))
    assert "reason=contradictory_status" in line
    assert 'auth-tls-pass-certificate-to-upstream: "true" (ssl-client-verify)' in line
    both = environ(HTTP_SSL_CLIENT_CERT=pem, HTTP_SSL_CLIENT_VERIFY="SUCCESS")
    assert lines.of(ingress, both, "200") == []


def test_2_no_header_came(lines: Lines) -> None:
    check(2, lines.of(guarded(), environ()), "No XClientCert came", SENDS)
    ingress = guarded(sources.ingress_nginx(trusted_proxies=["127.0.0.1"], underscores_dropped=True))
    assert "Neither ssl-client-cert nor ssl-client-verify came" in lines.of(ingress, environ())[0]


def test_3_the_terminator_reports_that_no_certificate_was_sent(lines: Lines) -> None:
    found = lines.of(guarded(), environ(HTTP_XCLIENTCERT="NONE "))
    check(3, found, "nginx reports 'NONE' in XClientCert", "the client sent no certificate", "ssl_verify_client")
    assert "proxy_set_header" not in found[0]


def test_4_another_address_is_trusted(lines: Lines, billing: KeyPair) -> None:
    came = environ(HTTP_XCLIENTCERT=header(billing), REMOTE_ADDR="10.0.0.7")
    first, second = found = lines.of(guarded(), came)
    check(4, found)
    assert first.startswith("untrusted_proxy")
    assert "trusted_proxies" in first
    assert "untrusted_proxy" in second
    assert "proxy_set_header" not in second
    own = sources.nginx(trusted_proxies=["10.0.0.7"])
    assert lines.of(guarded(own), came, "200") == []


@pytest.mark.parametrize(("address", "peer"), [
    ("10.0.0.7", "'10.0.0.7'"), ("", 'a Unix socket ("unix")'), (None, "a peer without an address"),
])  # fmt: skip
def test_4_no_header_came_from_another_address(lines: Lines, address: Any, peer: str) -> None:
    (line,) = lines.of(guarded(), environ(REMOTE_ADDR=address))
    assert f"{peer} is not in trusted_proxies" in line


@pytest.mark.parametrize("address", ["", "localhost", "<local>"])
def test_5_a_unix_socket(lines: Lines, billing: KeyPair, address: str) -> None:
    came = environ(HTTP_XCLIENTCERT=header(billing), REMOTE_ADDR=address)
    found = lines.of(guarded(), came)
    assert 'a Unix socket, which is not a trusted proxy: add "unix" to trusted_proxies' in found[0]
    if not address:
        check(5, found)
    assert lines.of(guarded(sources.nginx(trusted_proxies=["unix"])), came, "200") == []


def test_6_proxy_fix_is_outside(lines: Lines, billing: KeyPair) -> None:
    came = environ(HTTP_XCLIENTCERT=header(billing), HTTP_X_FORWARDED_FOR="127.0.0.1")
    check(6, lines.of(ProxyFix(guarded()), came), "ProxyFix", "before MutualTLS(app)")
    inside = ClientAuthMiddleware(
        ProxyFix(app),
        Verifier(CLIENTS),
        source=sources.nginx(trusted_proxies=["127.0.0.1"]),
        paths=["/token"],
    )
    assert lines.of(inside, came, "200") == []


@pytest.mark.parametrize("outside", [True, False])
def test_6_the_server_set_no_address(lines: Lines, billing: KeyPair, outside: bool) -> None:
    came = environ(HTTP_XCLIENTCERT=header(billing), HTTP_X_FORWARDED_FOR="192.0.2.1", REMOTE_ADDR=None)
    first, _ = lines.of(ProxyFix(guarded()) if outside else guarded(), came)
    for part in ("a peer without an address", "Unix socket", "ProxyFix", "secret"):
        assert part in first
    assert "None," not in first


def test_8_the_ca_is_not_in_the_bundle(lines: Lines, billing: KeyPair) -> None:
    failed = "FAILED:unable to verify the first certificate"
    found = lines.of(guarded(), environ(HTTP_XCLIENTCERT=header(billing, failed)))
    check(8, found, f"nginx reports '{failed}'", "ssl_client_certificate", "trust store")
    assert "Apache" not in found[0]


def test_10_the_preset_can_never_verify(lines: Lines, billing: KeyPair) -> None:
    der = b64encode(billing.certificate.der).decode()
    found = lines.of(guarded(sources.caddy(trusted_proxies=["127.0.0.1"])), environ(HTTP_XCLIENTCERT=der))
    check(10, found, "Caddy", "terminator_verifies=True", "mode verify_if_given")
    assert "bundle" not in found[0]
    set_so = sources.caddy(trusted_proxies=["127.0.0.1"], terminator_verifies=True)
    assert lines.of(guarded(set_so), environ(HTTP_XCLIENTCERT=der), "200") == []


def test_the_preset_is_another_terminators(lines: Lines, billing: KeyPair) -> None:
    """nginx sends the header, and the preset expects the form of another terminator."""
    caddy = guarded(sources.caddy(trusted_proxies=["127.0.0.1"], terminator_verifies=True))
    (line,) = lines.of(caddy, environ(HTTP_XCLIENTCERT=header(billing)), "400")
    assert "XClientCert does not have the form that the source caddy reads" in line
    assert "header_up XClientCert" in line
    (line,) = lines.of(guarded(), environ(HTTP_XCLIENTCERT="SUCCESS AAAA"), "400")
    assert SENDS.rstrip(";") in line


def test_the_page_names_reasons_that_exist() -> None:
    table = PAGE.partition("## By the text in the log")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| application \|", table, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"(?:`|reason=)([a-z_]+)`", row)}
    assert len(named) > 30
    assert named - {"untrusted_proxy"} <= REASONS.keys()


def test_the_table_of_details(lines: Lines) -> None:
    caddy = sources.caddy(trusted_proxies=["127.0.0.1"])
    found = [
        lines.of(guarded(), environ(HTTP_XCLIENTCERT="NONE"))[-1],
        lines.of(guarded(), environ())[-1],
        lines.of(guarded(), environ(HTTP_XCLIENTCERT="NONE", REMOTE_ADDR="10.0.0.7"))[-1],
        lines.of(guarded(), environ(REMOTE_ADDR="10.0.0.7"))[-1],
        lines.of(guarded(caddy), environ())[-1],
    ]
    table = PAGE.partition("| in `detail` | what happened |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(.+?)` \| ", table, re.MULTILINE)
    assert len(rows) == len(found)
    for row, line in zip(rows, found, strict=True):
        assert row in line


def test_the_form_was_read_before_the_guard(lines: Lines, billing: KeyPair) -> None:
    def reads(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ["wsgi.input"].read()
        return guarded()(environ, start_response)

    (line,) = lines.of(reads, environ(HTTP_XCLIENTCERT=header(billing)), "400")
    assert f"The body ended after 0 of {len(BODY)} octets. If the client sent all, something here read the form" in line


def test_the_page_has_what_a_server_writes_that_does_not_start() -> None:
    """The client sees 502, nginx cannot connect, and gunicorn's last lines name the setting."""
    table = PAGE.partition("## By the text in the log")[2].partition("\n## ")[0]
    for text in (
        "cannot be used",
        "is not a setting: did you mean",
        "Worker failed to boot",
        "No client is authenticated",
    ):
        assert text in table
    for text in ("502 Bad Gateway", "(111: Connection refused)", "(13: Permission denied)"):
        assert text in table
