"""Rows 45, 52 and 53 of ATTACKS.md: terminators with lenient settings, in front of cheroot, which folds names.

Every test sends header lines as they are. The victim's certificate is public, so a client can write all of a genuine
header by itself.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote

import pytest

from tests.tls import serving
from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST, DEPLOY, MTLS_HOST, LoopbackConnection, running
from wsgi_mtls.testing import to_pem

from .cases import CASES, Case
from .client import tls_context
from .conftest import Behind, skip_without, start
from .pki import BILLING, OTHER, PKI
from .wsgi import make_application

NGINX, HAPROXY, APACHE = (
    next(case for case in CASES if str(case) == f"{name}+cheroot") for name in ("nginx", "haproxy", "apache")
)
# 502 is Apache's for a server that has answered and closed the connection before Apache had sent the whole request.
REFUSED = ("HTTP/1.1 400", "HTTP/1.1 401", "HTTP/1.0 400", "HTTP/1.1 502")


def changed(case: Case, folder: Path, file: str, *changes: tuple[str, str]) -> Case:
    """Change lines of the case's own configuration."""
    deploy = DEPLOY / case.terminator.folder
    for own in deploy.iterdir():
        (folder / own.name).write_text(own.read_text())
    text = (folder / file).read_text()
    for ours, theirs in changes:
        assert ours in text
        text = text.replace(ours, theirs)
    (folder / file).write_text(text)
    return replace(case, terminator=replace(case.terminator, folder=str(folder)))


def status_of(port: int, context: ssl.SSLContext, *lines: bytes, host: str = MTLS_HOST) -> str:
    """Send a token request with these header lines, and return the first line of the answer."""
    body = f"grant_type=client_credentials&client_id={BILLING}".encode()
    form = b"Content-Type: application/x-www-form-urlencoded"
    head = [b"POST /token HTTP/1.1", b"Host: " + host.encode(), form, b"Content-Length: %d" % len(body)]
    connection = LoopbackConnection(host, port, context)
    connection.connect()
    with connection.sock as stream:
        stream.sendall(b"\r\n".join((*head, *lines, b"", body)))
        received = b""
        while b"\r\n" not in received and (octets := stream.recv(65536)):
            received += octets
    return received.partition(b"\r\n")[0].decode("latin-1")


def folded_names(name: str) -> list[bytes]:
    """Return names that cheroot, or another server, may take for this one."""
    octets = name.encode()
    around = (b" ", b"\t", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xa0")
    forms = [form for octet in around for form in (octets + octet, octet + octets)]
    for hyphenated in ("X-Client-Cert", "X_Client_Cert", "XClient_Cert", "XClientCert_"):
        forms += [hyphenated.encode()]
    return [*forms, b"XClient\xdf", "XCl\u0131entCert".encode()]


def attack(behind: Behind, value: str) -> None:
    """Send a genuine value under every such name, once before and once after others; without and with a certificate."""
    ours = value.encode()
    for certificate in (None, OTHER):
        context = tls_context(behind.pki, certificate)
        for name in folded_names("XClientCert"):
            forged = name + b": " + ours
            for lines in ((forged,), (b"XClientCert: x", forged), (forged, b"XClientCert: x"), (forged, forged)):
                answer = status_of(behind.port, context, *lines)
                assert answer.startswith(REFUSED), (name, lines[0][:20], answer)
    assert " 200 " in status_of(behind.port, tls_context(behind.pki, BILLING))


@pytest.fixture
def value(behind: Behind) -> str:
    ((_, value),) = [pair for pair in behind.forged() if pair[0] == "XCLIENTCERT"]
    return value


DROPPED = ('    http-request del-header "[^!-~]|_" -m reg\n', "")
LENIENT = {
    "nginx": (NGINX, "nginx.conf", [("ignore_invalid_headers on", "ignore_invalid_headers off")]),
    "nginx-underscores": (NGINX, "nginx.conf", [("underscores_in_headers off", "underscores_in_headers on")]),
    "haproxy": (
        HAPROXY,
        "haproxy.cfg",
        [("    mode http\n", "    mode http\n    option accept-invalid-http-request\n")],
    ),
}


@pytest.fixture(params=LENIENT)
def behind(
    request: pytest.FixtureRequest, pki: PKI, readable_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Behind]:
    case, file, changes = LENIENT[request.param]
    with start(changed(case, tmp_path_factory.mktemp("lenient"), file, *changes), pki, readable_folder) as started:
        yield started


def test_a_genuine_value_under_another_name(behind: Behind, value: str) -> None:
    attack(behind, value)


@contextmanager
def two_headers_with_hyphens(pki: PKI, readable_folder: Path, deploy: Path) -> Iterator[Behind]:
    """Start the recipe of many an nginx: names with hyphens, and the operator's word about underscores."""
    case = changed(
        NGINX,
        deploy,
        "nginx.conf",
        ("ignore_invalid_headers on", "ignore_invalid_headers off"),
        ('proxy_set_header XClientCert "$ssl_client_verify $ssl_client_escaped_cert";',
         "proxy_set_header ssl-client-cert $ssl_client_escaped_cert;"
         "proxy_set_header ssl-client-verify $ssl_client_verify;"),
    )  # fmt: skip
    source = {"preset": "ingress_nginx", "underscores_dropped": True}
    with start(replace(case, terminator=replace(case.terminator, source=source)), pki, readable_folder) as started:
        yield started


def test_why_nginx_must_ignore_invalid_headers(
    pki: PKI, readable_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The attack arrives where a name has hyphens, or SS, although ``underscores_in_headers`` is off."""
    certificate = quote(to_pem(pki.pairs[BILLING].certificate).decode(), safe="").encode()
    with two_headers_with_hyphens(pki, readable_folder, tmp_path_factory.mktemp("hyphens")) as started:
        context = tls_context(pki, None)
        for cert, verify in (
            (b"ssl_client_cert", b"ssl_client_verify"),
            (b"\xdfl-client-cert", b"\xdfl-client-verify"),
        ):
            lines = (cert + b": " + certificate, verify + b": SUCCESS")
            assert " 200 " in status_of(started.port, context, *lines)


# HAProxy that removes the header at the conventional host and sets none of its own: what arrives under another name is
# the last of its name at cheroot.
CARELESS = [
    LENIENT["haproxy"][2][0],
    DROPPED,
    ("del-header XClient -m beg", "del-header XClientCert"),
    ('    http-request set-header XClientCert  "0 0"                                               unless mtls\n', ""),
]
STRIPPED = [b"XClientCert\x0b", b"XClientCert\x0c", b"\x0bXClientCert", b"\x0cXClientCert"]


def test_why_cheroot_needs_a_strict_terminator(
    pki: PKI, readable_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    case = changed(HAPROXY, tmp_path_factory.mktemp("careless"), "haproxy.cfg", *CARELESS)
    with start(case, pki, readable_folder) as started:
        assert " 200 " in statuses(started)[0]


def test_the_server_in_python_behind_a_careless_terminator(
    pki: PKI, readable_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tls = ("@APP_PORT@\n", "@APP_PORT@ ssl verify none\n")
    case = changed(HAPROXY, tmp_path_factory.mktemp("careless"), "haproxy.cfg", *CARELESS, tls)
    with behind_the_server_in_python(case, pki, readable_folder) as started:
        assert all(" 400 " in status for status in statuses(started))
        assert " 200 " in status_of(started.port, tls_context(pki, BILLING))


def statuses(behind: Behind) -> list[str]:
    """Send the genuine value under each name that cheroot strips, through the conventional host."""
    ((_, value),) = [pair for pair in behind.forged() if pair[0] == "XCLIENTCERT"]
    context = tls_context(behind.pki, None)
    lines = [name + b": " + value.encode() for name in STRIPPED]
    return [status_of(behind.port, context, line, host=CONVENTIONAL_HOST) for line in lines]


def test_the_server_in_python_behind_a_lenient_apache(
    pki: PKI, readable_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    case = changed(
        APACHE,
        tmp_path_factory.mktemp("unsafe"),
        "httpd.conf",
        ("HttpProtocolOptions Strict", "HttpProtocolOptions Unsafe"),
        ("    SSLEngine on\n", "    SSLEngine on\n    SSLProxyEngine on\n    SSLProxyCheckPeerName off\n"),
        ('"http://127.0.0.1', '"https://127.0.0.1'),
    )
    with behind_the_server_in_python(case, pki, readable_folder) as started:
        ((_, value),) = [pair for pair in started.forged() if pair[0] == "XCLIENTCERT"]
        attack(started, value)


@contextmanager
def behind_the_server_in_python(case: Case, pki: PKI, readable_folder: Path) -> Iterator[Behind]:
    """Start a terminator that connects to ``wsgi_mtls.server`` by TLS."""
    skip_without(case.missing())
    app = make_application({"source": case.source, "clients": pki.clients})
    folder = Path(mkdtemp(dir=readable_folder))
    folder.chmod(0o755)
    with (
        serving(app) as app_port,
        running(case.terminator, case.terminator.program or "", folder, pki.files, app_port) as port,
    ):
        yield Behind(case, pki, port, app_port, folder)
