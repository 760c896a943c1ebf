"""What counts as the terminator's word that it validated the chain."""

from typing import Any

import pytest

from tests.support import refused
from tests.unit.sources.captures import (
    CLIENT,
    HYPHENS,
    INTERMEDIATE,
    SECRET,
    Expected,
    environ,
    found,
)
from wsgi_mtls import sources
from wsgi_mtls.sources import CertificateSource

UNVERIFIED: Expected = (CLIENT, (), False)
CERTIFICATES = {"HTTP_X_CLIENT_CERT_LEAF", "HTTP_X_CLIENT_CERT_CHAIN"}


@pytest.mark.parametrize("source", [sources.mod_wsgi(), sources.mod_ssl(), sources.cheroot(), sources.wsgi_server()])
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
    assert found(sources.mod_ssl(), came) == (CLIENT, (INTERMEDIATE,), True)  # other gateways have no such key


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
        with refused("contradictory_status", match="StdEnvVars"):
            source({"SSL_CLIENT_CERT": came["SSL_CLIENT_CERT"], **status})
    assert source({}) is None
    assert found(sources.mod_ssl(), {"SSL_CLIENT_CERT": came["SSL_CLIENT_CERT"]}) == UNVERIFIED


def test_presence_has_two_values() -> None:
    came = environ("gcp", "ca_signed_with_chain", HTTP_X_PROXY_AUTH="correct horse")
    source, key = sources.gcp_load_balancer(**SECRET), "HTTP_X_CLIENT_CERT_PRESENT"
    assert found(source, {**came, key: "true"}) == (CLIENT, (INTERMEDIATE,), True)
    for value in ("2", "True", "yes", "true ", "true,true"):
        with refused("contradictory_status"):
            source({**came, key: value})
        without = {k: v for k, v in came.items() if k not in CERTIFICATES}
        with refused("contradictory_status"):
            source({**without, key: value})
    with pytest.raises(ValueError, match="two_valued"):
        sources.Status("Used", "1", two_valued=True)
