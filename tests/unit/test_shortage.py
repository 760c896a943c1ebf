"""Where memory, a descriptor, a thread or a connection is missing, no client is called unknown (row 65)."""

import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import create_environ

from tests.support import ACCEPTED, Endpoint, mod_ssl, request
from wsgi_mtls import AccessTokenMiddleware, Client, ClientCertificate, Guard, Verifier, sources
from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.events import Event
from wsgi_mtls.request.wsgi import view_of
from wsgi_mtls.testing import KeyPair, self_sign

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from wsgi_mtls.x509 import Peer

BILLING = Client(
    client_id="billing", token_endpoint_auth_method="tls_client_auth", tls_client_auth_subject_dn="CN=billing"
)
SHORTAGES = [
    MemoryError(),
    OSError(24, "Too many open files"),
    RuntimeError("can't start new thread"),
    TimeoutError(),
    sqlite3.OperationalError("unable to open database file"),
    sqlite3.InterfaceError("connection already closed"),
]
UNAVAILABLE = (503, "temporarily_unavailable", "resources_unavailable")


class Registry:
    """A database that fails with this error, if any."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def get(self, client_id: str, /) -> Client | None:
        return self._answer(client_id == "billing")

    def find(self, certificate: ClientCertificate, /) -> Iterable[Client]:
        found = self._answer(wanted=True)
        return [] if found is None else [found]

    def _answer(self, wanted: bool) -> Client | None:
        if self.error is not None:
            raise type(self.error)(*self.error.args)
        return BILLING if wanted else None


@pytest.fixture(scope="module")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=billing")


@pytest.mark.parametrize("error", SHORTAGES, ids=repr)
def test_registry(error: Exception, billing: KeyPair) -> None:
    registry = Registry()
    endpoint = Endpoint(registry)
    assert endpoint.outcome("billing", billing) == ACCEPTED
    assert endpoint.outcome("other", billing) == (401, "invalid_client", "unknown_client")
    registry.error = error
    assert endpoint.outcome("billing", billing) == UNAVAILABLE
    with pytest.raises(MutualTLSError) as caught:
        endpoint.verifier.identify(sources.mod_ssl()(mod_ssl(billing)))
    assert caught.value.reason == "resources_unavailable"


@pytest.mark.parametrize("error", SHORTAGES, ids=repr)
def test_source(error: Exception, billing: KeyPair) -> None:
    def source(environ: "WSGIEnvironment") -> "Peer | None":
        if failing:
            raise error
        return sources.mod_ssl()(environ)

    endpoint, failing = Endpoint(Registry(), source=source), False
    assert endpoint.outcome("billing", billing) == ACCEPTED
    failing = True
    assert endpoint.outcome("billing", billing) == UNAVAILABLE


@pytest.mark.parametrize("error", [LookupError("a fault in the registry"), sqlite3.ProgrammingError("a fault in it")])
def test_errors_of_the_program_are_none(error: Exception, billing: KeyPair) -> None:
    registry = Registry()
    registry.error = error
    with pytest.raises(type(error), match="a fault"):
        Endpoint(registry).post("billing", billing)


class Tokens:
    def decode(self, token: str) -> dict[str, object]:
        return {"cnf": {"x5t#S256": CLIENT.certificate.thumbprint}}


CLIENT = self_sign("CN=api client")


def api(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response("200 OK", [])
    return []


def test_source_of_an_api() -> None:
    def source(environ: "WSGIEnvironment") -> "Peer | None":
        if failing:
            raise MemoryError
        return sources.mod_ssl()(environ)

    events: list[Event] = []
    app, failing = AccessTokenMiddleware(api, Tokens(), source=source, paths="*", observers=[events.append]), False
    extra = {**mod_ssl(CLIENT), "HTTP_AUTHORIZATION": "Bearer a"}
    assert request(app, method="GET", extra=extra).status == 200
    failing = True
    answer = request(app, method="GET", extra=extra)
    assert (answer.status, answer.headers.get("WWW-Authenticate")) == (503, None)
    assert events[-1].reason == "resources_unavailable"
    assert request(app, method="GET", extra=mod_ssl(CLIENT)).status == 401  # a caller without a token learns that alone


def test_certificate_alone(billing: KeyPair) -> None:
    registry = Registry()
    guard = Guard(sources.mod_ssl(), verifier=Verifier(registry))
    assert _accept(guard, billing) is None
    registry.error = MemoryError()
    error = _accept(guard, billing)
    assert error is not None
    assert (error.status, error.reason) == (503, "resources_unavailable")


def _accept(guard: Guard, pair: KeyPair) -> MutualTLSError | None:
    try:
        guard.accept_certificate(view_of({**create_environ(), **mod_ssl(pair)}, guard))
    except MutualTLSError as error:
        return error
    return None
