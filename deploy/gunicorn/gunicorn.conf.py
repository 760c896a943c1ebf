"""gunicorn that ends TLS itself. Preset: ``sources.gunicorn()``; no proxy in front, so no header to trust.

Replace each @NAME@; deploy/README.md explains them. Start: gunicorn --config gunicorn.conf.py wsgi:application

One server, all host names: a certificate counts where the connection was made with one. Python's ``ssl`` refuses every
certificate that CLIENT_CA does not cover in the handshake, so self-signed clients need their certificates in that file.
"""

import ssl

bind = "@ADDRESS@:@PORT@"
worker_class = "gthread"  # sync, gthread and gevent hand over the connection; tornado does not
threads = 4

certfile = "@SERVER_CERT@"
keyfile = "@SERVER_KEY@"
ca_certs = "@CLIENT_CA@"
cert_reqs = ssl.CERT_OPTIONAL  # ask, don't insist

# CRLs, where all clients are of a CA; one of each CA of the path:
# def ssl_context(config, default_ssl_context_factory):
#     context = default_ssl_context_factory()
#     context.load_verify_locations("crls.pem")
#     context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
#     return context

# Behind a proxy that sends certificates in headers (no TLS here then), the largest field counts: this is the most that
# gunicorn allows below "unlimited". A longer certificate header is answered with 431.
limit_request_field_size = 8190
