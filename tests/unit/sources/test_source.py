"""Asking a source: once, and whatever it does."""

from typing import Any

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from tests.support import Endpoint, request
from tests.unit.sources.captures import CLIENT, SELF_SIGNED, environ
from wsgi_mtls import ClientCertificate, MalformedCertificate, PeerCertificate, sources
from wsgi_mtls.events import Event
from wsgi_mtls.middleware import PeerMiddleware
from wsgi_mtls.sources import PEER, CertificateSource, drop_untrusted, peer_certificate

FOUND = PeerCertificate(CLIENT)


class Counted:
    """A source of the user's own."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.calls = 0

    def __call__(self, environ: dict[str, Any]) -> Any:
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize("error", [KeyError("SSL"), RuntimeError(), ZeroDivisionError("a"), OSError("b")])
def test_a_source_that_fails_is_a_refusal(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(MalformedCertificate, match=type(error).__name__):
        peer_certificate({}, Counted(error))
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [type(error)]
    assert peer_certificate({}, Counted(FOUND)) is FOUND


@pytest.mark.parametrize("answer", ["CN=a", CLIENT, False, b"", ()])
def test_a_source_that_returns_something_else_is_a_refusal(answer: object) -> None:
    environ: dict[str, Any] = {}
    with pytest.raises(MalformedCertificate, match="PeerCertificate or None"):
        peer_certificate(environ, Counted(answer))
    assert PEER not in environ
    assert peer_certificate({}, Counted(None)) is None


def test_over_the_middleware() -> None:
    at = Endpoint({}, source=Counted(RuntimeError()))
    assert request(at.app, {"client_id": "rp"}).status == 400
    assert [event.reason for event in at.events] == ["malformed_certificate"]
    assert request(at.app, {"client_id": "rp"}, path="/elsewhere").status == 200


@pytest.mark.parametrize("answer", [RuntimeError(), MalformedCertificate("junk"), "nonsense", FOUND, None])
def test_dropping_never_raises(answer: object) -> None:
    drop_untrusted({}, Counted(answer))


def test_a_guarded_source_of_the_users_own_that_fails_to_drop() -> None:
    class Guarded(Counted):
        keys = frozenset({"HTTP_CERT"})

        def trusts(self, environ: dict[str, Any]) -> bool:
            raise RuntimeError

        drop_untrusted = trusts

    drop_untrusted({}, Guarded(None))


def test_a_source_of_the_users_own_is_asked_once() -> None:
    for answer in (FOUND, None):
        source, environ = Counted(answer), {"REMOTE_ADDR": "10.0.0.1"}
        for _ in range(3):
            assert peer_certificate(environ, source) is answer
            drop_untrusted(environ, source)
        assert source.calls == 1


def test_a_failure_is_not_asked_for_again_on_unguarded_paths() -> None:
    source: Counted = Counted(MalformedCertificate("junk"))
    environ: dict[str, Any] = {}
    for _ in range(3):
        drop_untrusted(environ, source)
    assert source.calls == 1
    with pytest.raises(MalformedCertificate):
        peer_certificate(environ, source)


def behind_proxy_fix(environ: dict[str, Any]) -> dict[str, Any]:
    """Return the environ as ProxyFix leaves it where the client and the proxy have the same address."""
    ProxyFix(lambda environ, start_response: [], x_for=1)(environ, lambda *_: None)  # type: ignore[arg-type]
    return environ


@pytest.mark.parametrize("wrapped", [False, True])
def test_the_outermost_answer_counts_inside_of_proxy_fix(wrapped: bool) -> None:
    """There, the proxy's own address in ``X-Forwarded-For`` makes it unknown who sent the headers."""
    events: list[Event] = []
    nginx = sources.nginx(trusted_proxies=["127.0.0.1"], observers=[events.append])
    source: CertificateSource = (lambda environ: nginx(environ)) if wrapped else nginx
    forwarded = {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}
    came: dict[str, Any] = environ("nginx", "ca_signed_with_chain", **forwarded)
    outer = peer_certificate(came, source)
    assert outer is not None
    assert peer_certificate(behind_proxy_fix(came), source) is outer
    drop_untrusted(came, source)

    junk: dict[str, Any] = environ("nginx", "ca_signed_with_chain", HTTP_XCLIENTCERT="junk", **forwarded)
    PeerMiddleware(lambda environ, start_response: [], source)(junk, lambda *_: None)  # type: ignore[arg-type]
    with pytest.raises(MalformedCertificate):
        peer_certificate(behind_proxy_fix(junk), source)
    assert events == []

    late = behind_proxy_fix(environ("nginx", "ca_signed_with_chain", **forwarded))
    assert peer_certificate(late, source) is None
    assert [event.name for event in events] == ["untrusted_proxy"]


def test_headers_that_came_after_the_answer_are_looked_at() -> None:
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    came: dict[str, Any] = environ("nginx", "self_signed")
    peer_certificate(came, source)
    later = environ("nginx", "ca_signed_with_chain")
    came.update(later, REMOTE_ADDR="192.0.2.1")
    del came["wsgi_mtls.peer"]
    assert peer_certificate(came, source) is None
    assert "HTTP_XCLIENTCERT" not in came


def test_a_function_is_asked_again_where_a_header_was_taken_away_or_replaced() -> None:
    """Nobody knows which it reads; an application's own middleware may well change one between two of our layers."""
    rfc9440 = sources.rfc9440(trusted_proxies=["127.0.0.1"], underscores_dropped=True)
    source: CertificateSource = lambda environ: rfc9440(environ)  # noqa: E731
    came: dict[str, Any] = environ("rfc9440-haproxy", "ca_signed_with_chain")
    drop_untrusted(came, source)
    came["HTTP_CLIENT_CERT"] = environ("rfc9440-haproxy", "self_signed")["HTTP_CLIENT_CERT"]
    peer = peer_certificate(dict(came), source)
    assert peer is not None
    assert peer.certificate == SELF_SIGNED
    del came["HTTP_CLIENT_CERT"]
    assert peer_certificate(came, source) is None


def test_another_address_another_environ_and_another_source_are_asked_anew() -> None:
    source = Counted(None)
    environ: dict[str, Any] = {"REMOTE_ADDR": "10.0.0.1"}
    drop_untrusted(environ, source)
    environ["REMOTE_ADDR"] = "192.0.2.1"
    drop_untrusted(environ, source)
    assert source.calls == 2
    copied = dict(environ)
    drop_untrusted(copied, source)
    assert source.calls == 3
    other = Counted(None)
    drop_untrusted(environ, other)
    assert other.calls == 1


def test_what_an_untrusted_peer_sends_is_dropped_although_the_source_was_asked_before() -> None:
    guarded = sources.nginx(trusted_proxies=["127.0.0.1"])
    for source in (guarded, lambda environ: guarded(environ)):
        came: dict[str, Any] = environ("nginx", "ca_signed_with_chain")
        drop_untrusted(came, source)
        assert "HTTP_XCLIENTCERT" in came
        came["REMOTE_ADDR"] = "192.0.2.1"
        drop_untrusted(came, source)
        assert "HTTP_XCLIENTCERT" not in came


@pytest.mark.parametrize(
    ("source", "key"),
    [
        (sources.environ(), "SSL_CLIENT_CERT"),
        (sources.mod_wsgi(), "SSL_CLIENT_CERT"),
        (sources.cheroot(), "SSL_CLIENT_CERT"),
        (sources.werkzeug(), "SSL_CLIENT_CERT"),
        (sources.wsgi_server(), "SSL_CLIENT_CERT"),
        (sources.uwsgi(), "HTTPS_CLIENT_CERTIFICATE"),
    ],
)
def test_no_certificate_is_parsed_where_no_header_is_read(
    source: Any, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {key: "hostile", "SSL_CLIENT_VERIFY": "SUCCESS"} if key == "SSL_CLIENT_CERT" else {key: "hostile"}

    def parse(_: bytes) -> ClientCertificate:
        pytest.fail("A certificate was parsed.")

    with monkeypatch.context() as patched:
        patched.setattr(ClientCertificate, "from_der", parse)
        environ: dict[str, Any] = dict(keys)
        drop_untrusted(environ, source)
        assert environ == keys
    with pytest.raises(MalformedCertificate):
        source(dict(keys))


def test_a_replayed_peer_is_kept_and_a_forged_one_is_not() -> None:
    source = Counted(FOUND)
    assert peer_certificate({PEER: PeerCertificate(SELF_SIGNED)}, source).certificate == SELF_SIGNED  # type: ignore[union-attr]
    assert peer_certificate({PEER: "forged"}, source) is FOUND
