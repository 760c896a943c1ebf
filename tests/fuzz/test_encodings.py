"""Any text in a header: a certificate, or ``BadCertificate``."""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sources.captures import environ, variants
from wsgi_mtls import ClientCertificate, PeerCertificate, sources
from wsgi_mtls.errors import BadCertificate
from wsgi_mtls.sources import encodings, subject_header, xfcc
from wsgi_mtls.sources.proxies import GuardedHeaders
from wsgi_mtls.x509 import PeerSubject

CAPTURES = [
    "apache-requestheader",
    "apache-requestheader-base64",
    "aws-alb-passthrough",
    "aws-alb-verify",
    "azure-app-service",
    "caddy-2.6",
    "envoy-peer-cert",
    "envoy-xfcc",
    "envoy-xfcc-ATTACK-san-injection",
    "gcp",
    "haproxy",
    "istio-gateway-plus-sidecar",
    "nginx",
    "nginx-legacy-ssl_client_cert",
    "rfc9440",
    "traefik-v3",
]
VALUES = sorted(
    {
        value
        for name in CAPTURES
        for variant in variants(name).values()
        for key, value in variant.items()
        if "HTTP_" in key
    }
)
DECODERS: list[Callable[[str], bytes | tuple[bytes, ...]]] = [
    *(getattr(encodings, name) for name in encodings.__all__),
    xfcc.first_certificate,
    lambda text: xfcc.first_certificate(text, 2, "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway"),
]
# What tends to matter to the decoders, and what WSGI servers and attackers put between and around values.
PIECES = [
    "",
    ",",
    ", ",
    ";",
    ":",
    "::",
    "=",
    "==",
    "+",
    " ",
    "\t",
    "\n",
    "\r\n\t",
    "%",
    "%0A",
    "%2B",
    "%20",
    '"',
    "\\",
    '\\"',
]
PIECES += [
    "(null)",
    "-----BEGIN CERTIFICATE-----",
    "-----END CERTIFICATE-----",
    "Hash=",
    ";Cert=",
    ";URI=a,",
    "\0",
    "\xff",
]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Take a capture's value, cut and paste in it, and put others next to it."""
    text = draw(st.sampled_from(VALUES))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + draw(st.sampled_from([0, 1, 4, 100, 5000])))))
        piece = draw(st.sampled_from(PIECES) | st.sampled_from(VALUES) | st.text(max_size=4))
        text = text[:start] + piece + text[end:]
    return text


ANY_TEXT = st.text() | mutated() | st.lists(st.sampled_from([*PIECES, *VALUES]), max_size=6).map("".join)


@pytest.mark.parametrize("decode", DECODERS)
@given(text=ANY_TEXT)
def test_decoders(decode: Callable[[str], bytes | tuple[bytes, ...]], text: str) -> None:
    try:
        decoded = decode(text)
        ders = decoded if isinstance(decoded, tuple) else (decoded,)
        assert ders
        for der in ders:
            assert isinstance(ClientCertificate.from_der(der), ClientCertificate)
    except BadCertificate:
        pass


@pytest.mark.parametrize("name", encodings.__all__)
@given(octets=st.binary(min_size=1, max_size=64))
def test_decoders_give_octets_as_they_are(name: str, octets: bytes) -> None:
    """Encodings read no X.509, so any octets that are written their way come back."""
    text = base64.b64encode(octets).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"
    written = {
        "base64_der": text,
        "base64_der_list": f"{text},{text}",
        "base64_pem": base64.b64encode(pem.encode()).decode(),
        "folded_pem": pem.replace("\n", " "),
        "latin1_der": octets.decode("latin-1"),
        "pem": pem,
        "rfc9440": f":{text.rstrip('=')}:",
        "rfc9440_list": f":{text}:, :{text.rstrip('=')}:",
        "url_encoded_pem": quote(pem, safe=""),
        "url_encoded_pem_list": quote(pem + pem, safe="+=/"),
    }
    if name == "base64_der_sequence":
        nested = bytes((0x30, len(octets))) + octets
        assert encodings.base64_der_sequence(base64.b64encode(nested * 2).decode()) == (nested, nested)
    else:
        assert getattr(encodings, name)(written[name]) in (octets, (octets, octets))


HERE: dict[str, Any] = {"trusted_proxies": "any"}
HYPHENS: dict[str, Any] = {**HERE, "underscores_dropped": True}
SECRET: dict[str, Any] = {"secret": ("S", "s"), **HYPHENS}
SOURCES: list[GuardedHeaders] = [
    sources.nginx(**HERE),
    sources.ingress_nginx(**HYPHENS),
    sources.apache(**HERE),
    sources.haproxy(**HERE),
    sources.caddy(**HERE),
    sources.envoy(**HYPHENS),
    sources.envoy_peer_certificate(**HERE),
    sources.istio(gateway_uri="spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway", **HYPHENS),
    sources.traefik(**HYPHENS),
    sources.rfc9440(**HYPHENS),
    sources.aws_alb(mode="verify", **HYPHENS),
    sources.aws_alb(mode="passthrough", **HYPHENS),
    sources.azure_app_service(**HYPHENS),
    sources.gcp_load_balancer(**SECRET),
    sources.cloudflare(**SECRET),
]
STATUSES = st.sampled_from(["SUCCESS", "NONE", "FAILED:x", "0", "1", "true", "false", "Initial", ""])


@pytest.mark.parametrize("source", SOURCES)
@settings(max_examples=60)
@given(data=st.data())
def test_sources(source: GuardedHeaders, data: st.DataObject) -> None:
    values = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(source.keys), STATUSES | ANY_TEXT)))
    try:
        peer = source({"HTTP_S": "s", **values})
    except BadCertificate:
        return
    assert peer is None or isinstance(peer, PeerCertificate)


@pytest.mark.parametrize(
    "source", [sources.mod_ssl(), sources.mod_wsgi(), sources.uwsgi(), sources.werkzeug(), sources.cheroot()]
)
@given(text=ANY_TEXT, status=STATUSES)
def test_environ_keys(source: Callable[[dict[str, str]], object], text: str, status: str) -> None:
    keys = {"SSL_CLIENT_CERT": text, "HTTPS_CLIENT_CERTIFICATE": text, "SSL_CLIENT_CERT_CHAIN_0": text}
    try:
        peer = source({**keys, "SSL_CLIENT_VERIFY": status})
    except BadCertificate:
        return
    assert peer is None or isinstance(peer, PeerCertificate)


@pytest.mark.parametrize("kind", ["tls_client_auth_subject_dn", "tls_client_auth_san_ip"])
@given(text=st.text() | st.sampled_from([environ("ingress-nginx", "self_signed")["HTTP_SSL_CLIENT_SUBJECT_DN"]]))
def test_subject_header(kind: Any, text: str) -> None:
    source = subject_header("Subject", kind=kind, verified=True, **HERE)
    try:
        peer = source({"HTTP_SUBJECT": text})
    except BadCertificate:
        return
    assert peer is None or isinstance(peer, PeerSubject)
