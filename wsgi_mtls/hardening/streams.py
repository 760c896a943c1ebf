"""Streams over TLS for cheroot that wait for slow clients.

cheroot's own streams fail if a body does not come or go at once. cheroot's reader waits for the client in ``readline``
alone: ``read`` raises ``WantReadError``. Its writer raises ``WantWriteError``, and at the end flushes what failed into
whatever connection has the descriptor by then. Its adapter describes the server's certificate to the application by
functions that pyOpenSSL deprecates, with a warning each start.

Needed up to cheroot 11.1, the newest release.
"""

import errno
from collections.abc import Callable
from io import RawIOBase
from select import select
from typing import Any

from cheroot.makefile import StreamReader, StreamWriter
from cheroot.ssl.pyopenssl import SSLFileobjectStreamReader, SSLFileobjectStreamWriter, pyOpenSSLAdapter
from OpenSSL import SSL


class WaitingAdapter(pyOpenSSLAdapter):
    """Wait for a client whose body does not come or go at once.

    Args:
        context: the TLS context of the server.
    """

    def __init__(self, context: SSL.Context) -> None:
        super().__init__(None, None)
        self.context = context

    def makefile(self, sock: SSL.Connection, mode: str = "r", bufsize: int = -1) -> object:
        """Return a reader or a writer of a connection."""
        return _Reader(sock, bufsize) if "r" in mode else _Writer(sock, bufsize)


class _Reader(SSLFileobjectStreamReader):
    def __init__(self, connection: SSL.Connection, bufsize: int) -> None:
        super(StreamReader, self).__init__(_WaitingIO(connection), bufsize)
        self.bytes_read = 0
        self.ssl_timeout = connection.gettimeout()


class _Writer(SSLFileobjectStreamWriter):
    def __init__(self, connection: SSL.Connection, bufsize: int) -> None:
        super(StreamWriter, self).__init__(_WaitingIO(connection), bufsize)
        self.bytes_written = 0

    def close(self) -> None:
        """Send nothing: failed data would go to the present owner of the descriptor."""


class _WaitingIO(RawIOBase):
    def __init__(self, connection: SSL.Connection) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._wait(self._connection.recv_into, buffer)

    def write(self, data: Any) -> int:
        if self._connection.get_peer_finished() is None:
            raise _gone()  # a client that sent nothing in time: the error answer would wait for it again
        try:
            return self._wait(self._connection.send, data)
        except SSL.Error:
            raise _gone() from None

    def _wait(self, call: Callable[[Any], int], data: object) -> int:
        while True:
            try:
                return call(data)
            except (SSL.WantReadError, SSL.WantWriteError) as wanted:
                ours, none = [self._connection], list[SSL.Connection]()
                reads = isinstance(wanted, SSL.WantReadError)
                timeout = self._connection.gettimeout()
                if not any(select(ours if reads else none, none if reads else ours, none, timeout)):
                    raise TimeoutError("timed out") from None
            except SSL.SysCallError:
                raise _gone() from None


def _gone() -> ConnectionError:
    return ConnectionResetError(errno.ECONNRESET, "The client is gone.")
