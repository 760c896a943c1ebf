"""The interface of everything that decodes an access token into its claims."""

from collections.abc import Mapping
from typing import Protocol

MAX_TOKEN = 16384
"""The longest token that is looked at, in characters."""


class AccessTokens(Protocol):
    """The interface of an object that decodes tokens for the middleware."""

    def decode(self, token: str, /) -> Mapping[str, object]:
        """Return the claims of a token that is valid for this API.

        This method does not check the binding to the request's certificate: the guard does, for every request.

        Raises:
            InvalidToken: If the token is not valid, with the reason.
        """
