"""A cheroot server that stops while a client is in the midst of its handshake, and reports no client that leaves.

cheroot's ``stop`` raises pyOpenSSL's error where it shuts down such a connection, and stops no other. Its ``error_log``
writes to stderr whatever its level is, each client that leaves included.

Needed up to cheroot 11.1, the newest release.
"""

import logging
from contextlib import suppress

from cheroot.wsgi import Server
from OpenSSL import SSL


class PatientServer(Server):
    """A server that ends although a client is still in its handshake, and logs only errors."""

    def stop(self) -> None:
        """End ``serve``; a client that is still in its handshake is not cut off, and times out."""
        with suppress(SSL.Error):
            super().stop()

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Report errors, except that a client closed its connection."""
        if level > logging.INFO:
            super().error_log(msg, level, traceback)
