"""Which sources may have a terminator that accepts partial chains, and which never report a validated chain."""

import ssl

import pytest

from wsgi_mtls import sources
from wsgi_mtls.config import never_verifies, read_settings, risks
from wsgi_mtls.sources import CertificateSource, encodings
from wsgi_mtls.sources.partial_chains import may_accept_partial_chains
from wsgi_mtls.x509 import SubjectKind

LOCAL = ["127.0.0.1"]
BY_PYTHON = bool(ssl.create_default_context().verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN)
STATUS = sources.Status("XVerify", "SUCCESS", "NONE")
DN: SubjectKind = "tls_client_auth_subject_dn"
NGINX = sources.nginx(trusted_proxies=LOCAL)


@pytest.mark.parametrize(("source", "expected"), [
    (NGINX, False),
    (sources.haproxy(trusted_proxies=LOCAL), False),
    (sources.apache(trusted_proxies=LOCAL), False),
    (sources.mod_wsgi(), False),
    (sources.mod_ssl(), False),
    (sources.caddy(trusted_proxies=LOCAL), False),
    (sources.caddy(trusted_proxies=LOCAL, terminator_verifies=True), True),
    (sources.traefik(trusted_proxies=LOCAL, terminator_verifies=True, underscores_dropped=True), True),
    (sources.envoy(trusted_proxies=LOCAL, terminator_verifies=True, underscores_dropped=True), True),
    (sources.aws_alb(mode="verify", trusted_proxies=LOCAL, underscores_dropped=True), True),
    (sources.aws_alb(mode="passthrough", trusted_proxies=LOCAL, underscores_dropped=True), False),
    (sources.header("XCert", encodings.base64_der, trusted_proxies=LOCAL), False),
    (sources.header("XCert", encodings.base64_der, trusted_proxies=LOCAL, verified=STATUS), True),
    (sources.gunicorn(), BY_PYTHON),
    (sources.wsgi_server(), BY_PYTHON),
    (sources.first_of(NGINX, sources.werkzeug()), BY_PYTHON),
    (sources.first_of(sources.caddy(trusted_proxies=LOCAL, terminator_verifies=True), sources.mod_ssl()), True),
    (lambda environ: None, False),
])  # fmt: skip
def test_may_accept_partial_chains(source: CertificateSource, expected: bool) -> None:
    assert may_accept_partial_chains(source) == expected


def test_the_risk_of_both_methods() -> None:
    both = {"SOURCE": {"preset": "caddy", "trusted_proxies": LOCAL, "terminator_verifies": True}}
    (risk,) = risks(read_settings(both), debug=True)
    assert risk.name == "ALLOWED_METHODS"
    assert "partial chains" in risk.text
    for method in ("tls_client_auth", "self_signed_tls_client_auth"):
        assert risks(read_settings({**both, "ALLOWED_METHODS": [method]}), debug=True) == []
    assert risks(read_settings({"SOURCE": {"preset": "nginx", "trusted_proxies": LOCAL}}), debug=True) == []


@pytest.mark.parametrize(("source", "expected"), [
    (NGINX, False),
    (sources.caddy(trusted_proxies=LOCAL), True),
    (sources.caddy(trusted_proxies=LOCAL, terminator_verifies=True), False),
    (sources.istio_sidecar(trusted_proxies=LOCAL, underscores_dropped=True), True),
    (sources.istio_sidecar(trusted_proxies=LOCAL, underscores_dropped=True, terminator_verifies=True), False),
    (sources.aws_alb(mode="passthrough", trusted_proxies=LOCAL, underscores_dropped=True), True),
    (sources.aws_alb(mode="verify", trusted_proxies=LOCAL, underscores_dropped=True), False),
    (sources.subject_header("XDN", kind=DN, verified=False, trusted_proxies=LOCAL), True),
    (sources.subject_header("XDN", kind=DN, verified=True, trusted_proxies=LOCAL), False),
    (sources.subject_header("XDN", kind=DN, verified=STATUS, trusted_proxies=LOCAL), False),
    (sources.first_of(sources.caddy(trusted_proxies=LOCAL), sources.mod_ssl()), False),
    (sources.mod_ssl(), False),
    (lambda environ: None, False),
])  # fmt: skip
def test_never_verifies(source: CertificateSource, expected: bool) -> None:
    assert never_verifies(source) == expected
