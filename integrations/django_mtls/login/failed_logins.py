"""Django's ``user_login_failed`` for refused certificates.

It is sent at most once a day for each address.
"""

import hashlib
import logging

from django.contrib.auth.signals import user_login_failed
from django.core.cache import cache
from django.http import HttpRequest

from wsgi_mtls.x509 import Peer

from ..once import OncePerInterval

logger = logging.getLogger("wsgi_mtls")

INTERVAL = 86400.0
"""Seconds between two signals for one address at least."""
MAX_ADDRESSES = 4096
"""The most addresses that one process remembers; the oldest one is forgotten first."""


limit = OncePerInterval(INTERVAL, MAX_ADDRESSES)
"""What this process remembers."""


def send_login_failed(request: HttpRequest | None, peer: Peer) -> None:
    """Send ``user_login_failed``, at most once in an interval for an address.

    A certificate comes with every request, so that one page with ten images would be eleven failed logins: packages as
    django-axes count them and lock out the address, with everybody behind it. Certificates are not guessed as passwords
    are guessed. Every refusal is an event of our own.
    """
    address = str(request.META.get("REMOTE_ADDR", "")) if request is not None else ""
    if limit.allows(address) and _is_first_of_all_processes(address):
        user_login_failed.send(sender="django.contrib.auth", credentials={"peer_certificate": peer}, request=request)


def _is_first_of_all_processes(address: str) -> bool:
    """Return whether no process has reported the address yet, by Django's cache.

    The processes of a site may share the cache. Without it, each process would report the address once.
    """
    key = f"django_mtls.user_login_failed.{hashlib.sha256(address.encode()).hexdigest()}"
    try:
        return cache.add(key, 1, INTERVAL)
    except Exception:  # each cache has exceptions of its own for a server that is down
        logger.exception("the cache failed; this process alone limits user_login_failed")
        return True
