"""Where thread, descriptor or memory run out, no token is called invalid (row 65)."""

import json
import os
import resource
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Thread
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import JWKRegistry

from tests.tokens import GuardedAPI, Introspection, Issuer, JSONServer, json_response, json_server
from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.testing import self_sign
from wsgi_mtls.tokens import AccessTokens

CLIENT = self_sign("CN=billing")
ISSUER = Issuer()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JSONServer]:
    with json_server(tmp_path_factory.mktemp("shortage"), lambda _: json_response({})) as running:
        yield running


def fetched(server: JSONServer) -> tuple[AccessTokens, str]:
    """Return what decodes a token with keys that it fetches, and the token."""
    server.answer = lambda _: json_response(ISSUER.jwks)
    return ISSUER.tokens(jwks=None, jwks_uri=server.url, ca=server.folder / "ca.pem"), ISSUER.token(CLIENT)


def introspected(server: JSONServer) -> tuple[AccessTokens, str]:
    """Return what asks about a token, and the token."""
    asked = Introspection(server)
    asked.known["opaque"] = {"active": True, **ISSUER.claims(CLIENT)}
    return asked.tokens(), "opaque"


def given(server: JSONServer) -> tuple[AccessTokens, str]:
    """Return what decodes a token with keys that it has, and the token."""
    return ISSUER.tokens(), ISSUER.token(CLIENT)


Decoding = Callable[[JSONServer], tuple[AccessTokens, str]]


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Leave this process no descriptor to open, also where another thread closes one meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for standard in (0, 1, 2):
        os.fstat(standard)  # open, so not free
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def failing(owner: Any, name: str, error: Exception) -> Iterator[None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(owner, name, fail)
        yield


def no_memory(owner: Any, name: str) -> Callable[[], AbstractContextManager[None]]:
    return lambda: failing(owner, name, MemoryError())


def check(decoding: Decoding, server: JSONServer, shortage: Callable[[], AbstractContextManager[None]]) -> None:
    tokens, token = decoding(server)
    api = GuardedAPI(tokens)
    with shortage():
        answer = api.get(token, CLIENT)
    assert (answer.status, answer.headers.get("WWW-Authenticate")) == (503, None)
    assert [event.reason for event in api.events] == ["tokens_unavailable"]
    api = GuardedAPI(decoding(server)[0])
    assert api.reason(token, CLIENT) == "accepted"


@pytest.mark.parametrize("decoding", [fetched, introspected])
@pytest.mark.parametrize(
    "shortage",
    [
        no_descriptors,
        no_memory(socket, "getaddrinfo"),
        no_memory(ssl.SSLContext, "wrap_socket"),
        no_memory(json, "loads"),
    ],
)
def test_request_that_can_not_be_made(decoding: Decoding, server: JSONServer, shortage: Any) -> None:
    check(decoding, server, shortage)


@pytest.mark.parametrize("decoding", [fetched, introspected])
def test_no_thread_is_needed(decoding: Decoding, server: JSONServer) -> None:
    tokens, token = decoding(server)
    with failing(Thread, "start", RuntimeError("can't start new thread")):
        assert GuardedAPI(tokens).reason(token, CLIENT) == "accepted"


@pytest.mark.parametrize("decoding", [fetched, introspected])
def test_library_that_can_not_start_a_thread(decoding: Decoding, server: JSONServer) -> None:
    error = RuntimeError("can't start new thread")
    check(decoding, server, lambda: failing(ssl.SSLContext, "wrap_socket", error))


@pytest.mark.parametrize("decoding", [fetched, given])
@pytest.mark.parametrize("name", ["extract_compact", "validate_compact"])
def test_no_memory_for_a_signature(decoding: Decoding, server: JSONServer, name: str) -> None:
    check(decoding, server, no_memory(jws, name))


def test_no_memory_for_a_key(server: JSONServer) -> None:
    check(fetched, server, no_memory(JWKRegistry, "import_key"))


class Own:
    """A decoder of the user's own."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def decode(self, token: str, /) -> dict[str, object]:
        raise self.error


def wrapped(error: Exception) -> Exception:
    """Return an error as a library raises it that has caught another."""
    outer = ValueError("no keys")
    outer.__cause__ = error
    return outer


def wrapped_without_from(error: Exception) -> Exception:
    outer = ValueError("no keys")
    outer.__context__ = error
    return outer


SHORTAGES = [
    MemoryError(),
    OSError(24, "Too many open files"),
    ConnectionRefusedError(),
    TimeoutError(),
    RuntimeError("can't start new thread"),
    RuntimeError("can't create new thread at interpreter shutdown"),
]


@pytest.mark.parametrize(
    "error", [*SHORTAGES, *map(wrapped, SHORTAGES), *map(wrapped_without_from, SHORTAGES)], ids=repr
)
def test_decoder_of_the_users_own(error: Exception) -> None:
    api = GuardedAPI(Own(error))
    answer = api.get("opaque", CLIENT)
    assert (answer.status, answer.headers.get("WWW-Authenticate")) == (503, None)
    assert [event.reason for event in api.events] == ["tokens_unavailable"]


@pytest.mark.parametrize("error", [ValueError(), KeyError("kid"), RecursionError(), RuntimeError(), InvalidToken()])
def test_decoder_that_can_not_read_the_token(error: Exception) -> None:
    assert GuardedAPI(Own(error)).reason("opaque", CLIENT) == "invalid_token"
