"""The chain is a hint: an intermediate that can't be read does not refuse a clean leaf, at any source."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509

from tests import der
from tests.support import ACCEPTED, Endpoint
from tests.unit.sources.captures import HYPHENS, SECRET
from wsgi_mtls import ClientCertificate, sources
from wsgi_mtls.sources import PRESETS, CertificateSource
from wsgi_mtls.testing import to_pem

CASES = Path(__file__).parents[2] / "cases" / "certificates"
CA = der.CA()
LEAF = ClientCertificate.from_der(CA.cert(der.dn((der.CN, der.utf8("billing"))), [der.eku(der.CLIENT)]))
# The CA's own certificate, with a serial number that is none, and basic constraints that are none, twice.
ISSUER = ClientCertificate.from_der(
    der.CA().cert(CA.name, [der.ext("2.5.29.19", b"\x05")] * 2, key=CA.key, serial=der.utf8("x"))
)
UNREADABLE = [
    ISSUER,
    ClientCertificate.from_pem((CASES / "intermediate-unreadable.pem").read_bytes()),
    ClientCertificate.from_der(b"0\x00"),
    ClientCertificate.from_der(der.seq(der.seq(), der.seq(), der.bits(b""))),
]
Environ = dict[str, Any]
GATEWAY = "spiffe://gateway"


def base64_of(*certificates: ClientCertificate) -> str:
    return base64.b64encode(b"".join(certificate.der for certificate in certificates)).decode()


def escaped(*certificates: ClientCertificate) -> str:
    return quote(b"".join(map(to_pem, certificates)), safe="")


def mod_ssl(chain: ClientCertificate) -> Environ:
    pems = {"SSL_CLIENT_CERT": LEAF, "SSL_CLIENT_CERT_CHAIN_0": chain}
    status = {"SSL_CLIENT_VERIFY": "SUCCESS", "SSL_SESSION_RESUMED": "Initial"}
    return {**{key: to_pem(one).decode() for key, one in pems.items()}, **status}


def xfcc(chain: ClientCertificate, end: str = "") -> Environ:
    sha256 = hashlib.sha256(LEAF.der).hexdigest()
    text = f'Hash={sha256};Cert="{escaped(LEAF)}";Chain="{escaped(LEAF, chain)}"{end}'
    return {"HTTP_X_FORWARDED_CLIENT_CERT": text}


def base64_pem(certificate: ClientCertificate) -> str:
    return base64.b64encode(to_pem(certificate)).decode()


YES = {**HYPHENS, "terminator_verifies": True}
WITH_CHAIN: dict[str, tuple[CertificateSource, Callable[[ClientCertificate], Environ]]] = {
    "apache": (
        sources.apache(**HYPHENS),
        lambda c: {"HTTP_XCLIENTCERT": f"SUCCESS Initial {base64_pem(LEAF)}", "HTTP_XCLIENTCHAIN0": base64_pem(c)},
    ),
    "mod_wsgi": (sources.mod_wsgi(), mod_ssl),
    "mod_ssl": (sources.mod_ssl(), mod_ssl),
    "cheroot": (sources.cheroot(), mod_ssl),
    "wsgi_server": (sources.wsgi_server(), mod_ssl),
    "haproxy": (
        sources.haproxy(**HYPHENS),
        lambda c: {"HTTP_XCLIENTCERT": f"1 0 {base64_of(LEAF)}", "HTTP_XCLIENTCHAIN": base64_of(c)},
    ),
    "envoy": (sources.envoy(**YES), xfcc),
    "istio": (
        sources.istio(gateway_uri=GATEWAY, **YES),
        lambda c: xfcc(c, f",Hash={'0' * 64};URI={GATEWAY}"),
    ),
    "traefik": (
        sources.traefik(**YES),
        lambda c: {"HTTP_X_FORWARDED_TLS_CLIENT_CERT": f"{base64_of(LEAF)},{base64_of(c)}"},
    ),
    "gcp_load_balancer": (
        sources.gcp_load_balancer(**SECRET),
        lambda c: {
            "HTTP_X_CLIENT_CERT_LEAF": f":{base64_of(LEAF)}:",
            "HTTP_X_CLIENT_CERT_PRESENT": "true",
            "HTTP_X_CLIENT_CERT_CHAIN_VERIFIED": "true",
            "HTTP_X_CLIENT_CERT_CHAIN": f":{base64_of(c)}:",
            "HTTP_X_PROXY_AUTH": "correct horse",
        },
    ),
    "rfc9440": (
        sources.rfc9440(**YES),
        lambda c: {"HTTP_CLIENT_CERT": f":{base64_of(LEAF)}:", "HTTP_CLIENT_CERT_CHAIN": f":{base64_of(c)}:"},
    ),
}
AWS = sources.aws_alb(mode="passthrough", **HYPHENS)
CLIENTS = {"billing": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"}}
# They deliver no chain.
WITHOUT = {"nginx", "ingress_nginx", "caddy", "envoy_peer_certificate", "istio_sidecar", "azure_app_service",
           "cloudflare", "uwsgi", "gunicorn", "werkzeug", "aws_alb"}  # fmt: skip


def test_every_preset_is_looked_at() -> None:
    assert WITH_CHAIN.keys() | WITHOUT == PRESETS.keys()
    for name, preset in PRESETS.items():
        chains = {row.cells()[2] for _, row in preset.rows()}
        assert chains == ({"no", "yes"} if name == "aws_alb" else {"no"}) or name in WITH_CHAIN


@pytest.mark.parametrize("name", WITH_CHAIN)
@pytest.mark.parametrize("number", range(len(UNREADABLE)))
def test_the_leafs_answer(name: str, number: int) -> None:
    source, request = WITH_CHAIN[name]
    # Traefik's list counts only in order, so that the issuer must be there; two headers that a server joined have none.
    expected = ACCEPTED if name != "traefik" or number == 0 else (400, "invalid_request", "malformed_certificate")
    endpoint = Endpoint(CLIENTS, source=source)
    environ = {"REMOTE_ADDR": "127.0.0.1", **request(UNREADABLE[number])}
    assert endpoint.outcome("billing", extra=environ) == expected


def test_aws_passthrough() -> None:
    for chain in UNREADABLE:
        peer = AWS({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_AMZN_MTLS_CLIENTCERT": quote(to_pem(LEAF) + to_pem(chain))})
        assert peer is not None
        assert peer.certificate == LEAF


def test_they_are_unreadable_to_cryptography() -> None:
    for certificate in (UNREADABLE[0], *UNREADABLE[2:]):
        with pytest.raises(ValueError, match="pars"):
            x509.load_der_x509_certificate(certificate.der)
