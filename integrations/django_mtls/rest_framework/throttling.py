"""REST framework's throttles, with a bucket for each client."""

import json
from hashlib import sha256

from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle, SimpleRateThrottle
from rest_framework.views import APIView

from wsgi_mtls.rules.token import BoundToken
from wsgi_mtls.x509 import Peer, PeerSubject

from ..request import record


class _PerClient(SimpleRateThrottle):
    # Another beginning than REST framework's: its own throttles put a forgeable address behind theirs, which could
    # spell the key of a client.
    cache_format = "mtls_throttle_%(scope)s_%(ident)s"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """Return the key of the bucket of the client that sent the request."""
        bucket = bucket_of(request) or ("address", self.get_ident(request))
        # A digest, so that no text of a caller spells the key of another, nor one that a cache refuses.
        ident = sha256(json.dumps(bucket).encode()).hexdigest()
        return self.cache_format % {"scope": self.scope, "ident": ident}


class ClientRateThrottle(_PerClient):
    """A limit on how often a client may call the API.

    The rate is ``client`` of ``DEFAULT_THROTTLE_RATES``. :func:`bucket_of` names the bucket of a client. Clients
    without a bucket of their own share that of their address.
    """

    scope = "client"


class ScopedClientRateThrottle(_PerClient, ScopedRateThrottle):
    """Limits how often a client may call the views of one ``throttle_scope``.

    :func:`bucket_of` names the bucket of a client. Clients without a bucket of their own share that of their address.
    """


def bucket_of(request: Request) -> tuple[str, ...] | None:
    """Return what identifies the client of a request.

    The result is None if only its address does. Only what was verified counts, and nothing of which a client can make
    more by itself: not a self-signed certificate that is not registered, and not the key that a token is bound to.
    """
    known, auth = record(request), request.auth
    token = auth if isinstance(auth, BoundToken) else known.token
    if token is not None:
        return _of_token(token)
    # OAuth Toolkit's access token.
    client_id = getattr(getattr(auth, "application", None), "client_id", None)
    if isinstance(client_id, str):
        return ("client", client_id)
    client = known.client or known.identified
    if client is not None:
        return ("client", client.client_id)
    if request.user and request.user.is_authenticated:
        return ("user", str(request.user.pk))
    return _of_certificate(known.peer)


def _of_token(token: BoundToken) -> tuple[str, ...] | None:
    issuer = token.claims.get("iss")
    if token.client_id is not None:
        return ("client of", str(issuer), token.client_id)
    subject = token.claims.get("sub")
    return ("subject of", str(issuer), subject) if isinstance(subject, str) else None


def _of_certificate(peer: Peer | None) -> tuple[str, ...] | None:
    if peer is None or not peer.verified:
        return None
    if isinstance(peer, PeerSubject):
        return ("name", peer.kind, *peer.values)
    return ("certificate", peer.certificate.thumbprint)
