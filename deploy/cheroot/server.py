"""cheroot that ends TLS itself. Preset: ``sources.cheroot()``; no proxy in front, so no header to trust.

Replace each @NAME@; deploy/README.md explains them. Start: python server.py

One server, all host names: a certificate counts where the connection was made with one. Python's ``ssl`` refuses every
certificate that CLIENT_CA does not cover in the handshake, so self-signed clients need their certificates in that file.

cheroot's pyOpenSSL adapter exports no certificate: use this one, or ``wsgi_mtls.server.make_server``.

cheroot takes some header names for others (docs/sources.md, "Names that cheroot folds"). No header counts here: do not
read a certificate from one where clients connect directly.
"""

import ssl

from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
from wsgi import application

adapter = BuiltinSSLAdapter("@SERVER_CERT@", "@SERVER_KEY@")
adapter.context.minimum_version = ssl.TLSVersion.TLSv1_2
adapter.context.verify_mode = ssl.CERT_OPTIONAL  # ask, don't insist
# CRLs, where all clients are of a CA; one of each CA of the path:
# adapter.context.load_verify_locations("crls.pem")
# adapter.context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
adapter.context.load_verify_locations("@CLIENT_CA@")

server = Server(("@ADDRESS@", int("@PORT@")), application)
server.ssl_adapter = adapter
# cheroot sets no limit of its own to a request's headers.
server.max_request_header_size = 65536

if __name__ == "__main__":
    server.safe_start()
