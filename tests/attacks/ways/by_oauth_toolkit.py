"""OAuth Toolkit's endpoints, and resources behind each of its ways to protect one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils.timezone import now
from oauth2_provider.models import get_access_token_model, get_application_model

from django_mtls.oauth_toolkit.models import AccessTokenConfirmation
from tests.django.settings import MIDDLEWARE, MTLS, OAUTH2_PROVIDER
from tests.oauth_toolkit.support import PATHS, application, registered
from tests.support import Answer

from ..certificates import Metadata
from ..row import Sent, Source
from .by_django import get, post
from .way import GOOD, Change


class Project:
    """The project of ``tests/oauth_toolkit``."""

    def __init__(self, change: Change, name: str) -> None:
        self._change, self._name = change, name
        self._clients: Mapping[str, Metadata] | None = None

    def _configure(self, source: Source, **changes: Any) -> None:
        self._change(
            ROOT_URLCONF="tests.oauth_toolkit.urls",
            MIDDLEWARE=[name for name in MIDDLEWARE if "ClientCertificateLogin" not in name],
            MTLS={
                **MTLS,
                "SOURCE": dict(source),
                "CLIENT_MODEL": "django_mtls_oauth_toolkit.ApplicationRegistration",
            },
            **changes,
        )


class Endpoint(Project):
    """One endpoint of clients."""

    def authenticate(
        self, source: Source, clients: Mapping[str, Metadata], sent: Sent, environ: Mapping[str, str]
    ) -> Answer:
        """Send a client's request; each client has a secret in the database, as OAuth Toolkit makes one for all."""
        self._configure(source)
        if clients != self._clients:
            self._clients = clients
            get_application_model().objects.all().delete()
            for client_id, metadata in clients.items():
                registered(application(client_id), metadata)
        path = f"/o/{self._name}/"
        whole = not sent.content_type.startswith("multipart")
        return post(path, replace(sent, body=f"{PATHS[path]}&{sent.body}") if whole else sent, environ)


class Resource(Project):
    """One resource."""

    def use_token(
        self, source: Source, claims: Mapping[str, Any], environ: Mapping[str, str], *, required: bool
    ) -> Answer:
        """Send a token with a confirmation in the database."""
        validator = "tests.oauth_toolkit.test_tokens.Required" if required else REGULAR
        self._configure(source, OAUTH2_PROVIDER={**OAUTH2_PROVIDER, "OAUTH2_VALIDATOR_CLASS": validator})
        get_access_token_model().objects.all().delete()
        token = get_access_token_model().objects.create(
            token="good",
            application=get_application_model().objects.filter(client_id="rp").first() or application("rp"),
            expires=now() + timedelta(hours=1),
            scope="accounts read",
        )
        if "cnf" in claims:
            AccessTokenConfirmation.objects.create(token=token, claims={"cnf": claims["cnf"]})
        return get(f"/{self._name}", {**environ, **GOOD})


REGULAR = "django_mtls.oauth_toolkit.validators.MutualTLSValidator"


def make(change: Change, name: str) -> Project:
    """Make the way in."""
    return Endpoint(change, name) if f"/o/{name}/" in PATHS else Resource(change, name)
