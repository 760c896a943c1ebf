"""Row 70 of ATTACKS.md: another host of the same terminator validates certificates of another CA.

Its clients must not become clients of the mTLS host: by a TLS session that they move there (CVE-2025-23419), by a
``Host`` that is not the name in the handshake, or by a handshake without a name.
"""

import ssl
from collections.abc import Iterator
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from socket import create_connection
from typing import Any

import pytest

from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST, DEPLOY, LOOPBACK, MTLS_HOST
from wsgi_mtls.testing import make_ca

from .cases import CASES, Case
from .client import Answer, send, tls_context
from .conftest import Behind, start
from .pki import BILLING, PKI
from .test_lenient_terminators import changed

OTHER_HOST, STRANGER = "other.example.com", "stranger"
NO_CERTIFICATE = "refused:no_certificate"

NGINX_HOST = """
    server {
        listen @ADDRESS@:@PORT@ ssl;
        server_name other.example.com;
        ssl_verify_client on;
        ssl_client_certificate @CLIENT_CA@.other;
        location / {
            proxy_pass http://app;
            proxy_set_header Host $http_host;
            proxy_set_header XClientCert NONE;
        }
    }
"""
APACHE_HOST = """
<VirtualHost *:@PORT@>
    ServerName other.example.com
    SSLEngine on
    SSLCertificateFile    "@SERVER_CERT@"
    SSLCertificateKeyFile "@SERVER_KEY@"
    SSLVerifyClient require
    SSLCACertificateFile "@CLIENT_CA@.other"
    {handler}
</VirtualHost>
"""
NGINX_SERVER = "    # The mTLS host: the token endpoint"
APACHE_SERVER = "# The mTLS host: the token endpoint"
PROXY = 'RequestHeader set XClientCert NONE\n    ProxyPass "/" "http://127.0.0.1:@APP_PORT@/"'
SCRIPT = 'WSGIScriptAlias / "@FOLDER@/wsgi.py"'
HAPROXY_HOST = "@SERVER_PEM@ [verify required ca-file @CLIENT_CA@.other] other.example.com\n"
HAPROXY_SERVER = "# The mTLS host asks"

CADDY_SERVER = "# The mTLS host: the token endpoint"
CADDY_HOST = """
https://other.example.com:@PORT@ {
	bind @ADDRESS@
	tls @SERVER_CERT@ @SERVER_KEY@ {
		client_auth {
			mode require_and_verify
			trust_pool file @CLIENT_CA@.other
		}
	}
	reverse_proxy 127.0.0.1:@APP_PORT@ {
		header_up XClientCert ""
	}
}
"""
TRAEFIK_SERVER, TRAEFIK_HOST = (
    "  routers:\n",
    """
    other:
      rule: "Host(`other.example.com`)"
      entryPoints: [https]
      service: app
      middlewares: [no-client-certificate]
      tls:
        options: other
""",
)
TRAEFIK_TLS = (
    "  options:\n",
    """  options:
    other:
      clientAuth:
        clientAuthType: RequireAndVerifyClientCert
        caFiles: ["@CLIENT_CA@.other"]
""",
)
ENVOY_SERVER = "        # The mTLS host: the token endpoint"
_, _CHAIN, _REST = (
    (DEPLOY / "envoy" / "envoy.yaml").read_text().partition("        - filter_chain_match: {server_names: [mtls")
)
ENVOY_HOST = _CHAIN + _REST.partition("        # The conventional host")[0]
ENVOY_HOST = ENVOY_HOST.replace("mtls.example.com", "other.example.com").replace("@CLIENT_CA@", "@CLIENT_CA@.other")

# Each host is the first of its address, and so the one that counts where no name is given.
HOSTS: dict[str, tuple[Any, ...]] = {
    "nginx+gunicorn": ("nginx.conf", (NGINX_SERVER, NGINX_HOST + NGINX_SERVER)),
    "apache+gunicorn": ("httpd.conf", (APACHE_SERVER, APACHE_HOST.replace("{handler}", PROXY) + APACHE_SERVER)),
    "haproxy+gunicorn": ("crt-list.txt", (HAPROXY_SERVER, HAPROXY_HOST + HAPROXY_SERVER)),
    "caddy+gunicorn": ("Caddyfile", (CADDY_SERVER, CADDY_HOST + CADDY_SERVER)),
    "envoy+gunicorn": ("envoy.yaml", (ENVOY_SERVER, ENVOY_HOST + ENVOY_SERVER)),
    "traefik+gunicorn": ("dynamic.yaml", (TRAEFIK_SERVER, TRAEFIK_SERVER + TRAEFIK_HOST), TRAEFIK_TLS),
    "mod_wsgi": ("httpd.conf", (APACHE_SERVER, APACHE_HOST.replace("{handler}", SCRIPT) + APACHE_SERVER)),
}
versions = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])


def with_another_host(name: str, folder: Path) -> Case:
    case = next(case for case in CASES if str(case) == name)
    file, *changes = HOSTS[name]
    return changed(case, folder, file, *changes)


@pytest.fixture(scope="module")
def two_pki(pki: PKI) -> PKI:
    """The other host's CA, and its client with the name of billing."""
    other = make_ca("CN=CA of the other host")
    pki.add(STRANGER, other.issue("CN=billing"))
    pki.files.client_ca.with_name(pki.files.client_ca.name + ".other").write_bytes(other.certificate_pem)
    return pki


@pytest.fixture(scope="module", params=HOSTS)
def behind(
    request: pytest.FixtureRequest, two_pki: PKI, readable_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Behind]:
    case = with_another_host(request.param, tmp_path_factory.mktemp("hosts"))
    with start(case, two_pki, readable_folder) as started:
        yield started


class Connection(HTTPSConnection):
    """A connection with any name in its handshake, or none."""

    sock: ssl.SSLSocket

    def __init__(self, port: int, context: ssl.SSLContext, sni: str | None, session: ssl.SSLSession | None) -> None:
        super().__init__(LOOPBACK, port, context=context, timeout=10)
        self._tls, self._sni, self._session = context, sni, session

    def connect(self) -> None:
        plain = create_connection((LOOPBACK, self.port), self.timeout)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self._sni, session=self._session)
        except BaseException:
            plain.close()
            raise


def context_of(behind: Behind, certificate: str | None, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = tls_context(behind.pki, certificate)
    context.check_hostname = False  # the server's certificate does not name the other host
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def request(
    behind: Behind,
    context: ssl.SSLContext,
    sni: str | None,
    host: str = MTLS_HOST,
    session: ssl.SSLSession | None = None,
) -> Answer:
    return send(Connection(behind.port, context, sni, session), BILLING, "/token", [("Host", host)])


def session_of(behind: Behind, context: ssl.SSLContext, host: str) -> ssl.SSLSession | None:
    """Take a session from a host that accepts the certificate."""
    connection = Connection(behind.port, context, host, None)
    try:
        connection.connect()
        tls = connection.sock
        connection.request("POST", "/echo", headers={"Host": host, "Content-Length": "0"})
        connection.getresponse().read()
        return tls.session
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


@versions
@pytest.mark.parametrize("sni", [MTLS_HOST, None, OTHER_HOST])
def test_session_of_a_host_with_another_ca(behind: Behind, sni: str | None, version: ssl.TLSVersion) -> None:
    context = context_of(behind, STRANGER, version)
    session = session_of(behind, context, OTHER_HOST)
    for _ in range(2):
        moved = request(behind, context, sni, session=session)
        assert moved.outcome in ("refused:chain_not_verified", NO_CERTIFICATE, "terminator"), moved
    assert request(behind, context_of(behind, BILLING, version), MTLS_HOST).outcome == BILLING


@versions
def test_no_session_is_resumed_at_the_mtls_host(behind: Behind, version: ssl.TLSVersion) -> None:
    for certificate, origin in ((STRANGER, OTHER_HOST), (BILLING, MTLS_HOST), (None, CONVENTIONAL_HOST)):
        context = context_of(behind, certificate, version)
        connection = Connection(behind.port, context, MTLS_HOST, session_of(behind, context, origin))
        try:
            connection.connect()
        except (ssl.SSLError, ConnectionError):  # where the terminator itself rejects the certificate
            assert certificate == STRANGER
            continue
        with connection.sock as stream:
            assert not stream.session_reused or behind.case.resumes


@pytest.mark.parametrize("sni", [OTHER_HOST, CONVENTIONAL_HOST, None, f"{MTLS_HOST}/", f"x.{MTLS_HOST}"])
@pytest.mark.parametrize("certificate", [STRANGER, BILLING, None])
def test_host_unlike_the_name_in_the_handshake(behind: Behind, certificate: str | None, sni: str | None) -> None:
    for host in (MTLS_HOST, MTLS_HOST.upper(), f"{MTLS_HOST}:443", f"{MTLS_HOST}."):
        answer = request(behind, context_of(behind, certificate), sni, host)
        assert answer.outcome in ("terminator", NO_CERTIFICATE), answer
        assert answer.outcome == NO_CERTIFICATE or answer.status in (0, 400, 403, 404, 421)


def test_host_that_is_an_address(behind: Behind) -> None:
    """Such a request is for the first host of the address, which sends no certificate to the application."""
    for host in (LOOPBACK, f"{LOOPBACK}:{behind.port}", "elsewhere.example.com"):
        assert request(behind, context_of(behind, STRANGER), None, host).outcome in (NO_CERTIFICATE, "terminator")


def test_one_name_in_other_letters(behind: Behind) -> None:
    for host in (MTLS_HOST, MTLS_HOST.upper(), f"{MTLS_HOST}:443", f"{MTLS_HOST}:{behind.port}"):
        for sni in (MTLS_HOST, MTLS_HOST.upper()):
            assert request(behind, context_of(behind, BILLING), sni, host).outcome == BILLING, (sni, host)


MISDIRECTED = "        if ($misdirected = mtls.example.com) {\n            return 421;\n        }\n"
# Without these lines of ours the attack succeeds: nginx 1.22, HAProxy 2.6.
WHY = {
    "nginx-no-name": ("nginx+gunicorn", "nginx.conf", (MISDIRECTED, ""), None, False),
    "haproxy-cache": ("haproxy+gunicorn", "haproxy.cfg", ("    tune.ssl.cachesize 0\n", ""), MTLS_HOST, True),
    "haproxy-tickets": ("haproxy+gunicorn", "haproxy.cfg", (" no-tls-tickets", ""), MTLS_HOST, True),
}


@pytest.mark.parametrize("why", WHY)
def test_why_the_recipes_have_these_lines(
    why: str, two_pki: PKI, readable_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name, file, change, sni, resumes = WHY[why]
    case = changed(
        with_another_host(name, tmp_path_factory.mktemp("hosts")), tmp_path_factory.mktemp("why"), file, change
    )
    with start(case, two_pki, readable_folder) as started:
        context = context_of(started, STRANGER, ssl.TLSVersion.TLSv1_3)
        session = session_of(started, context, OTHER_HOST) if resumes else None
        assert request(started, context, sni, session=session).outcome == BILLING
        assert request(started, context_of(started, STRANGER), MTLS_HOST).outcome == "refused:chain_not_verified"
