"""Asking a source: once, and whatever it does."""

from typing import Any

import pytest

from tests.support import Endpoint, drop_untrusted, peer_certificate, refused, request
from tests.unit.sources.captures import CLIENT, SELF_SIGNED, environ
from wsgi_mtls import ClientCertificate, PeerCertificate, sources
from wsgi_mtls.errors import BadCertificate
from wsgi_mtls.sources import PEER

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


@pytest.mark.parametrize("error", [KeyError("SSL"), RuntimeError(), ZeroDivisionError("a"), ValueError("b")])
def test_a_source_that_fails_is_a_refusal(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with refused("malformed_certificate", match=type(error).__name__):
        peer_certificate({}, Counted(error))
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [type(error)]
    assert peer_certificate({}, Counted(FOUND)) is FOUND


@pytest.mark.parametrize("answer", ["CN=a", CLIENT, False, b"", ()])
def test_a_source_that_returns_something_else_is_a_refusal(answer: object) -> None:
    environ: dict[str, Any] = {}
    with refused("malformed_certificate", match="PeerCertificate or None"):
        peer_certificate(environ, Counted(answer))
    assert PEER not in environ
    assert peer_certificate({}, Counted(None)) is None


def test_over_the_middleware() -> None:
    at = Endpoint({}, source=Counted(RuntimeError()))
    assert request(at.app, {"client_id": "rp"}).status == 400
    assert [event.reason for event in at.events] == ["malformed_certificate"]
    assert request(at.app, {"client_id": "rp"}, path="/elsewhere").status == 200


@pytest.mark.parametrize("answer", [RuntimeError(), BadCertificate("junk"), "nonsense", FOUND, None])
def test_dropping_never_raises(answer: object) -> None:
    drop_untrusted({}, Counted(answer))


def test_a_guarded_source_of_the_users_own_that_fails_to_drop() -> None:
    class Guarded(Counted):
        keys = frozenset({"HTTP_CERT"})

        def trusts(self, environ: dict[str, Any]) -> bool:
            raise RuntimeError

        drop_untrusted = trusts

    drop_untrusted({}, Guarded(None))


@pytest.mark.parametrize(
    ("source", "key"),
    [
        (sources.mod_ssl(), "SSL_CLIENT_CERT"),
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
    with pytest.raises(BadCertificate):
        source(dict(keys))


def test_a_replayed_peer_is_kept_and_a_forged_one_is_not() -> None:
    source = Counted(FOUND)
    assert peer_certificate({PEER: PeerCertificate(SELF_SIGNED)}, source) == PeerCertificate(SELF_SIGNED)
    assert peer_certificate({PEER: "forged"}, source) is FOUND


def test_what_an_untrusted_peer_sends_is_dropped_where_the_peer_is_set_already() -> None:
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    came: dict[str, Any] = environ("nginx", "ca_signed_with_chain") | {"REMOTE_ADDR": "192.0.2.1", sources.PEER: None}
    assert peer_certificate(came, source) is None
    assert "HTTP_XCLIENTCERT" not in came
