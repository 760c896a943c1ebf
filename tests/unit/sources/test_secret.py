"""A secret that only the proxy knows: looked at, and gone."""

from typing import Any

from tests.support import drop_untrusted, peer_certificate
from tests.unit.sources.captures import CLIENT, environ
from wsgi_mtls import sources
from wsgi_mtls.sources.secret import takes_secret

VALUE = "correct horse"
CAME = environ("nginx", "ca_signed_with_chain", HTTP_X_PROXY_AUTH=VALUE)


def nginx(value: str = VALUE) -> Any:
    return sources.nginx(trusted_proxies=["127.0.0.1"], secret=("X-Proxy-Auth", value))


def test_compared() -> None:
    secret = ("X-Proxy-Auth", "clé")
    assert takes_secret({"HTTP_X_PROXY_AUTH": "clé".encode().decode("latin-1")}, secret)
    for sent in ("", "clé", "cl", "clé,clé", "\u20ac"):
        assert not takes_secret({"HTTP_X_PROXY_AUTH": sent}, secret)
    assert not takes_secret({}, secret)


def test_the_application_does_not_see_it() -> None:
    for came in (dict(CAME), {**CAME, "REMOTE_ADDR": "192.0.2.1"}, {**CAME, "HTTP_X_PROXY_AUTH": "wrong"}):
        for use in (peer_certificate, drop_untrusted):
            left: dict[str, Any] = dict(came)
            use(left, nginx())
            assert "HTTP_X_PROXY_AUTH" not in left
            assert VALUE not in repr(left)


def test_it_is_known_when_somebody_asks_again() -> None:
    came: dict[str, Any] = dict(CAME)
    drop_untrusted(came, nginx())
    drop_untrusted(came, nginx())
    found = peer_certificate(came, nginx())
    assert found is not None
    assert found.certificate == CLIENT
    assert nginx()(dict(came)) == found
    assert nginx("another")(dict(came)) is None


def test_another_header_is_not_known() -> None:
    came: dict[str, Any] = dict(CAME)
    other = sources.nginx(trusted_proxies=["127.0.0.1"], secret=("X-Other", VALUE))
    drop_untrusted(came, nginx())
    assert other(came) is None
    assert other({**CAME, "HTTP_X_OTHER": VALUE}) is not None


def test_no_header_makes_what_is_left() -> None:
    forged = {key: value for key, value in CAME.items() if key != "HTTP_X_PROXY_AUTH"}
    assert nginx()({**forged, "HTTP_WSGI_MTLS_SECRETS_SENT": VALUE}) is None
    assert nginx()(dict(CAME)) is not None
