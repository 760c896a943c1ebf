"""The certificates of a TLS client, read again when their files change."""

import logging
import os
import ssl
from pathlib import Path
from threading import Lock

logger = logging.getLogger("wsgi_mtls")

_Stamp = tuple[tuple[int, int, int], ...]


class ReloadedContext:
    """A TLS context that reloads its files when they change.

    The files are its CA bundle and its own certificate. Files that cannot be loaded, such as a new certificate with the
    old key, leave the last good ones in use; they are tried again when they change again.

    Args:
        ca: PEM file of the CAs that servers are validated against; None is the system's.
        certificate: PEM file of our own certificate, its chain below it.
        private_key: PEM file of its key.

    Raises:
        ValueError: If there is a certificate without its key, or the reverse.
        OSError: If a file cannot be read, or is not what it should be.
    """

    def __init__(
        self,
        ca: Path | str | None = None,
        certificate: Path | str | None = None,
        private_key: Path | str | None = None,
    ) -> None:
        if (certificate is None) != (private_key is None):
            raise ValueError("certificate and private_key belong together.")
        self._ca = ca
        self._certificate = certificate
        self._private_key = private_key
        self._lock = Lock()
        self._tried = self._stamp()
        self._context = self._load()

    def current(self) -> ssl.SSLContext:
        """Return the context; it is another object after the files have changed."""
        if self._lock.acquire(blocking=False):  # one thread reloads, others go on
            try:
                self._reload_if_changed()
            finally:
                self._lock.release()
        return self._context

    def _reload_if_changed(self) -> None:
        stamp = self._stamp()
        if stamp == self._tried:
            return
        # Before the files are read: what changes meanwhile is another change.
        self._tried = stamp
        try:
            self._context = self._load()
        except OSError as error:
            logger.warning("the changed TLS files could not be loaded; the old ones stay in use: %r", error)

    def _load(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._ca)
        if self._certificate is not None:
            context.load_cert_chain(self._certificate, self._private_key)
        return context

    def _stamp(self) -> _Stamp:
        files = (self._ca, self._certificate, self._private_key)
        return tuple(_stamp(file) for file in files if file is not None)


def _stamp(file: Path | str) -> tuple[int, int, int]:
    try:
        found = os.stat(file)
    except OSError:
        return 0, 0, 0  # which is also a change: reading the file then reports what is wrong
    return found.st_mtime_ns, found.st_ino, found.st_size
