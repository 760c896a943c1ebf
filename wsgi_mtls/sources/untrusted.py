"""The reason for not trusting a peer, and the setting that would change it."""

from ..errors import quoted
from .addresses import UNIX_SOCKET

_CLAIMED = (
    "the request's own X-Forwarded-For, Forwarded, X-Real-IP or X-Client-IP contains that address, so a header may "
    "have set it."
)
_ORDER = (
    "A ProxyFix runs outside of this package: wrap the application in ProxyFix first, and then in this package "
    "(app.wsgi_app = ProxyFix(app.wsgi_app) before MutualTLS(app)). "
)
_SERVERS = (
    "Run the server without proxy headers (uvicorn --no-proxy-headers, daphne without --proxy-headers, waitress "
    "without trusted_proxy, mod_wsgi without WSGITrustedProxies, one ProxyFix), and have the terminator clear these "
    "headers."
)
_NO_ADDRESS = (
    "a peer without an address: the server set no REMOTE_ADDR, as an ASGI server on a Unix socket, or a ProxyFix "
    "outside of this package overwrote it. Put ProxyFix inside (app.wsgi_app = ProxyFix(app.wsgi_app) before "
    "MutualTLS(app)), let the server listen on a loopback address, or give the source a secret."
)
_UNIX = 'a Unix socket, which is not a trusted proxy: add "unix" to trusted_proxies.'
_UNKNOWN = (
    "which is not a trusted proxy: add it to trusted_proxies, if it is the terminator's address. Otherwise let only "
    "the terminator reach this server."
)
_SECRET = "is not a trusted proxy, or did not send the secret: have the terminator set its header to the secret."


def why_untrusted(address: object, *, claimed: bool, proxy_fix: bool, secret: bool) -> str:
    """Return a peer and why it is not believed, to be read after "came from".

    Args:
        address: what the server reports of the peer.
        claimed: whether a header of the request may have set it.
        proxy_fix: whether ProxyFix ran before.
        secret: whether a secret is needed.
    """
    if not isinstance(address, str):
        return _NO_ADDRESS
    peer = quoted(address)
    if claimed:
        return f"{peer}, which is not believed: {_CLAIMED} {_ORDER if proxy_fix else ''}{_SERVERS}"
    if secret:
        return f"{peer}, which {_SECRET}"
    return f"{peer}, {_UNIX if address in UNIX_SOCKET else _UNKNOWN}"
