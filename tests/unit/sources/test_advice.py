"""What the log advises where no certificate arrived, by source and by what came."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import request, token_endpoint
from wsgi_mtls import AccessTokenMiddleware, ClientAuthMiddleware, PeerMiddleware, Verifier, sources
from wsgi_mtls.binding import THUMBPRINT
from wsgi_mtls.events import Event
from wsgi_mtls.sources import CertificateSource
from wsgi_mtls.testing import KeyPair

TRUSTED: dict[str, Any] = {"trusted_proxies": ["127.0.0.1"]}
NONE_SENT = "he client sent no certificate"


def details(source: CertificateSource, extra: Mapping[str, object], address: str = "127.0.0.1") -> list[str]:
    """Return what the log has of a request to a token endpoint."""
    events: list[Event] = []
    app = ClientAuthMiddleware(token_endpoint, Verifier({}), source=source, paths="*", observers=[events.append])
    assert request(app, {"client_id": "a"}, extra={"REMOTE_ADDR": address, **extra}).status in (400, 401)
    return [event.detail or "" for event in events]


@pytest.mark.parametrize(
    ("source", "environ", "parts"),
    [
        (sources.nginx(**TRUSTED), {"HTTP_XCLIENTCERT": "NONE"}, ("nginx reports 'NONE'", "ssl_verify_client")),
        (sources.nginx(**TRUSTED), {}, ("nginx", "proxy_set_header XClientCert")),
        (sources.apache(**TRUSTED), {"HTTP_XCLIENTCERT": "NONE Initial"}, ("Apache reports", "SSLVerifyClient")),
        (sources.apache(**TRUSTED), {}, ("Apache", "RequestHeader set XClientCert")),
        (sources.haproxy(**TRUSTED), {"HTTP_XCLIENTCERT": "0 0"}, ("HAProxy reports '0 0'", "verify optional")),
        (sources.haproxy(**TRUSTED), {}, ("HAProxy", "http-request set-header XClientCert")),
        (sources.caddy(**TRUSTED), {}, (NONE_SENT, "Caddy", "client_auth", "header_up XClientCert")),
        (sources.caddy(**TRUSTED), {"HTTP_XCLIENTCERT": ""}, (NONE_SENT, "Caddy", "client_auth")),
        (
            sources.traefik(**TRUSTED, underscores_dropped=True),
            {},
            (NONE_SENT, "clientAuthType", "passTLSClientCert (X-Forwarded-Tls-Client-Cert)"),
        ),
        (
            sources.rfc9440(**TRUSTED, underscores_dropped=True),
            {},
            (NONE_SENT, "the terminator", "Client-Cert did not come"),
        ),
        (sources.mod_wsgi(), {"SSL_CLIENT_VERIFY": "NONE"}, ("Apache reports 'NONE'", "SSLVerifyClient")),
        (
            sources.mod_wsgi(),
            {},
            ("SSL_CLIENT_VERIFY did not come", "SSLOptions +StdEnvVars", "Apache"),
        ),
        (sources.gunicorn(), {}, (NONE_SENT, "cert_reqs")),
        (sources.uwsgi(), {}, (NONE_SENT, "uWSGI")),
        (sources.first_of(sources.nginx(**TRUSTED), sources.gunicorn()), {}, ("proxy_set_header XClientCert",)),
        (lambda _: None, {}, ("Make the terminator ask for one",)),
    ],
)
def test_no_certificate(source: CertificateSource, environ: dict[str, object], parts: tuple[str, ...]) -> None:
    (detail,) = details(source, environ)
    assert detail.startswith("No client certificate came: connect with one. ")
    for part in parts:
        assert part in detail
    terminators = {"nginx", "Apache", "HAProxy", "Caddy", "Traefik", "uWSGI", "gunicorn"}
    assert len([name for name in terminators if name in detail]) <= 1


def test_first_of_asks_the_second_about_other_peers() -> None:
    (detail,) = details(sources.first_of(sources.nginx(**TRUSTED), sources.gunicorn()), {}, address="192.0.2.1")
    assert "cert_reqs" in detail
    assert "nginx" not in detail


def test_a_secret_that_is_missing() -> None:
    source = sources.nginx(**TRUSTED, secret=("XAuth", "0123456789"))
    dropped, refused = details(source, {"HTTP_XCLIENTCERT": "NONE", "HTTP_XAUTH": "wrong"})
    assert "did not send the secret" in dropped
    assert "0123456789" not in dropped + refused
    assert "untrusted_proxy" in refused
    (detail,) = details(source, {"HTTP_XCLIENTCERT": "NONE", "HTTP_XAUTH": "0123456789"})
    assert "nginx reports 'NONE'" in detail


def test_an_outer_layer_dropped_the_header() -> None:
    """As in Flask: the middleware looks, and a view decides."""
    events: list[Event] = []
    source = sources.nginx(**TRUSTED)
    inner = ClientAuthMiddleware(token_endpoint, Verifier({}), source=source, paths="*", observers=[events.append])
    extra = {"REMOTE_ADDR": "192.0.2.1", "HTTP_XCLIENTCERT": "NONE"}
    assert request(PeerMiddleware(inner, source), {"client_id": "a"}, extra=extra).status == 401
    (event,) = events
    assert "the line untrusted_proxy of this request names what to change" in (event.detail or "")


def test_an_api(ca: KeyPair) -> None:
    thumbprint = ca.issue("CN=a").certificate.thumbprint

    class Tokens:
        def decode(self, token: str, /) -> dict[str, Any]:
            return {"cnf": {THUMBPRINT: thumbprint}}

    events: list[Event] = []
    app = AccessTokenMiddleware(
        token_endpoint, Tokens(), source=sources.nginx(**TRUSTED), paths="*", observers=[events.append]
    )
    extra = {"REMOTE_ADDR": "127.0.0.1", "HTTP_AUTHORIZATION": "Bearer a", "HTTP_XCLIENTCERT": "NONE"}
    answer = request(app, extra=extra)
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    (event,) = events
    assert (event.reason, "nginx reports 'NONE'" in (event.detail or "")) == ("token_without_certificate", True)


def test_a_status_without_its_certificate(ca: KeyPair) -> None:
    own = quote(ca.issue("CN=a").certificate_pem, safe="")
    ingress = sources.ingress_nginx(**TRUSTED, underscores_dropped=True)
    for came, missing in (("VERIFY", "cert"), ("CERT", "verify")):
        value = {"VERIFY": "SUCCESS", "CERT": own}[came]
        (detail,) = details(ingress, {f"HTTP_SSL_CLIENT_{came}": value})
        assert f"(ssl-client-{missing})" in detail
    (detail,) = details(sources.nginx(**TRUSTED), {"HTTP_XCLIENTCERT": "SUCCESS"})
    assert "proxy_set_header XClientCert" in detail
