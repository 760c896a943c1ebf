"""Signals of the decisions about requests.

The sender is the app, and ``event`` the :class:`~wsgi_mtls.Event`.
"""

from blinker import NamedSignal, Namespace
from flask import Flask

from wsgi_mtls.events import Event, EventName

_signals = Namespace()


def _signal(name: EventName) -> NamedSignal:
    return _signals.signal(f"mtls-{name.replace('_', '-')}", "event: the Event")


mtls_client_authenticated = _signal("client_authenticated")
mtls_client_rejected = _signal("client_rejected")
mtls_client_left_to_application = _signal("client_left_to_application")
mtls_token_accepted = _signal("token_accepted")
mtls_token_rejected = _signal("token_rejected")
mtls_untrusted_proxy = _signal("untrusted_proxy")


def send(app: Flask, event: Event) -> None:
    """Send the signal of an event."""
    _signals.signal(f"mtls-{event.name.replace('_', '-')}").send(app, event=event)
