"""Certificate sources: where in the WSGI environ the peer certificate stands, and who may have put it there."""

from .environ import environ
from .source import PEER, CertificateSource, peer_certificate
from .wsgi_server import wsgi_server

__all__ = ["PEER", "CertificateSource", "environ", "peer_certificate", "wsgi_server"]
