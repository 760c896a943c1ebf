"""How long a client's certificate may be; the chain that comes along is only a hint."""

import ssl
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest

from tests.unit.test_frames import METADATA, app, environ, nginx
from wsgi_mtls import AccessTokenMiddleware, ClientAuthMiddleware, Guard, MutualTLSError, Verifier, sources
from wsgi_mtls.request.wsgi import view_of
from wsgi_mtls.testing import KeyPair, Profile, make_ca

CA = make_ca()
NAMES = ["billing.example.com", *(f"host-{number}.example.com" for number in range(800))]
LONG = CA.issue("CN=billing", Profile(san_dns=NAMES))
SIZE = len(LONG.certificate.der)
LEAF = CA.issue("CN=billing", Profile(san_dns=NAMES[:1]))
VERY_LONG = ssl.DER_cert_to_PEM_cert(b"\x30\x83\x01\x11\x70" + bytes(70000))


def outcome(guard: Guard, fields: dict[str, Any]) -> str:
    try:
        guard.authenticate_client(view_of(environ(**fields), guard))
    except MutualTLSError as error:
        return f"{error.reason}: {error.expected}, {error.found}"
    return "accepted"


def header(pair: KeyPair) -> dict[str, str]:
    return {"HTTP_XCLIENTCERT": f"SUCCESS {quote(pair.certificate_pem, safe='')}"}


def test_the_limit() -> None:
    assert 16384 < SIZE < 32768
    verifier = Verifier({"billing": METADATA})
    for options, expected in (
        ({}, f"certificate_too_large: 16384, {SIZE}"),
        ({"max_certificate": SIZE - 1}, f"certificate_too_large: {SIZE - 1}, {SIZE}"),
        ({"max_certificate": SIZE}, "accepted"),
    ):
        assert outcome(Guard(nginx(), verifier=verifier, **options), header(LONG)) == expected  # type: ignore[arg-type]
    assert outcome(Guard(nginx(), verifier=verifier), header(LEAF)) == "accepted"


def test_what_an_outer_layer_found_is_measured_too() -> None:
    outer, inner = Guard(nginx(), max_certificate=65536), Guard(nginx(), verifier=Verifier({"billing": METADATA}))
    request = environ(**header(LONG))
    assert outer.look(view_of(request, outer)).refusal is None
    assert outcome(inner, request) == f"certificate_too_large: 16384, {SIZE}"


@pytest.mark.parametrize("longer", [LONG.certificate_pem.decode(), VERY_LONG], ids=["over 16 KiB", "over 64 KiB"])
def test_a_certificate_of_the_chain(longer: str) -> None:
    guard = Guard(sources.mod_ssl(), verifier=Verifier({"billing": METADATA}))
    fields = {
        "SSL_CLIENT_CERT": LEAF.certificate_pem.decode(),
        "SSL_CLIENT_VERIFY": "SUCCESS",
        "SSL_CLIENT_CERT_CHAIN_0": longer,
        "SSL_CLIENT_CERT_CHAIN_1": CA.certificate_pem.decode(),
    }
    assert outcome(guard, fields) == "accepted"


@pytest.mark.parametrize(("options", "accepted"), [({}, False), ({"max_certificate": 65536}, True)])
def test_the_middlewares(options: dict[str, int], accepted: bool) -> None:
    verifier, statuses = Verifier({"billing": METADATA}), []

    def started(status: str, *_: object) -> Any:
        statuses.append(status)

    client: Any = ClientAuthMiddleware(app, verifier, source=nginx(), paths="*", **options)  # type: ignore[arg-type]
    bound = {"cnf": {"x5t#S256": LONG.certificate.thumbprint}}
    tokens = SimpleNamespace(decode=lambda token: bound)
    api: Any = AccessTokenMiddleware(app, tokens, source=nginx(), paths="*", **options)  # type: ignore[arg-type]
    client(environ(**header(LONG)), started)
    api(environ(HTTP_AUTHORIZATION="Bearer a", **header(LONG)), started)
    assert [status[:3] for status in statuses] == (["200", "200"] if accepted else ["400", "400"])
