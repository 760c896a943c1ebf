"""Certificate sources: where in the WSGI environ the peer certificate stands, and who may have put it there."""

from .apache import apache
from .clouds import aws_alb, azure_app_service, cloudflare, gcp_load_balancer
from .config import PRESETS, from_config
from .environ import environ
from .envoy import envoy, envoy_peer_certificate, istio
from .first_of import first_of
from .header import Chain, header
from .leading_status import LeadingStatus
from .proxies import caddy, haproxy, ingress_nginx, nginx, rfc9440, traefik
from .servers import cheroot, gunicorn, mod_wsgi, uwsgi, werkzeug
from .source import PEER, CertificateSource, EnvironSource, drop_untrusted, peer_certificate
from .status import Status
from .subject_header import check_delivers_certificate, check_methods, subject_header
from .wsgi_server import wsgi_server

__all__ = [
    "PEER",
    "PRESETS",
    "CertificateSource",
    "Chain",
    "EnvironSource",
    "LeadingStatus",
    "Status",
    "apache",
    "aws_alb",
    "azure_app_service",
    "caddy",
    "check_delivers_certificate",
    "check_methods",
    "cheroot",
    "cloudflare",
    "drop_untrusted",
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
    "mod_wsgi",
    "nginx",
    "peer_certificate",
    "rfc9440",
    "subject_header",
    "traefik",
    "uwsgi",
    "werkzeug",
    "wsgi_server",
]
