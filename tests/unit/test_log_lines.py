"""What strangers write never starts a line of the log, hides in one, or fills it."""

import ast
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.support import mod_ssl, request, token_endpoint
from wsgi_mtls import ClientAuthMiddleware, PeerCertificate, Verifier, jwk, sources
from wsgi_mtls.clients import MappingRegistry
from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.testing import KeyPair, Profile, self_sign
from wsgi_mtls.x509 import PeerSubject

ROOT = Path(__file__).parents[2]
HOSTILE = [
    "a\nclient_authenticated client_id='billing'",
    "a\r\n\x1b[2J\x1b[31mred\x9b31m\x85",
    "a\u202egnp.exe\u2028\u2029\u2066\u200b",
    "a" * 10_000,
    "\x1b" * 10_000,
    "' reason=None detail='",
]
CLIENTS: dict[str, dict[str, object]] = {
    "billing": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "billing.example.com"},
    "dn": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=dn"},
    "odd": {"token_endpoint_auth_method": "x reason=none thumbprint=" + "y" * 1000},
}
LONGEST = 4500
"""A line with a client_id, a message, ten names, a path and an address, each cut, in characters."""


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    caplog.set_level(logging.DEBUG, "wsgi_mtls")
    yield caplog
    records = caplog.get_records("call")
    assert records
    for record in records:
        line = record.getMessage()
        assert line.isprintable(), line
        assert len(line) <= LONGEST, len(line)


def refuse(verifier: Verifier, client_id: str, peer: PeerCertificate | PeerSubject | None) -> None:
    with pytest.raises(MutualTLSError):
        verifier.authenticate(client_id, peer)


def guarded(source: sources.CertificateSource) -> ClientAuthMiddleware:
    return ClientAuthMiddleware(_unused, Verifier(CLIENTS), source=source, paths=["/token"])


def _unused(*_: object) -> Any:
    raise AssertionError


@pytest.mark.parametrize("text", HOSTILE)
def test_names_in_a_certificate(logged: pytest.LogCaptureFixture, ca: KeyPair, text: str) -> None:
    ascii_text = text.encode("ascii", "replace").decode()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.PSEUDONYM, text, _validate=False)])
    leaf = ca.issue(subject, Profile(san_uri=[ascii_text, ascii_text + "b"], san_dns=["a.example"]))
    for client_id in ("billing", "dn"):
        refuse(Verifier(CLIENTS), client_id, PeerCertificate(leaf.certificate, verified=True, source="nginx"))


def test_ten_thousand_names(logged: pytest.LogCaptureFixture, ca: KeyPair) -> None:
    names = [f"{number:04}" for number in range(10_000)]
    leaf = ca.issue("CN=many", Profile(san_dns=names))
    refuse(Verifier(CLIENTS), "billing", PeerCertificate(leaf.certificate, verified=True))
    (record,) = logged.records
    line = record.getMessage()
    assert "'0000', '0001'" in line
    assert "'0009' and 9990 more (10000 in all)" in line
    assert "0010" not in line
    assert "tls_client_auth_san_dns 'billing.example.com'" in line


@pytest.mark.parametrize("text", HOSTILE)
def test_names_from_a_terminator(logged: pytest.LogCaptureFixture, text: str) -> None:
    verifier = Verifier(CLIENTS, allowed_methods=["tls_client_auth"])
    refuse(verifier, "billing", PeerSubject("tls_client_auth_san_dns", (text,) * 10_000, verified=True, source="mesh"))


@pytest.mark.parametrize("text", HOSTILE)
def test_words_of_a_terminator(logged: pytest.LogCaptureFixture, ca: KeyPair, text: str) -> None:
    status = "FAILED:" + text.replace(",", "")
    refuse(Verifier(CLIENTS), "billing", PeerCertificate(ca.issue("CN=a").certificate, source="nginx", status=status))
    extra = {"SSL_CLIENT_CERT": None, "SSL_CLIENT_VERIFY": text}
    assert request(guarded(sources.mod_wsgi()), {"client_id": "billing"}, extra=extra).status == 401


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_in_a_request(logged: pytest.LogCaptureFixture, ca: KeyPair, text: str) -> None:
    nginx = guarded(sources.nginx(trusted_proxies=["127.0.0.1"]))
    for address in ("127.0.0.1", text):
        for key in ("HTTP_XCLIENTCERT", "HTTP_X_FORWARDED_FOR"):
            extra = {"REMOTE_ADDR": address, "PATH_INFO": f"/token/{text}", key: text, "SERVER_SOFTWARE": "waitress"}
            assert request(nginx, {"client_id": text}, extra=extra).status >= 400
    assert request(guarded(sources.mod_ssl()), {"client_id": text}, extra=mod_ssl(ca.issue("CN=a"))).status >= 400


def test_a_registered_method(logged: pytest.LogCaptureFixture) -> None:
    app = ClientAuthMiddleware(token_endpoint, Verifier(CLIENTS), source=sources.mod_ssl(), paths=["/token"])
    request(app, {"client_id": "odd", "client_secret": "x"}, extra=mod_ssl(None))
    (record,) = logged.records
    assert "method='x reason=none" in record.getMessage()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_registered_key(logged: pytest.LogCaptureFixture, text: str) -> None:
    jwks = {"keys": [{"kty": text, "x5c": [text]}, self_signed_jwk()]}
    MappingRegistry({"a": {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": jwks}})


def self_signed_jwk() -> dict[str, object]:
    return jwk(self_sign("CN=a").certificate)


SAFE = {
    *("kind", "base_url", "remedy", "address", "event.name", "event.thumbprint", "event.source", "event.reason"),
    *("type(tokens).__name__", "short(target.host)", "short(jwks_uri)", "printable(short(warning, 1000))"),
    "event.method if event.name != 'client_left_to_application' else _word(event.method or '')",
    "', '.join(map(str, (*self._places, *self._crl_places)))",
}
"""Arguments of ``%s``: our own words, what operators write, addresses that were parsed, and printable URLs."""


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted((ROOT / "wsgi_mtls").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                of = node.func.value
                if isinstance(of, ast.Name) and of.id in ("logger", "_logger") and node.func.attr != "isEnabledFor":
                    yield path, node


def test_every_call_quotes_what_strangers_write() -> None:
    found = list(calls())
    assert len(found) > 15
    for path, call in found:
        arguments = call.args[1:] if call.func.attr == "log" else call.args  # type: ignore[attr-defined]
        text, *values = arguments
        assert isinstance(text, ast.Constant), (path, ast.unparse(call))
        kinds = re.findall(r"%(?:\.\d+)?([a-z])", str(text.value))
        assert len(kinds) == len(values)
        for kind, value in zip(kinds, values, strict=True):
            assert kind in "rd" or ast.unparse(value) in SAFE, (path, ast.unparse(value))
