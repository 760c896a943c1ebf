"""What was decided about a request; the sender is the app, ``error`` the :class:`~wsgi_mtls.MutualTLSError`."""

from blinker import Namespace

_signals = Namespace()

mtls_client_authenticated = _signals.signal("mtls-client-authenticated", "client: an AuthenticatedClient")
mtls_client_rejected = _signals.signal("mtls-client-rejected", "error: why")
mtls_token_accepted = _signals.signal("mtls-token-accepted", "token: a BoundToken")
mtls_token_rejected = _signals.signal("mtls-token-rejected", "error: why")
