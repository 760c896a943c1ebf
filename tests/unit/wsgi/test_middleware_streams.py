"""The middleware stays out of the way: input, response, close, errors, threads."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import EnvironBuilder

from tests.support import Endpoint, mod_ssl, request
from wsgi_mtls import ClientAuthMiddleware, Verifier, sources
from wsgi_mtls.testing import KeyPair

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BILLING = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"}
CLIENTS: dict[str, Any] = {"billing": BILLING, "public": {"token_endpoint_auth_method": "none"}, "secret": {}}
FORM = {"client_id": "billing"}


@pytest.fixture(scope="module")
def billing(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=billing")


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint(CLIENTS)


def guard(app: "WSGIApplication", verifier: Verifier | None = None, **options: Any) -> ClientAuthMiddleware:
    settings: dict[str, Any] = {"source": sources.mod_ssl(), "paths": ["/token"], **options}
    return ClientAuthMiddleware(app, verifier or Verifier(CLIENTS), **settings)


class Body:
    """A response that records what was done with it."""

    def __init__(self) -> None:
        self.made = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(3):
            self.made += 1
            yield b"x"

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("path", ["/token", "/other"])
def test_response_is_not_buffered_and_closed(billing: KeyPair, path: str) -> None:
    body = Body()

    def app(_: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return body

    environ = {
        **EnvironBuilder(path, method="POST", data=FORM).get_environ(),
        **mod_ssl(billing),
    }
    started: list[str] = []
    result = guard(app)(environ, lambda status, *_: started.append(status))  # type: ignore[arg-type]
    assert (started, body.made) == (["200 OK"], 0)
    iterator = iter(result)
    assert (next(iterator), body.made) == (b"x", 1)
    result.close()  # type: ignore[attr-defined]
    assert body.closed


def test_errors_of_the_application_pass(billing: KeyPair) -> None:
    def app(_: "WSGIEnvironment", __: "StartResponse") -> Iterable[bytes]:
        raise LookupError("application")

    with pytest.raises(LookupError, match="application"):
        request(guard(app), FORM, extra=mod_ssl(billing))


def test_refused_request_never_reaches_the_application() -> None:
    def app(_: "WSGIEnvironment", __: "StartResponse") -> Iterable[bytes]:
        raise AssertionError

    assert request(guard(app), FORM).status == 401


def test_threads(ca: KeyPair) -> None:
    ids = [f"client-{number}" for number in range(8)]
    endpoint = Endpoint({i: {**BILLING, "tls_client_auth_subject_dn": f"CN={i}"} for i in ids})
    pairs = {i: ca.issue(f"CN={i}") for i in ids}

    def attempt(number: int) -> tuple[int, str | None]:
        own, other = ids[number % 8], ids[number * 5 % 8]
        answer = request(endpoint.app, {"client_id": own}, extra=mod_ssl(pairs[other]))
        assert answer.status == (200 if own == other else 401)
        return answer.status, answer.json.get("client_id")

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(200)))
    assert {client_id for status, client_id in outcomes if status == 200} == {ids[0], ids[2], ids[4], ids[6]}
    assert len(endpoint.events) == 200


def test_input_is_replaced_by_its_octets(endpoint: Endpoint, billing: KeyPair) -> None:
    found: list[object] = []

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        stream = environ["wsgi.input"]
        found.extend([stream.readline(), stream.read(2), stream.read(), stream.read()])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return []

    body = b"client_id=billing&a=%0A"
    extra = {**mod_ssl(billing), "wsgi.input": BytesIO(body)}
    assert request(guard(app), body, extra=extra).status == 200
    assert found == [body, b"", b"", b""]
