"""A header reader for cheroot that refuses names that cheroot would change.

Needed up to cheroot 11.1, the newest release.
"""

import re
from typing import Any, Protocol

from cheroot.server import HeaderReader

# RFC 9110 section 5.6.2. No server may change such a name other than in case and hyphens (PEP 3333).
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_END = b"\r\n"


class _Lines(Protocol):
    def readline(self) -> bytes: ...


class TokenHeaderReader(HeaderReader):
    """A header reader that rejects header names that are not tokens.

    The answer is 400, also to a header that continues on a second line. cheroot itself strips spaces, tabs and control
    characters around a name, and turns ``ß`` into ``SS``. Then the last header of a name counts: ``XClientCert`` with a
    tab behind it would replace ``XClientCert``.
    """

    def __call__(self, rfile: _Lines, hdict: dict[bytes, bytes] | None = None) -> Any:
        """Read the headers of a request.

        Raises:
            ValueError: If a name is not a token, which cheroot answers with 400.
        """
        return super().__call__(_CheckedLines(rfile), hdict)


class _CheckedLines:
    def __init__(self, rfile: _Lines) -> None:
        self._rfile = rfile

    def readline(self) -> bytes:
        line = self._rfile.readline()
        # A line that starts with white space continues the one before (RFC 9112 section 5.2): it has no name either.
        if line not in (b"", _END) and not _TOKEN.fullmatch(line.partition(b":")[0]):
            raise ValueError("A header name must be a token (RFC 9110 section 5.6.2).")
        return line
