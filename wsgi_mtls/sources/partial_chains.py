"""Which TLS terminators may report success for a certificate only because it is in their CA file."""

import ssl

from .first_of import FirstOf
from .guarded import GuardedHeaders
from .servers import cheroot, gunicorn, werkzeug
from .source import CertificateSource
from .wsgi_server import wsgi_server

# OpenSSL accepts a partial chain only where a program sets X509_V_FLAG_PARTIAL_CHAIN, and these don't. Go's crypto/x509
# always accepts it, Envoy sets the flag, and what the clouds do is not documented.
_WHOLE_CHAINS = frozenset({"apache", "haproxy", "ingress_nginx", "nginx"})
_PYTHON_SERVERS = (cheroot(), gunicorn(), werkzeug(), wsgi_server())


def may_accept_partial_chains(source: CertificateSource) -> bool:
    """Return whether the terminator may take a client's certificate in its CA file for one that a CA issued.

    Such a terminator looks at no signature of that certificate. Nothing is known of the programs behind ``environ()``
    and behind a function of the operator's own, so they are not reported.
    """
    if isinstance(source, FirstOf):
        return any(map(may_accept_partial_chains, source.halves))
    if isinstance(source, GuardedHeaders):
        return source.can_verify and source.label not in _WHOLE_CHAINS
    return source in _PYTHON_SERVERS and _python_accepts_them()


def _python_accepts_them() -> bool:
    # The default from Python 3.13 on.
    return bool(ssl.create_default_context().verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN)
