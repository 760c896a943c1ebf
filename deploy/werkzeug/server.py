"""Werkzeug's development server with TLS. Preset: ``sources.werkzeug()``. For development only.

Replace each @NAME@; deploy/README.md explains them. Start: python server.py

One server, all host names: a certificate counts where the connection was made with one. Python's ``ssl`` refuses every
certificate that CLIENT_CA does not cover in the handshake, so self-signed clients need their certificates in that file.
"""

import ssl

from werkzeug.serving import run_simple
from wsgi import application

context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile="@CLIENT_CA@")
context.load_cert_chain("@SERVER_CERT@", "@SERVER_KEY@")
context.verify_mode = ssl.CERT_OPTIONAL  # ask, don't insist
# CRLs, where all clients are of a CA; one of each CA of the path:
# context.load_verify_locations("crls.pem")
# context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN

if __name__ == "__main__":
    run_simple("@ADDRESS@", int("@PORT@"), application, ssl_context=context, threaded=True)
