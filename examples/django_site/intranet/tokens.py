"""Access tokens that are signed with Django's secret key.

Only this site can check them. Other sites use JWTs.
"""

from collections.abc import Mapping
from typing import Any, cast

from django.core import signing

from wsgi_mtls.errors import InvalidToken

LIFETIME = 300
"""How long a token is good, in seconds."""

_signer = signing.TimestampSigner(salt="intranet.access-token", sep="~")  # a bearer token has no colons


def issue(claims: Mapping[str, Any]) -> str:
    """Return the token of these claims."""
    return cast("str", _signer.sign_object(dict(claims)))


class Tokens:
    """``MTLS["TOKENS"]``."""

    def decode(self, token: str, /) -> Mapping[str, Any]:
        """Return the claims of a token.

        Raises:
            InvalidToken: it is forged or too old.
        """
        try:
            return cast("Mapping[str, Any]", _signer.unsign_object(token, max_age=LIFETIME))
        except signing.BadSignature as error:
            raise InvalidToken(f"{error}; get a new token.") from None


tokens = Tokens()
