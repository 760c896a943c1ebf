"""Every preset reads what its terminator was seen to send, and no more."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.unit.sources.captures import CLIENT, INTERMEDIATE, ROOT, SELF_SIGNED, environ, variants, without_hyphens
from wsgi_mtls import ClientCertificate, MalformedCertificate, PeerCertificate, sources
from wsgi_mtls.errors import ContradictoryStatus
from wsgi_mtls.sources import CertificateSource

Expected = tuple[ClientCertificate, tuple[ClientCertificate, ...], bool] | None
HERE: dict[str, Any] = {"trusted_proxies": ["127.0.0.1"]}
HYPHENS: dict[str, Any] = {**HERE, "underscores_dropped": True}
SECRET: dict[str, Any] = {"secret": ("X-Proxy-Auth", "correct horse"), "underscores_dropped": True}
VARIANTS = ("ca_signed_with_chain", "self_signed", "no_certificate", "ca_signed_without_chain")

PKI: Expected = (CLIENT, (), True)
SELF: Expected = (SELF_SIGNED, (), False)
UNVERIFIED: Expected = (CLIENT, (), False)

# A capture, the source that reads it, and what of its variants must come out, in the order of VARIANTS.
CAPTURES: list[tuple[str, CertificateSource, list[Expected]]] = [
    ("nginx", sources.nginx(**HERE), [PKI, SELF, None, UNVERIFIED]),
    ("ingress-nginx", sources.ingress_nginx(**HERE), [PKI, SELF, None, UNVERIFIED]),
    (
        "apache-requestheader",
        sources.apache(
            certificate="X-SSL-Client-Cert",
            verify="X-SSL-Client-Verify",
            chain=["X-SSL-Client-Cert-Chain-0"],
            resumed=None,
            **HYPHENS,
        ),
        [(CLIENT, (INTERMEDIATE,), True), SELF, None, UNVERIFIED],
    ),
    (
        "haproxy",
        sources.haproxy(
            certificate="X-SSL-Client-Der",
            verify="X-SSL-Client-Verify",
            used="X-SSL-Client-Used",
            chain="X-SSL-Client-Chain-Der",
            **HYPHENS,
        ),
        [(CLIENT, (INTERMEDIATE,), True), SELF, None, UNVERIFIED],
    ),
    ("caddy", sources.caddy(certificate="X-Client-Cert", **HYPHENS), [UNVERIFIED, SELF, None, UNVERIFIED]),
    (
        "envoy-xfcc",
        sources.envoy(**HYPHENS),
        [(CLIENT, (INTERMEDIATE,), False), SELF, None, UNVERIFIED],
    ),
    (
        "envoy-peer-cert",
        sources.envoy_peer_certificate(certificate="X-Client-Cert", **HYPHENS),
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
    ("mod_proxy_uwsgi", sources.environ(), [(CLIENT, (INTERMEDIATE,), True), SELF, None, UNVERIFIED]),
    ("nginx-uwsgi_param", sources.environ(), [PKI, SELF, None, UNVERIFIED]),
    ("lighttpd", sources.environ(), [PKI, None, None, None]),
    ("uwsgi-https", sources.uwsgi(), [PKI, None, None]),
    ("cheroot-builtin", sources.cheroot(), [PKI, None, None]),
    ("cheroot-pyopenssl-gateway", sources.environ(), [(CLIENT, (INTERMEDIATE,), False), SELF, None, UNVERIFIED]),
    ("werkzeug", sources.werkzeug(), [PKI, None, None]),
]


def found(source: CertificateSource, environ: Mapping[str, object]) -> Expected:
    peer = source(dict(environ))
    if peer is None:
        return None
    assert isinstance(peer, PeerCertificate)
    return peer.certificate, peer.chain, peer.verified


@pytest.mark.parametrize(("capture", "source", "expected"), CAPTURES, ids=[capture for capture, _, _ in CAPTURES])
def test_captures(capture: str, source: CertificateSource, expected: list[Expected]) -> None:
    known = dict(zip(VARIANTS, expected, strict=False))
    assert variants(capture).keys() <= known.keys()
    for variant in variants(capture):
        came = found(source, environ(capture, variant, HTTP_X_PROXY_AUTH="correct horse"))
        assert came == known[variant], variant


APACHE = ("X-SSL-Client-Cert", "X-SSL-Client-Verify", "X-SSL-Client-Cert-Chain-0")
HAPROXY = ("X-SSL-Client-Der", "X-SSL-Client-Verify", "X-SSL-Client-Used", "X-SSL-Client-Chain-Der")


@pytest.mark.parametrize(
    ("capture", "preset", "names"),
    [
        ("apache-requestheader", sources.apache, APACHE),
        ("haproxy", sources.haproxy, HAPROXY),
        ("caddy", sources.caddy, ("X-Client-Cert",)),
        ("envoy-peer-cert", sources.envoy_peer_certificate, ("X-Client-Cert",)),
    ],
)
def test_default_names_are_the_captures_without_hyphens(
    capture: str, preset: Callable[..., CertificateSource], names: tuple[str, ...]
) -> None:
    source = preset(**HERE)
    initial = {"HTTP_XSSLCLIENTRESUMED": "Initial"} if preset is sources.apache else {}
    peer = source(without_hyphens(environ(capture, "ca_signed_with_chain", **initial), *names))
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
    source = sources.caddy(certificate="X-Client-Cert", **HYPHENS)
    assert found(source, environ("caddy-2.6", "ca_signed_with_chain")) == UNVERIFIED
    with pytest.raises(MalformedCertificate):
        source(environ("caddy-2.6", "no_certificate"))


def test_aws_modes_refuse_each_other() -> None:
    verify, passthrough = (sources.aws_alb(mode=mode, **HYPHENS) for mode in ("verify", "passthrough"))
    for source, capture in ((verify, "aws-alb-passthrough"), (passthrough, "aws-alb-verify")):
        with pytest.raises(MalformedCertificate):
            source(environ(capture, "ca_signed_with_chain"))
    with pytest.raises(ValueError, match="verify"):
        sources.aws_alb(mode="optional", **HYPHENS)  # type: ignore[arg-type]


def test_gcp_allow_listed_certificate_is_not_verified() -> None:
    came = environ("gcp", "ca_signed_with_chain", HTTP_X_PROXY_AUTH="correct horse")
    source = sources.gcp_load_balancer(**SECRET)
    allowed = {**came, "HTTP_X_CLIENT_CERT_CHAIN_VERIFIED": "false"}
    assert found(source, allowed) == (CLIENT, (INTERMEDIATE,), False)
    with pytest.raises(MalformedCertificate):
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
        with pytest.raises(MalformedCertificate):
            source(dict(request))
    assert found(sources.envoy(elements=2, **HYPHENS), came) == UNVERIFIED


def test_istio_last_element_with_two_identities() -> None:
    came = environ("istio-gateway-plus-sidecar", "multi_hop")
    came["HTTP_X_FORWARDED_CLIENT_CERT"] += ";URI=spiffe://pod"
    with pytest.raises(MalformedCertificate):
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


@pytest.mark.parametrize("preset", [sources.cloudflare, sources.gcp_load_balancer])
def test_shared_platforms_want_a_secret(preset: Callable[..., CertificateSource]) -> None:
    for options in ({}, HERE, {"trusted_proxies": "any"}):
        with pytest.raises(ValueError, match="secret"):
            preset(underscores_dropped=True, **options)
    assert callable(preset(**SECRET))


@pytest.mark.parametrize(
    ("preset", "options"),
    [
        (sources.envoy, {}),
        (sources.istio, {"gateway_uri": GATEWAY}),
        (sources.traefik, {}),
        (sources.aws_alb, {"mode": "verify"}),
        (sources.azure_app_service, {}),
        (sources.rfc9440, {}),
        (sources.cloudflare, {"secret": SECRET["secret"]}),
        (sources.gcp_load_balancer, {"secret": SECRET["secret"]}),
        (sources.haproxy, {"certificate": "X-SSL-Client-Der"}),
        (sources.haproxy, {"used": "X-SSL-Client-Used"}),
        (sources.apache, {"chain": ["X-Chain"]}),
        (sources.caddy, {"certificate": "X-Client-Cert"}),
        (sources.envoy_peer_certificate, {"certificate": "X-Client-Cert"}),
    ],
)
def test_names_with_hyphens_want_a_word_about_underscores(
    preset: Callable[..., CertificateSource], options: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match="underscores_dropped"):
        preset(**HERE, **options)
    with pytest.raises(ValueError, match="underscores_dropped"):
        preset(**HERE, **options, underscores_dropped="no")
    assert callable(preset(**HYPHENS, **options))


@pytest.mark.parametrize("elements", [0, -1, True, "1"])
def test_element_count(elements: Any) -> None:
    with pytest.raises(ValueError, match="elements"):
        sources.envoy(elements=elements, **HYPHENS)
    with pytest.raises(ValueError, match="elements"):
        sources.istio(gateway_uri=GATEWAY, elements=1, **HYPHENS)
    with pytest.raises(ValueError, match="gateway_uri"):
        sources.istio(gateway_uri="", **HYPHENS)


def test_werkzeug_is_not_taken_for_another_server() -> None:
    assert found(sources.werkzeug(), environ("werkzeug", "ca_signed_with_chain")) == PKI
    for variant in VARIANTS:
        with pytest.raises(MalformedCertificate):
            sources.werkzeug()(environ("mod_ssl-mod_wsgi", variant))


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


CERTIFICATES = {"HTTP_XSSLCLIENTDER", "HTTP_XSSLCLIENTCHAINDER", "HTTP_X_CLIENT_CERT_LEAF", "HTTP_X_CLIENT_CERT_CHAIN"}
