"""Wrong settings fail when the application starts, with a message that explains what to do."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support import request, token_endpoint
from wsgi_mtls import ClientAuthMiddleware, Verifier, sources
from wsgi_mtls.clients import MappingRegistry
from wsgi_mtls.wsgi import PeerMiddleware
from wsgi_mtls.wsgi_tokens import AccessTokenMiddleware


class Source:
    """A source that is an object."""

    def __call__(self, environ: object) -> None:
        return None


class Tokens:
    """What decodes tokens."""

    def decode(self, token: str, /) -> dict[str, object]:
        return {}


BAD_SOURCES = [
    (None, "must be a callable"),
    ("nginx", "must be a callable"),
    (Source, "must be a callable"),
    (sources.mod_ssl, r"call it, as in sources.mod_ssl\("),
    (sources.nginx, r"call it, as in sources.nginx\("),
    (sources.wsgi_server, "call it"),
    (lambda: None, "its one argument"),
    (lambda environ, more: None, "its one argument"),
    (lambda *, environ: None, "its one argument"),
]


@pytest.mark.parametrize(("source", "says"), BAD_SOURCES)
def test_source(source: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ClientAuthMiddleware(token_endpoint, Verifier({}), source=source, paths=["/token"])
    with pytest.raises(ValueError, match=says):
        PeerMiddleware(token_endpoint, source)


@pytest.mark.parametrize(("source", "says"), BAD_SOURCES)
def test_source_of_an_api(source: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        AccessTokenMiddleware(token_endpoint, Tokens(), source=source, paths=["/api"])


@pytest.mark.parametrize("tokens", [None, "https://as.example.com", Tokens, len])
def test_tokens_of_an_api(tokens: Any) -> None:
    with pytest.raises(ValueError, match="tokens must be an object"):
        AccessTokenMiddleware(token_endpoint, tokens, source=sources.mod_ssl(), paths=["/api"])
    assert AccessTokenMiddleware(token_endpoint, Tokens(), source=sources.mod_ssl(), paths=["/api"])


@pytest.mark.parametrize("source", [sources.mod_ssl(), Source(), lambda environ: None, {}.get, lambda *args: None])
def test_any_source(source: Any) -> None:
    assert ClientAuthMiddleware(token_endpoint, Verifier({}), source=source, paths=["/token"])
    assert PeerMiddleware(token_endpoint, source)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("max_body", "65536", "max_body must be"),
        ("max_body", 0, "max_body must be"),
        ("max_body", True, "max_body must be"),
        ("max_body", None, "max_body must be"),
        ("max_certificate", "16384", "max_certificate must be"),
        ("max_certificate", 0, "max_certificate must be"),
        ("max_certificate", 65537, "at most 65536"),
        ("error_response", "418", "error_response must be"),
        ("paths", (path for path in ["/token"]), "paths must be"),
        ("paths", iter(["/token"]), "paths must be"),
        ("paths", map(str, ["/token"]), "paths must be"),
    ],
)
def test_middleware(option: str, value: Any, says: str) -> None:
    given: dict[str, Any] = {"source": sources.mod_ssl(), "paths": ["/token"], option: value}
    with pytest.raises(ValueError, match=says):
        ClientAuthMiddleware(token_endpoint, Verifier({}), **given)


def test_paths_of_any_collection_guard() -> None:
    for paths in (["/token"], ("/token",), {"/token"}):
        app = ClientAuthMiddleware(token_endpoint, Verifier({}), source=sources.mod_ssl(), paths=paths, max_body=1000)
        assert request(app, {"client_id": "a"}).status == 401


@pytest.mark.parametrize("verifier", [None, {}, Verifier])
def test_verifier_of_the_middleware(verifier: Any) -> None:
    with pytest.raises(ValueError, match="verifier must be"):
        ClientAuthMiddleware(token_endpoint, verifier, source=sources.mod_ssl(), paths=["/token"])


@pytest.mark.parametrize("clients", [None, [], "billing", 7, MappingRegistry, lambda client_id: None])
def test_clients(clients: Any) -> None:
    with pytest.raises(ValueError, match="clients must be a mapping or a registry"):
        Verifier(clients)
    assert Verifier(MappingRegistry({}))


@pytest.mark.parametrize("clock", [datetime.now, lambda: 1.0, lambda: None])
def test_clock(clock: Any) -> None:
    with pytest.raises(ValueError, match="clock must return an aware datetime"):
        Verifier({}, clock=clock)
    assert Verifier({}, clock=lambda: datetime.now(UTC))


def test_observers() -> None:
    with pytest.raises(ValueError, match="observers must be callables"):
        Verifier({}, observers=["print"])  # type: ignore[list-item]
    assert Verifier({}, observers=[print])
