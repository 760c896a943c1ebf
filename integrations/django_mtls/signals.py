"""Signals of the decisions about requests.

The sender is the name of the event; ``event`` is the core's :class:`~wsgi_mtls.events.Event`. For failed logins of
users there is Django's own ``user_login_failed``.
"""

from django.dispatch import Signal

from wsgi_mtls.events import Event

client_authenticated = Signal()
client_rejected = Signal()
client_left_to_application = Signal()
token_accepted = Signal()
token_rejected = Signal()
untrusted_proxy = Signal()

_SIGNALS = {
    "client_authenticated": client_authenticated,
    "client_rejected": client_rejected,
    "client_left_to_application": client_left_to_application,
    "token_accepted": token_accepted,
    "token_rejected": token_rejected,
    "untrusted_proxy": untrusted_proxy,
}


def send(event: Event) -> None:
    """Send the signal of an event.

    A receiver that fails is logged, and changes no decision.
    """
    if signal := _SIGNALS.get(event.name):
        signal.send_robust(sender=event.name, event=event)
