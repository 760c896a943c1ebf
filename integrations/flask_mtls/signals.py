"""What was decided about a request; the sender is the app, ``error`` the :class:`~wsgi_mtls.MutualTLSError`."""

from typing import Any

from blinker import NamedSignal, Namespace
from flask import current_app

_signals = Namespace()

mtls_client_authenticated = _signals.signal("mtls-client-authenticated", "client: an AuthenticatedClient")
mtls_client_rejected = _signals.signal("mtls-client-rejected", "error: why")
mtls_token_accepted = _signals.signal("mtls-token-accepted", "token: a BoundToken")
mtls_token_rejected = _signals.signal("mtls-token-rejected", "error: why")


def send(signal: NamedSignal, **about: Any) -> None:
    """Send a signal of the current app."""
    signal.send(current_app._get_current_object(), **about)  # type: ignore[attr-defined]  # as Flask itself does
