"""What counts as the terminator's word that it validated the chain."""

from typing import Any

import pytest

from tests.unit.sources.captures import (
    APACHE,
    CLIENT,
    HAPROXY,
    HERE,
    HYPHENS,
    INTERMEDIATE,
    SECRET,
    Expected,
    environ,
    found,
    without_hyphens,
)
from wsgi_mtls import sources
from wsgi_mtls.errors import ContradictoryStatus
from wsgi_mtls.sources import CertificateSource

PKI: Expected = (CLIENT, (), True)
UNVERIFIED: Expected = (CLIENT, (), False)
CERTIFICATES = {"HTTP_XSSLCLIENTDER", "HTTP_XSSLCLIENTCHAINDER", "HTTP_X_CLIENT_CERT_LEAF", "HTTP_X_CLIENT_CERT_CHAIN"}


def apache_came(resumed: str | None) -> dict[str, str]:
    came = without_hyphens(environ("apache-requestheader", "ca_signed_with_chain"), *APACHE)
    return came if resumed is None else {**came, "HTTP_XSSLCLIENTRESUMED": resumed}


def test_apache_without_chain() -> None:
    assert found(sources.apache(chain=(), **HERE), apache_came("Initial")) == PKI
    assert found(sources.apache(**HERE), apache_came("Initial")) == (CLIENT, (INTERMEDIATE,), True)


def test_apache_success_of_a_resumed_session() -> None:
    """What mod_ssl says there of any certificate, with ``optional_no_ca`` and TLS 1.2."""
    source = sources.apache(chain=(), **HERE)
    assert found(source, apache_came("Initial")) == PKI
    assert found(source, apache_came("Resumed")) == UNVERIFIED
    for resumed in (None, "", "(null)", "Initial,Resumed"):
        with pytest.raises(ContradictoryStatus):
            source(apache_came(resumed))
    assert found(sources.apache(chain=(), resumed=None, **HERE), apache_came(None)) == PKI


@pytest.mark.parametrize("source", [sources.mod_wsgi(), sources.environ(), sources.cheroot(), sources.wsgi_server()])
def test_mod_ssl_success_of_a_resumed_session(source: CertificateSource, caplog: pytest.LogCaptureFixture) -> None:
    came = environ("mod_ssl-mod_wsgi", "ca_signed_with_chain")
    assert found(source, {**came, "SSL_SESSION_RESUMED": "Initial"}) == (CLIENT, (INTERMEDIATE,), True)
    assert not caplog.records
    assert found(source, {**came, "SSL_SESSION_RESUMED": "Resumed"}) == (CLIENT, (INTERMEDIATE,), False)
    assert "SSLSessionTickets off" in caplog.text


def test_mod_ssl_that_does_not_tell_of_the_session(caplog: pytest.LogCaptureFixture) -> None:
    came = environ("mod_ssl-mod_wsgi", "ca_signed_with_chain")
    assert found(sources.mod_wsgi(), came) == (CLIENT, (INTERMEDIATE,), False)
    assert "SSLOptions +StdEnvVars" in caplog.text
    assert found(sources.environ(), came) == (CLIENT, (INTERMEDIATE,), True)  # other gateways have no such key


@pytest.mark.parametrize("resumed", ["", False, 0])
def test_only_none_takes_resumption_for_impossible(resumed: Any) -> None:
    with pytest.raises(ValueError, match="header name"):
        sources.apache(resumed=resumed, **HERE)
    assert sources.apache(resumed=None, **HERE)


@pytest.mark.parametrize("chain", ["", False, 0])
def test_a_chain_header_without_a_name(chain: Any) -> None:
    for preset in (sources.haproxy, sources.rfc9440, sources.gcp_load_balancer, sources.apache):
        with pytest.raises(ValueError, match="header name"):
            preset(chain=chain, **{**HYPHENS, **SECRET})


@pytest.mark.parametrize("source", [sources.mod_wsgi(), sources.cheroot()])
def test_a_status_that_the_server_always_sets(source: CertificateSource) -> None:
    came = environ("mod_ssl-mod_wsgi", "ca_signed_without_chain")
    assert found(source, came) == UNVERIFIED
    for status in ({}, {"SSL_CLIENT_VERIFY": ""}):
        with pytest.raises(ContradictoryStatus, match="StdEnvVars"):
            source({"SSL_CLIENT_CERT": came["SSL_CLIENT_CERT"], **status})
    assert source({}) is None
    assert found(sources.environ(), {"SSL_CLIENT_CERT": came["SSL_CLIENT_CERT"]}) == UNVERIFIED


def test_presence_has_two_values() -> None:
    haproxy = without_hyphens(environ("haproxy", "ca_signed_with_chain"), *HAPROXY)
    gcp = environ("gcp", "ca_signed_with_chain", HTTP_X_PROXY_AUTH="correct horse")
    for source, came, key, present in (
        (sources.haproxy(**HERE), haproxy, "HTTP_XSSLCLIENTUSED", "1"),
        (sources.gcp_load_balancer(**SECRET), gcp, "HTTP_X_CLIENT_CERT_PRESENT", "true"),
    ):
        assert found(source, {**came, key: present}) == (CLIENT, (INTERMEDIATE,), True)
        for value in ("2", "True", "yes", f"{present} ", f"{present},{present}"):
            with pytest.raises(ContradictoryStatus):
                source({**came, key: value})
            without = {k: v for k, v in came.items() if k not in CERTIFICATES}
            with pytest.raises(ContradictoryStatus):
                source({**without, key: value})
    with pytest.raises(ValueError, match="two_valued"):
        sources.Status("Used", "1", two_valued=True)
