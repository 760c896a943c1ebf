"""A source from a settings file."""

from typing import Any

import pytest

from tests.unit.sources.captures import CLIENT, environ
from wsgi_mtls import sources
from wsgi_mtls.sources import from_config


@pytest.mark.parametrize("name", ["mod_ssl", "mod_wsgi", "cheroot", "wsgi_server"])
def test_a_bare_name(name: str) -> None:
    peer = from_config(name)(environ("mod_ssl-mod_wsgi", "ca_signed_with_chain"))
    assert peer is not None
    assert peer.certificate == CLIENT


def test_options() -> None:
    source = from_config(
        {
            "preset": "caddy",
            "certificate_header": "X-Client-Cert",
            "terminator_verifies": True,
            "trusted_proxies": ["127.0.0.0/8", "unix"],
            "underscores_dropped": True,
            "secret": ["X-Proxy-Auth", "correct horse"],
        }
    )
    came = environ("caddy", "ca_signed_with_chain")
    assert source(dict(came)) is None
    peer = source({**came, "HTTP_X_PROXY_AUTH": "correct horse"})
    assert peer is not None
    assert peer.verified


@pytest.mark.parametrize("name", sorted(set(sources.__all__) & set(sources.PRESETS)))
def test_every_preset_has_its_name_and_refuses_unknown_options(name: str) -> None:
    assert sources.PRESETS[name] is getattr(sources, name)
    with pytest.raises(ValueError, match=f"{name} has no option 'trusted_proxy'"):
        from_config({"preset": name, "trusted_proxy": "127.0.0.1"})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("ngnix", "is nginx meant"),
        ({"preset": "heproxy"}, "is haproxy meant"),
        ({}, "Preset None is unknown"),
        ({"preset": ["nginx"]}, "is unknown"),
        ("nginx", "needs trusted_proxies"),
        ({"preset": "nginx", "trusted_proxy": []}, "is trusted_proxies meant"),
        ({"preset": "nginx", "trusted_proxies": [], "verify": "XClientVerify"}, "no option 'verify'"),
        ({"preset": "ingress_nginx", "trusted_proxies": "any"}, "underscores_dropped"),
        ({"preset": "nginx", "trusted_proxies": []}, "empty"),
        ({"preset": "nginx", "trusted_proxies": 5}, "trusted_proxies is 5: give a list"),
        ({"preset": "nginx", "trusted_proxies": None}, "trusted_proxies is None: give a list"),
        ({"preset": "nginx", "trusted_proxies": [5]}, "5"),
        (
            {"preset": "haproxy", "trusted_proxies": "any", "certificate_header": "A", "chain": "a"},
            "A, a: each option needs a header",
        ),
        (
            {"preset": "nginx", "trusted_proxies": "any", "secret": {"A": "1", "B": "2"}},
            "secret must be a header name and",
        ),
        ({"preset": "nginx", "trusted_proxies": "any", "secret": ["A"]}, "secret must be a header name and"),
        ({"preset": "nginx", "trusted_proxies": "any", "secret": ["A", "\ud800"]}, "printable"),
        ({"preset": "nginx", "trusted_proxies": "any", "secret": ["A", "x "]}, "printable"),
        ({"preset": "nginx", "trusted_proxies": "any", "secret": ["XClientCert", "x"]}, "a header of its own"),
        ({"preset": "haproxy", "trusted_proxies": "any", "secret": ["xclientchain", "x"]}, "a header of its own"),
        ({"preset": "haproxy", "trusted_proxies": "any", "certificate_header": None}, "header name .* found None"),
        ({"preset": "apache", "trusted_proxies": "any", "chain": 5}, "chain must be a list"),
        (
            {"preset": "caddy", "trusted_proxies": "any", "terminator_verifies": "false"},
            "terminator_verifies, is 'false'",
        ),
        (
            {"preset": "caddy", "trusted_proxies": "any", "terminator_verifies": 1},
            "terminator_verifies, is 1: give True",
        ),
        ({"preset": "caddy", "trusted_proxies": "any", "terminator_verifies": None}, "terminator_verifies, is None"),
        ({"preset": "aws_alb", "trusted_proxies": "any"}, "needs mode"),
        ({"preset": "istio", "trusted_proxies": "any"}, "needs gateway_uri"),
        ({"preset": "cloudflare"}, "needs secret"),
        ({"preset": "cloudflare", "secret": None}, "secret"),
    ],
)
def test_errors(config: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_config(config)
