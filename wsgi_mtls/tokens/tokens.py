"""What turns an access token into its claims."""

from collections.abc import Mapping
from typing import Protocol

MAX_TOKEN = 16384
"""The longest token that is looked at, in characters."""


class AccessTokens(Protocol):
    """Where the middleware has a token decoded."""

    def decode(self, token: str, /) -> Mapping[str, object]:
        """Return the claims of a token that is valid for this API.

        Whether it is bound to the certificate of the request is not asked here: that is checked on every request.

        Raises:
            InvalidToken: it is not, by the subclass that says why.
        """
