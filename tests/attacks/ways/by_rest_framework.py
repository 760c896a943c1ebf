"""REST framework's authentication and permission classes; nothing but the view looks at the certificate."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User

from tests.django.settings import MIDDLEWARE, MTLS
from tests.support import Answer

from ..row import Source
from .by_django import get
from .way import GOOD, Change, Tokens


class View:
    """One view of ``tests/drf/urls.py``."""

    def __init__(self, change: Change, name: str) -> None:
        self._change, self._name, self._tokens = change, name, Tokens({})

    def _configure(self, source: Source, **keys: Any) -> None:
        self._change(
            ROOT_URLCONF="tests.drf.urls",
            MIDDLEWARE=[name for name in MIDDLEWARE if "ClientCertificateLogin" not in name],
            MTLS={**MTLS, "SOURCE": dict(source), **keys},
        )


class Resource(View):
    """A view that wants a bound token."""

    def use_token(
        self, source: Source, claims: Mapping[str, Any], environ: Mapping[str, str], *, required: bool
    ) -> Answer:
        """Send a token."""
        self._tokens.claims = claims
        self._configure(source, TOKENS=self._tokens)
        return get(f"/{self._name if required else 'unbound'}", {**environ, **GOOD})


class OfUsers(View):
    """A view that wants a user's certificate."""

    def present(self, source: Source, environ: Mapping[str, str]) -> Answer:
        """Send a certificate, where its common name is a user's."""
        self._configure(source)
        User.objects.get_or_create(username="billing")
        return get(f"/{self._name}", environ)


def make(change: Change, name: str) -> View:
    """Make the way in."""
    return OfUsers(change, name) if name in ("users", "machines") else Resource(change, name)
