"""A header with underscores, which the terminator fixes: possible behind a server that passes on that name alone."""

import base64
import re
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support import refused
from tests.unit.sources.captures import CLIENT, SELF_SIGNED
from wsgi_mtls import PeerCertificate, sources
from wsgi_mtls.sources import CertificateSource, encodings

pytest.importorskip("gunicorn")
PAGE = Path(__file__).parents[3] / "docs" / "sources.md"
TERMINATOR = "10.0.0.1"


def recipe() -> CertificateSource:
    (code,) = re.findall(r"<!-- with underscores -->\n```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {"sources": sources, "encodings": encodings}
    exec(code, names)
    source: CertificateSource = names["source"]
    return source


def encoded(certificate: Any) -> str:
    return base64.b64encode(certificate.der).decode()


def environ(*headers: tuple[str, str], address: str = TERMINATOR) -> dict[str, Any]:
    """Return what gunicorn makes of a request with these headers."""
    modules = ("config", "http.message", "http.unreader", "http.wsgi")
    config_module, message, unreader, wsgi = (cast(Any, import_module(f"gunicorn.{name}")) for name in modules)
    config = config_module.Config()
    config.set("forwarded_allow_ips", TERMINATOR)
    config.set("forwarder_headers", "SSL_CLIENT_CERT")
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    octets = f"GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode()
    request = message.Request(config, unreader.IterUnreader([octets]), (address, 1))
    _, made = wsgi.create(request, BytesIO(), (address, 1), ("10.0.0.9", 80), config)
    return dict(made)


def test_the_recipe_behind_gunicorn() -> None:
    own = ("SSL_CLIENT_CERT", encoded(CLIENT))
    forged = encoded(SELF_SIGNED)
    read = recipe()
    accepted = PeerCertificate(CLIENT, verified=True, source="SSL_CLIENT_CERT")
    assert read(environ(own)) == accepted
    # Mixtures are dropped, and what the terminator did not send is not there.
    for alias in ("SSL_CLIENT-CERT", "SSL-CLIENT_CERT", "ssl_client-cert"):
        assert read(environ(own, (alias, forged))) == accepted
        assert read(environ((alias, forged))) is None
    # From another peer the name with underscores does not arrive.
    assert read(environ(own, address="192.0.2.1")) is None
    # Beside the terminator's own, the alias makes the value unreadable. Alone, it would be believed: this is what
    # the terminator must remove.
    with refused("malformed_certificate"):
        read(environ(own, ("SSL-CLIENT-CERT", forged)))
    alone = read(environ(("SSL-CLIENT-CERT", forged)))
    assert alone is not None
    assert alone.certificate == SELF_SIGNED


def test_the_condition_must_be_stated() -> None:
    here: dict[str, Any] = {"trusted_proxies": [TERMINATOR]}
    subject: dict[str, Any] = {"kind": "tls_client_auth_subject_dn", "verified": True, **here}
    wrong: tuple[dict[str, Any], ...] = ({}, {"underscores_dropped": True}, {"hyphens_dropped": "yes"})
    for options in wrong:
        with pytest.raises(ValueError, match="hyphens_dropped"):
            sources.header("SSL_CLIENT_CERT", encodings.base64_der, **here, **options)
        with pytest.raises(ValueError, match="hyphens_dropped"):
            sources.subject_header("SSL_CLIENT_S_DN", **subject, **options)
    for name in ("SSL_CLIENT-CERT", "SSL CERT", "SSL_CERT\n", ""):
        with pytest.raises(ValueError, match="header name"):
            sources.header(name, encodings.base64_der, hyphens_dropped=True, underscores_dropped=True, **here)
    with pytest.raises(ValueError, match="underscores_dropped"):
        sources.header("SSL-CERT", encodings.base64_der, hyphens_dropped=True, **here)
    with pytest.raises(ValueError, match="hyphens_dropped"):
        sources.nginx(certificate_header="SSL_CLIENT_CERT", **here)
    both = sources.header(
        "SSL_CERT",
        encodings.base64_der,
        verified=sources.Status("SSL-Verify", "yes"),
        hyphens_dropped=True,
        underscores_dropped=True,
        **here,
    )
    assert both.keys == {"HTTP_SSL_CERT", "HTTP_SSL_VERIFY"}
    assert sources.subject_header("SSL_CLIENT_S_DN", hyphens_dropped=True, **subject).keys == {"HTTP_SSL_CLIENT_S_DN"}
