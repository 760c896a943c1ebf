"""A socket of which each read gets the time that is left of a whole answer."""

import io
import socket
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class TimedSocket:
    """A socket with one time limit that a slow answer does not restart.

    :mod:`http.client` and urllib3 use it.

    Args:
        sock: the connected socket.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._ends = monotonic()

    def start(self, seconds: float) -> None:
        """Set the whole time for the answer that is read from now on."""
        self._ends = monotonic() + seconds

    def set_time_left(self) -> None:
        """Give the next read what is left.

        Raises:
            TimeoutError: If nothing is left.
        """
        left = self._ends - monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the file from which :mod:`http.client` reads an answer."""
        return io.BufferedReader(_Reader(self, self._sock.makefile("rb", buffering=0)))

    def has_pending(self) -> bool:
        """Return whether TLS holds octets that it has decrypted already."""
        return bool(getattr(self._sock, "pending", int)())

    def sendall(self, octets: bytes) -> None:
        """Send octets."""
        self._sock.sendall(octets)

    def settimeout(self, seconds: float | None) -> None:
        """Set how long each operation of the socket may take."""
        self._sock.settimeout(seconds)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._sock.fileno()

    def shutdown(self, how: int) -> None:
        """Shut the connection down."""
        self._sock.shutdown(how)

    def close(self) -> None:
        """Close the socket, once the files that were made of it are also closed."""
        self._sock.close()


class _Reader(io.RawIOBase):
    def __init__(self, timed: TimedSocket, raw: socket.SocketIO) -> None:
        self._timed = timed
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        self._timed.set_time_left()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
