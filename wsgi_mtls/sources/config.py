"""A certificate source from a settings file."""

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import get_args, get_type_hints

from .apache import apache
from .clouds import aws_alb, azure_app_service, cloudflare, gcp_load_balancer
from .environ import environ
from .envoy import envoy, envoy_peer_certificate, istio
from .proxies import caddy, haproxy, ingress_nginx, nginx, rfc9440, traefik
from .servers import cheroot, gunicorn, mod_wsgi, uwsgi, werkzeug
from .source import CertificateSource
from .wsgi_server import wsgi_server

PRESETS: Mapping[str, Callable[..., CertificateSource]] = {
    "apache": apache,
    "aws_alb": aws_alb,
    "azure_app_service": azure_app_service,
    "caddy": caddy,
    "cheroot": cheroot,
    "cloudflare": cloudflare,
    "environ": environ,
    "envoy": envoy,
    "envoy_peer_certificate": envoy_peer_certificate,
    "gcp_load_balancer": gcp_load_balancer,
    "gunicorn": gunicorn,
    "haproxy": haproxy,
    "ingress_nginx": ingress_nginx,
    "istio": istio,
    "mod_wsgi": mod_wsgi,
    "nginx": nginx,
    "rfc9440": rfc9440,
    "traefik": traefik,
    "uwsgi": uwsgi,
    "werkzeug": werkzeug,
    "wsgi_server": wsgi_server,
}
"""Every preset by its name."""


def from_config(config: str | Mapping[str, object]) -> CertificateSource:
    """Make the source that a settings file names.

    Args:
        config: ``{"preset": "nginx", "trusted_proxies": ["127.0.0.1"]}``, with the preset's own options beside its
            name; or the name alone for a preset that wants none.

    Raises:
        ValueError: no such preset, an option that it does not have, one that is missing or has a value that it can't
            have.
    """
    options = {"preset": config} if isinstance(config, str) else dict(config)
    name = options.pop("preset", None)
    if not isinstance(name, str) or name not in PRESETS:
        raise ValueError(f"There is no preset {name!r}{_nearest(str(name), PRESETS)}; there are {', '.join(PRESETS)}.")
    preset = PRESETS[name]
    known, required = preset_options(preset)
    for option in options:
        if option not in known:
            raise ValueError(f"Preset {name} has no option {option!r}{_nearest(str(option), known)}.")
    if missing := sorted(required - options.keys()):
        raise ValueError(f"Preset {name} wants {', '.join(missing)}.")
    try:
        return preset(**options)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"Preset {name}: an option has a value of the wrong type: {error}.") from error


def preset_options(preset: Callable[..., CertificateSource]) -> tuple[frozenset[str], frozenset[str]]:
    """Return all options of a preset, and those that must be given."""
    known: set[str] = set()
    required: set[str] = set()
    for parameter in inspect.signature(preset).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            shared = get_args(get_type_hints(preset)[parameter.name])[0]
            known |= shared.__annotations__.keys()
            required |= shared.__required_keys__
        else:
            known.add(parameter.name)
            if parameter.default is inspect.Parameter.empty:
                required.add(parameter.name)
    return frozenset(known), frozenset(required)


def _nearest(word: str, words: "Mapping[str, object] | frozenset[str]") -> str:
    near = get_close_matches(word, words, 1)
    return f"; is {near[0]} meant" if near else ""
