"""Every preset reads what its terminator was seen to send, and no more."""

from collections.abc import Callable

import pytest

from tests.support import refused
from tests.unit.sources.captures import (
    CLIENT,
    HERE,
    HYPHENS,
    INTERMEDIATE,
    NEW_SESSION,
    ROOT,
    SECRET,
    SELF_SIGNED,
    Expected,
    environ,
    found,
    variants,
    without_hyphens,
)
from wsgi_mtls import sources
from wsgi_mtls.sources import CertificateSource

VARIANTS = ("ca_signed_with_chain", "self_signed", "no_certificate", "ca_signed_without_chain")

PKI: Expected = (CLIENT, (), True)
SELF: Expected = (SELF_SIGNED, (), False)
UNVERIFIED: Expected = (CLIENT, (), False)

# A capture, the source that reads it, and what of its variants must come out, in the order of VARIANTS.
CAPTURES: list[tuple[str, CertificateSource, list[Expected]]] = [
    ("nginx", sources.nginx(**HERE), [PKI, SELF, None, UNVERIFIED]),
    ("ingress-nginx", sources.ingress_nginx(**HYPHENS), [PKI, SELF, None, UNVERIFIED]),
    ("apache-requestheader-base64", sources.apache(**HERE), [PKI, SELF, None, UNVERIFIED]),
    ("haproxy", sources.haproxy(**HERE), [(CLIENT, (INTERMEDIATE,), True), SELF, None, UNVERIFIED]),
    ("caddy", sources.caddy(certificate_header="X-Client-Cert", **HYPHENS), [UNVERIFIED, SELF, None, UNVERIFIED]),
    (
        "envoy-xfcc",
        sources.envoy(**HYPHENS),
        [(CLIENT, (INTERMEDIATE,), False), SELF, None, UNVERIFIED],
    ),
    (
        "envoy-peer-cert",
        sources.envoy_peer_certificate(certificate_header="X-Client-Cert", **HYPHENS),
        [UNVERIFIED, SELF, None, UNVERIFIED],
    ),
    ("traefik-v3", sources.traefik(**HYPHENS), [(CLIENT, (INTERMEDIATE,), False), SELF, None, UNVERIFIED]),
    ("aws-alb-verify", sources.aws_alb(mode="verify", **HYPHENS), [PKI, None, None]),
    (
        "aws-alb-passthrough",
        sources.aws_alb(mode="passthrough", **HYPHENS),
        [(CLIENT, (INTERMEDIATE,), False), SELF, None],
    ),
    ("gcp", sources.gcp_load_balancer(**SECRET), [(CLIENT, (INTERMEDIATE,), True), None, None]),
    ("azure-app-service", sources.azure_app_service(**HYPHENS), [UNVERIFIED, SELF, None]),
    ("cloudflare", sources.cloudflare(**SECRET), [UNVERIFIED]),
    ("rfc9440", sources.rfc9440(**HYPHENS), [(CLIENT, (INTERMEDIATE, ROOT), False), None, None]),
    ("rfc9440-haproxy", sources.rfc9440(**HYPHENS), [UNVERIFIED, SELF, None, UNVERIFIED]),
    (
        "cloudflare-rfc9440",
        sources.rfc9440(trusted_proxies="any", **SECRET),
        [(CLIENT, (INTERMEDIATE,), False), SELF],
    ),
    ("mod_ssl-mod_wsgi", sources.mod_wsgi(), [(CLIENT, (INTERMEDIATE,), True), SELF, None, UNVERIFIED]),
    ("mod_proxy_uwsgi", sources.mod_ssl(), [(CLIENT, (INTERMEDIATE,), True), SELF, None, UNVERIFIED]),
    ("nginx-uwsgi_param", sources.mod_ssl(), [PKI, SELF, None, UNVERIFIED]),
    ("lighttpd", sources.mod_ssl(), [PKI, None, None, None]),
    ("uwsgi-https", sources.uwsgi(), [PKI, None, None]),
    ("cheroot-builtin", sources.cheroot(), [PKI, None, None]),
    ("cheroot-pyopenssl-gateway", sources.mod_ssl(), [(CLIENT, (INTERMEDIATE,), False), SELF, None, UNVERIFIED]),
    ("werkzeug", sources.werkzeug(), [PKI, None, None]),
]


@pytest.mark.parametrize(("capture", "source", "expected"), CAPTURES, ids=[capture for capture, _, _ in CAPTURES])
def test_captures(capture: str, source: CertificateSource, expected: list[Expected]) -> None:
    known = dict(zip(VARIANTS, expected, strict=False))
    assert variants(capture).keys() <= known.keys()
    for variant in variants(capture):
        came = found(source, environ(capture, variant, HTTP_X_PROXY_AUTH="correct horse", **NEW_SESSION))
        assert came == known[variant], variant


@pytest.mark.parametrize(
    ("capture", "preset", "names"),
    [
        ("caddy", sources.caddy, ("X-Client-Cert",)),
        ("envoy-peer-cert", sources.envoy_peer_certificate, ("X-Client-Cert",)),
    ],
)
def test_default_names_are_the_captures_without_hyphens(
    capture: str, preset: Callable[..., CertificateSource], names: tuple[str, ...]
) -> None:
    source = preset(**HERE)
    peer = source(without_hyphens(environ(capture, "ca_signed_with_chain"), *names))
    assert peer is not None
    assert peer.certificate == CLIENT
    assert source(without_hyphens(environ(capture, "no_certificate"), *names)) is None
    assert source(environ(capture, "ca_signed_with_chain")) is None


@pytest.mark.parametrize(
    ("preset", "capture", "names"),
    [
        (sources.caddy, "caddy", ("X-Client-Cert",)),
        (sources.envoy_peer_certificate, "envoy-peer-cert", ("X-Client-Cert",)),
        (sources.envoy, "envoy-xfcc", ()),
        (sources.traefik, "traefik-v3", ()),
        (sources.azure_app_service, "azure-app-service", ()),
        (sources.cloudflare, "cloudflare", ()),
        (sources.rfc9440, "rfc9440", ()),
    ],
)
def test_who_says_nothing_is_verified_only_if_the_operator_says_so(
    preset: Callable[..., CertificateSource], capture: str, names: tuple[str, ...]
) -> None:
    came = without_hyphens(environ(capture, "ca_signed_with_chain", HTTP_X_PROXY_AUTH="correct horse"), *names)
    options = {**HERE, "secret": SECRET["secret"], "underscores_dropped": True}
    assert [found(preset(**options, **more), came) for more in ({}, {"terminator_verifies": True})] == [
        (CLIENT, INTERMEDIATES.get(capture, ()), verified) for verified in (False, True)
    ]


INTERMEDIATES = {"envoy-xfcc": (INTERMEDIATE,), "traefik-v3": (INTERMEDIATE,), "rfc9440": (INTERMEDIATE, ROOT)}


def test_caddy_2_6_sends_a_placeholder() -> None:
    source = sources.caddy(certificate_header="X-Client-Cert", **HYPHENS)
    assert found(source, environ("caddy-2.6", "ca_signed_with_chain")) == UNVERIFIED
    with refused("malformed_certificate"):
        source(environ("caddy-2.6", "no_certificate"))


def test_aws_modes_refuse_each_other() -> None:
    verify, passthrough = (sources.aws_alb(mode=mode, **HYPHENS) for mode in ("verify", "passthrough"))
    for source, capture in ((verify, "aws-alb-passthrough"), (passthrough, "aws-alb-verify")):
        with refused("malformed_certificate"):
            source(environ(capture, "ca_signed_with_chain"))
    with pytest.raises(ValueError, match="verify"):
        sources.aws_alb(mode="optional", **HYPHENS)  # type: ignore[arg-type]


def test_gcp_allow_listed_certificate_is_not_verified() -> None:
    came = environ("gcp", "ca_signed_with_chain", HTTP_X_PROXY_AUTH="correct horse")
    source = sources.gcp_load_balancer(**SECRET)
    allowed = {**came, "HTTP_X_CLIENT_CERT_CHAIN_VERIFIED": "false"}
    assert found(source, allowed) == (CLIENT, (INTERMEDIATE,), False)
    with refused("contradictory_status"):
        source({**came, "HTTP_X_CLIENT_CERT_PRESENT": "false"})


GATEWAY = "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway"


def test_istio() -> None:
    came = environ("istio-gateway-plus-sidecar", "multi_hop")
    assert found(sources.istio(gateway_uri=GATEWAY, **HYPHENS), came) == UNVERIFIED
    pod = {
        **came,
        "HTTP_X_FORWARDED_CLIENT_CERT": came["HTTP_X_FORWARDED_CLIENT_CERT"].replace(GATEWAY, "spiffe://pod"),
    }
    for source, request in (
        (sources.istio(gateway_uri="spiffe://another", **HYPHENS), came),
        (sources.istio(gateway_uri=GATEWAY, elements=3, **HYPHENS), came),
        (sources.envoy(**HYPHENS), came),
        (sources.istio(gateway_uri=GATEWAY, **HYPHENS), pod),
        (sources.istio(gateway_uri=GATEWAY, **HYPHENS), environ("envoy-xfcc", "ca_signed_with_chain")),
    ):
        with refused("malformed_certificate"):
            source(dict(request))
    assert found(sources.envoy(elements=2, **HYPHENS), came) == UNVERIFIED


def test_istio_last_element_with_two_identities() -> None:
    came = environ("istio-gateway-plus-sidecar", "multi_hop")
    came["HTTP_X_FORWARDED_CLIENT_CERT"] += ";URI=spiffe://pod"
    with refused("malformed_certificate"):
        sources.istio(gateway_uri=GATEWAY, **HYPHENS)(came)


class TLSSocket:
    """What gunicorn puts into the environ."""

    def __init__(self, der: bytes | None) -> None:
        self._der = der

    def getpeercert(self, binary_form: bool = False) -> bytes | None:
        return self._der if binary_form else None


@pytest.mark.parametrize("key", ["gunicorn.socket", "gunicorn.sock"])
def test_gunicorn(key: str) -> None:
    source = sources.gunicorn()
    assert found(source, {key: TLSSocket(CLIENT.der)}) == PKI
    assert found(source, {key: TLSSocket(None)}) is None
    assert found(source, {key: object()}) is None
    assert found(source, environ("mod_ssl-mod_wsgi", "ca_signed_with_chain")) is None


def test_werkzeug_is_not_taken_for_another_server() -> None:
    assert found(sources.werkzeug(), environ("werkzeug", "ca_signed_with_chain")) == PKI
    for variant in VARIANTS:
        with refused("contradictory_status"):
            sources.werkzeug()(environ("mod_ssl-mod_wsgi", variant))
