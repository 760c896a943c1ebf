"""The table: every row that is about a decision on one request."""

from collections.abc import Sequence

from .certificate_rows import CERTIFICATE_ROWS
from .client_rows import CLIENT_ROWS
from .header_rows import HEADER_ROWS
from .request_rows import REQUEST_ROWS
from .row import Row
from .token_rows import TOKEN_ROWS

ROWS: Sequence[Row] = [*CLIENT_ROWS, *REQUEST_ROWS, *HEADER_ROWS, *TOKEN_ROWS, *CERTIFICATE_ROWS]
