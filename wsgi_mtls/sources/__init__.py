"""Certificate sources, which find the peer certificate in the WSGI environ.

They also decide which proxies are believed.
"""

from .config import from_config
from .header import Chain, header
from .presets import (
    PRESETS,
    apache,
    aws_alb,
    azure_app_service,
    caddy,
    cheroot,
    cloudflare,
    envoy,
    envoy_peer_certificate,
    gcp_load_balancer,
    gunicorn,
    haproxy,
    ingress_nginx,
    istio,
    istio_sidecar,
    mod_ssl,
    mod_wsgi,
    nginx,
    rfc9440,
    traefik,
    uwsgi,
    werkzeug,
    wsgi_server,
)
from .source import PEER, CertificateSource, EnvironSource, GuardedSource, first_of
from .status import LeadingStatus, Status
from .subject_header import check_delivers_certificate, check_delivers_thumbprint, check_methods, subject_header

environ = mod_ssl  # the old name, until the first release

__all__ = [
    "PEER",
    "PRESETS",
    "CertificateSource",
    "Chain",
    "EnvironSource",
    "GuardedSource",
    "LeadingStatus",
    "Status",
    "apache",
    "aws_alb",
    "azure_app_service",
    "caddy",
    "check_delivers_certificate",
    "check_delivers_thumbprint",
    "check_methods",
    "cheroot",
    "cloudflare",
    "environ",
    "envoy",
    "envoy_peer_certificate",
    "first_of",
    "from_config",
    "gcp_load_balancer",
    "gunicorn",
    "haproxy",
    "header",
    "ingress_nginx",
    "istio",
    "istio_sidecar",
    "mod_ssl",
    "mod_wsgi",
    "nginx",
    "rfc9440",
    "subject_header",
    "traefik",
    "uwsgi",
    "werkzeug",
    "wsgi_server",
]
