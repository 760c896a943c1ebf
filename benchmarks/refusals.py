"""Refusals, which a stranger may cause as often as they like."""

import base64
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import cycle
from typing import Any
from urllib.parse import parse_qsl, quote

from cryptography import x509
from werkzeug.wrappers import Request

from wsgi_mtls import ClientAuthMiddleware, MutualTLSError, Verifier, sources
from wsgi_mtls.testing import Profile, self_sign

from .certificates import distinct, escaped, leaf, nginx, selfie
from .comparing import Bar, Case, compare
from .effort import Effort
from .middleware import CLIENTS, ENVIRON
from .peers import bare_cryptography
from .requests import BODY, CERT, app, post, start
from .tables import Table

NEW = "accepted, never seen"
BOUND = "accepted, seen, and 1.6 × request.form"


def run(effort: Effort) -> Iterator[Table]:
    """Measure refusals of usual length, and inputs of the greatest length."""
    note = "Refusals are logged at WARNING to nowhere; each must cost at most both acceptances."
    yield Table("Refusals of inputs up to 8 KB", compare(_cases(), rounds=effort.rounds, slice_ms=1), note)
    yield Table("Inputs as long as they may be", compare(_long(), rounds=max(5, effort.rounds // 3), slice_ms=1))


def _cases() -> list[Case]:
    guarded = ClientAuthMiddleware(
        app, Verifier(CLIENTS), source=sources.nginx(trusted_proxies=["127.0.0.1"]), paths=["/token"]
    )
    der = leaf("rsa").certificate.der
    good = nginx(der).encode()
    new = cycle([nginx(each).encode() for each in distinct("rsa")])

    def call(header: bytes = good, body: bytes = BODY, **more: object) -> Callable[[], object]:
        return lambda: guarded(post("/token", header, body, **more), start)

    times = cycle((1, 2, 1, 2, 2))  # 1.6 on average

    def form() -> None:
        environ = post("/token", good)
        guarded(environ, start)
        for _ in range(next(times)):
            environ["wsgi.input"] = BytesIO(BODY)
            Request(environ).form["client_id"]

    damaged = der[:200] + bytes(len(der) - 200)
    refused = {
        "no certificate": call(b""),
        "another chain's status": call(good.replace(b"SUCCESS", b"FAILED:x", 1)),
        "unknown client": call(body=BODY.replace(b"alice", b"nobody")),
        "no client_id": call(body=b"grant_type=x"),
        "another subject": call(nginx(selfie("rsa").certificate.der).encode()),
        "header “x”": call(b"x"),
        "zeros in base64": call(b"SUCCESS " + _pem(bytes(900))),
        "DER, damaged after 200 octets": call(b"SUCCESS " + _pem(damaged)),
        "DER, cut": call(b"SUCCESS " + _pem(der[:-5])),
        "header from a stranger": call(REMOTE_ADDR="203.0.113.9"),
        "address “x”": call(REMOTE_ADDR="x"),
        "GET": call(REQUEST_METHOD="GET"),
        "JSON": call(CONTENT_TYPE="application/json"),
    }
    bars = [Bar(NEW, 1.0, _STOPS), Bar(BOUND, 1.0, _STOPS)]
    return [
        Case(ENVIRON, lambda: app(post("/token", good), start)),
        Case(NEW, lambda: guarded(post("/token", next(new)), start), "a client", less=ENVIRON),
        Case(BOUND, form, "a client, and its form", less=ENVIRON),
        *(
            Case(name, run, "a refusal, reported and answered", less=ENVIRON, bars=bars)
            for name, run in refused.items()
        ),
    ]


_STOPS = (
    "Most of it is logging's record: two where a stranger sent the header, and one with advice where no certificate "
    "came, whose form is read for the client_id in the log. The answer is made without Werkzeug's Response, which took "
    "half."
)


def _long() -> list[Case]:
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    guarded = ClientAuthMiddleware(app, Verifier(CLIENTS), source=source, paths=["/token"])
    good = nginx(leaf("rsa").certificate.der).encode()
    escapes = b"SUCCESS " + b"%41" * 20000
    names = self_sign("CN=x", Profile(extensions=[(x509.SubjectAlternativeName([x509.DNSName("ab")] * 3500), False)]))
    header = escaped(names.certificate.der).encode()
    body = b"client_id=" + b"%61" * 5400
    text = "a=" + "%41" * 20000

    def read(value: bytes) -> Any:
        try:
            found = source({"REMOTE_ADDR": "127.0.0.1", CERT: value.decode("latin-1")})
            return found and found.certificate.common_names
        except MutualTLSError as error:
            return error

    return [
        Case("parse_qsl of 60 kB of %41", lambda: parse_qsl(text)),
        Case(
            "60 kB of %41 as a header",
            lambda: read(escapes),
            "a refusal",
            bars=[
                Bar("parse_qsl of 60 kB of %41", 1.2, "What is left is urllib's unquote, and a match of the pattern.")
            ],
        ),
        Case("parse_qsl of a body of 16 KiB of %61", lambda: parse_qsl(body.decode())),
        Case(
            "a body of 16 KiB of %61",
            lambda: guarded(post("/token", good, body), start),
            "a refusal",
            bars=[
                Bar(
                    "parse_qsl of a body of 16 KiB of %61",
                    1.2,
                    "parse_qsl is all but the refusal, which takes 41 µs after a short form and two to four times as "
                    "long after parse_qsl of this one, also where that is called apart from it.",
                )
            ],
        ),
        Case(
            f"bare cryptography, 3,500 names, {len(names.certificate.der):,} octets", lambda: bare_cryptography(header)
        ),
        Case(
            "the same certificate",
            lambda: read(b"SUCCESS " + header),
            "the peer and a name",
            bars=[Bar(f"bare cryptography, 3,500 names, {len(names.certificate.der):,} octets", 1.2)],
        ),
    ]


def _pem(der: bytes) -> bytes:
    text = base64.encodebytes(der).decode()
    return quote(f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n", safe="-_.~").encode()
