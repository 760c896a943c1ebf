"""Two sources for one application."""

from typing import Any

import pytest

from tests.support import drop_untrusted
from tests.unit.sources.captures import CLIENT, SELF_SIGNED, environ
from wsgi_mtls import sources

PROXY = environ("nginx", "ca_signed_with_chain")
OWN_TLS = environ("werkzeug", "ca_signed_with_chain")


def test_a_trusted_proxy_is_final() -> None:
    source = sources.first_of(sources.nginx(trusted_proxies=["127.0.0.1"]), sources.werkzeug())
    proxied = {**OWN_TLS, **environ("nginx", "self_signed")}
    assert getattr(source(proxied), "certificate", None) == SELF_SIGNED
    # Row 47 of ATTACKS.md: the connection's certificate is the proxy's own.
    assert source({**OWN_TLS, **environ("nginx", "no_certificate")}) is None
    direct: dict[str, Any] = {**OWN_TLS, **environ("nginx", "self_signed"), "REMOTE_ADDR": "192.0.2.1"}
    assert getattr(source(direct), "certificate", None) == CLIENT
    assert "HTTP_XCLIENTCERT" not in direct


def test_two_proxies() -> None:
    first = sources.nginx(trusted_proxies=["10.0.0.1"])
    second = sources.caddy(certificate_header="XCaddyCert", trusted_proxies=["10.0.0.2"])
    third = sources.traefik(trusted_proxies=["10.0.0.3"], underscores_dropped=True)
    source = sources.first_of(sources.first_of(first, second), third)
    caddy = {"HTTP_XCADDYCERT": environ("caddy", "self_signed")["HTTP_X_CLIENT_CERT"]}
    both: dict[str, Any] = {**PROXY, **caddy}
    for address, expected in (("10.0.0.1", CLIENT), ("10.0.0.2", SELF_SIGNED), ("10.0.0.3", None), ("10.0.0.4", None)):
        assert getattr(source({**both, "REMOTE_ADDR": address}), "certificate", None) == expected
    forged = {**both, "REMOTE_ADDR": "10.0.0.1"}
    source(forged)
    assert "HTTP_XCADDYCERT" not in forged


def test_configuration_errors() -> None:
    nginx = sources.nginx(trusted_proxies=["127.0.0.1"])
    with pytest.raises(ValueError, match="header source"):
        sources.first_of(sources.werkzeug(), nginx)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="HTTP_XCLIENTCERT"):
        sources.first_of(nginx, sources.nginx(trusted_proxies=["127.0.0.2"]))


def test_untrusted_headers_of_either_are_dropped_on_unguarded_paths() -> None:
    first = sources.nginx(trusted_proxies=["10.0.0.1"])
    source = sources.first_of(first, sources.caddy(certificate_header="XCaddyCert", trusted_proxies=["10.0.0.2"]))
    for wrapped in (source, lambda environ: source(environ)):
        for address, left in (("10.0.0.1", {"HTTP_XCLIENTCERT"}), ("10.0.0.2", {"HTTP_XCADDYCERT"})):
            came: dict[str, Any] = {"REMOTE_ADDR": address, "HTTP_XCLIENTCERT": "x", "HTTP_XCADDYCERT": "x"}
            drop_untrusted(came, wrapped)
            assert {key for key in came if key.isupper()} == {"REMOTE_ADDR"} | left


def test_a_name_in_either_half_is_seen_when_the_application_is_put_together() -> None:
    name = sources.subject_header("Dn", kind="tls_client_auth_subject_dn", verified=True, trusted_proxies=["10.0.0.1"])
    nginx = sources.nginx(trusted_proxies=["10.0.0.2"])
    nested = sources.first_of(sources.first_of(nginx, name), sources.wsgi_server())
    for source in (sources.first_of(name, sources.wsgi_server()), sources.first_of(nginx, name), nested):
        with pytest.raises(ValueError, match="allowed_methods"):
            sources.check_methods(source, ["tls_client_auth", "self_signed_tls_client_auth"])
        with pytest.raises(ValueError, match="bound tokens"):
            sources.check_delivers_thumbprint(source)
        with pytest.raises(ValueError, match="trust store"):
            sources.check_delivers_certificate(source)
        sources.check_methods(source, ["tls_client_auth"])
    whole = sources.first_of(nginx, sources.wsgi_server())
    sources.check_methods(whole, ["tls_client_auth", "self_signed_tls_client_auth"])
    sources.check_delivers_certificate(whole)
    sources.check_delivers_thumbprint(whole)
