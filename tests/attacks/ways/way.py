"""What every way in can do, and the names of all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tests.support import Answer
from wsgi_mtls import InvalidToken

from ..certificates import Metadata
from ..row import Sent, Source

GOOD = {"HTTP_AUTHORIZATION": "Bearer good"}


class Way(Protocol):
    """One way in. A method that it lacks is in ``not_played.py`` for all its rows."""

    def authenticate(
        self, source: Source, clients: Mapping[str, Metadata], sent: Sent, environ: Mapping[str, str]
    ) -> Answer:
        """Send a client's request, where these clients are registered.

        Args:
            source: The setting of the certificate source.
            clients: The registrations by client_id, unchecked.
            sent: The request.
            environ: The peer's address and the headers of the certificate.
        """

    def use_token(
        self, source: Source, claims: Mapping[str, Any], environ: Mapping[str, str], *, required: bool
    ) -> Answer:
        """Send the token ``good`` that has these claims."""

    def present(self, source: Source, environ: Mapping[str, str]) -> Answer:
        """Send a certificate and nothing else."""


@dataclass(frozen=True, slots=True)
class WayName:
    """Where a way is, and what must be installed for it.

    Attributes:
        module: The module in this folder.
        arguments: The arguments of its ``make`` function.
        needs: The packages, by the names that are imported.
        database: Whether it writes to Django's database.
    """

    module: str
    arguments: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    database: bool = False


_AUTHLIB = ("flask", "authlib", "flask_sqlalchemy")
_REST = ("django", "rest_framework")
_TOOLKIT = (*_REST, "oauth2_provider")


def _several(family: str, module: str, needs: tuple[str, ...], names: Sequence[str]) -> dict[str, WayName]:
    return {f"{family}-{name}": WayName(module, (name,), needs, "django" in needs) for name in names}


WAYS: Mapping[str, WayName] = {
    "wsgi": WayName("raw"),
    "flask": WayName("by_flask", needs=("flask",)),
    **_several("authlib", "by_authlib", _AUTHLIB, ["token", "introspect", "revoke", "api"]),
    **_several("django", "by_django", ("django",), ["function", "class", "async"]),
    **_several("drf", "by_rest_framework", _REST, ["accounts", "anytoken", "tokenfirst", "users", "machines"]),
    **_several("oauth_toolkit", "by_oauth_toolkit", _TOOLKIT, ["token", "introspect", "revoke_token"]),
    **_several("oauth_toolkit", "by_oauth_toolkit", _TOOLKIT, ["decorated", "rw", "challenging", "rw-view", "drf"]),
}


class Tokens:
    """Decodes the token ``good``.

    Attributes:
        claims: Its claims.
    """

    def __init__(self, claims: Mapping[str, Any]) -> None:
        self.claims = claims

    def decode(self, token: str, /) -> Mapping[str, Any]:
        """Return the claims."""
        if token != "good":
            raise InvalidToken("There is no such token.")
        return self.claims


Change = Callable[..., None]
"""Changes settings until the test ends: ``settings(DEBUG=True)``."""
