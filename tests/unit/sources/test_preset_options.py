"""The options that a preset requires."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.sources.captures import HERE, HYPHENS, SECRET
from wsgi_mtls import sources
from wsgi_mtls.sources import CertificateSource

GATEWAY = "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway"


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
        (sources.ingress_nginx, {}),
        (sources.nginx, {"certificate_header": "X-Client-Cert"}),
        (sources.haproxy, {"certificate_header": "X-Client-Cert"}),
        (sources.haproxy, {"chain": "X-Client-Chain"}),
        (sources.apache, {"chain": ["X-Chain"]}),
        (sources.caddy, {"certificate_header": "X-Client-Cert"}),
        (sources.envoy_peer_certificate, {"certificate_header": "X-Client-Cert"}),
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
