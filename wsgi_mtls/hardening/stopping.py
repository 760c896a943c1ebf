"""A cheroot server that stops although a client is in its handshake.

It reports no client that leaves. cheroot's ``stop`` raises pyOpenSSL's error where it shuts down such a connection, and
stops no other. Its ``error_log`` writes to stderr whatever its level is, each client that leaves included.

Needed up to cheroot 11.1, the newest release.
"""

import logging
from contextlib import suppress

from cheroot.wsgi import Server
from OpenSSL import SSL


class PatientServer(Server):
    """A server that ends although a client is in its handshake.

    It logs only errors.
    """

    def stop(self) -> None:
        """End ``serve`` without waiting for clients in their handshake.

        They are not cut off, and time out.
        """
        with suppress(SSL.Error):
            super().stop()

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Report errors, except that a client closed its connection."""
        if level > logging.INFO:
            super().error_log(msg, level, traceback)
