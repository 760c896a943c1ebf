"""Resident memory after many distinct certificates, which a stranger can send."""

import base64
import gc
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context

import psutil
from cryptography import x509

from wsgi_mtls import Client, ClientCertificate, MutualTLSError, Verifier, jwk, sources
from wsgi_mtls.sources import CertificateSource
from wsgi_mtls.testing import Profile, to_pem

from .certificates import LABELS, authority, escaped, leaf
from .effort import Effort
from .requests import CERT
from .tables import Growth, Row, Table

_MOST = 32
_WARM = 3
_ASKED = 3000
"""How many of the last ones are also decided about; more than are remembered."""
_STOPS = "What is remembered is bounded by octets of headers; the rest is what was read of them."

Send = Callable[[bytes, bool], None]
"""Has a cache read a certificate, and a decision ask for the rest of it."""


def run(effort: Effort) -> Iterator[Table]:
    """Send certificates, and measure the memory as they come.

    Each measurement is in a new process.
    """
    marks = [mark for mark in (1000, 10_000, 100_000, 1_000_000) if mark <= effort.strangers]
    few = [min(10_000, effort.strangers)]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as processes:
        grown = processes.submit(by_header, "ec", marks).result()
        rsa = processes.submit(by_header, "rsa", few).result()
        names = processes.submit(by_header, "names", few).result()
        keys = processes.submit(by_registered_keys, few).result()
    rows = [
        _row(f"{marks[-1]:,} distinct certificates, nginx, {LABELS['ec']}", grown),
        _row(f"{few[-1]:,} of {LABELS['rsa']}", rsa),
        _row(f"{few[-1]:,} with as many names as are remembered", names),
        _row(f"{few[-1]:,} of {LABELS['ec']} as keys of clients that register themselves", keys),
        _row("both caches of an application together, at their largest", [names[-1] + keys[-1]]),
    ]
    growth = Growth("memory", "distinct certificates", "MiB above the start", marks, {LABELS["ec"]: grown})
    yield Table("Memory that a stranger fills", rows, growths=[growth])


def by_header(kind: str, marks: list[int]) -> list[float]:
    """Return the memory after each mark, behind nginx."""
    logging.disable()
    der = many_names() if kind == "names" else leaf("rsa" if kind == "rsa" else "ec").certificate.der
    return _filled(behind_nginx(), der, marks)


def by_registered_keys(marks: list[int]) -> list[float]:
    """Return the memory after each mark, where each certificate is registered."""
    return _filled(registered_keys(), leaf("ec").certificate.der, marks)


def variants(der: bytes) -> Iterator[bytes]:
    """Make distinct certificates quickly: the end of the signature is a number."""
    number = 0
    while True:
        number += 1
        yield der[:-6] + number.to_bytes(6, "big")


def many_names() -> bytes:
    """Return a certificate with many names.

    Its header is the longest that is remembered.
    """
    names = x509.SubjectAlternativeName([x509.DNSName("ab")] * 1300)
    return authority("ec").issue("CN=x", Profile(extensions=[(names, False)])).certificate.der


def by_servers() -> list[Send]:
    """Return what fills the caches of servers that end TLS themselves."""
    pem, der = sources.mod_ssl(), sources.uwsgi()

    def send_pem(octets: bytes, asked: bool) -> None:
        text = to_pem(ClientCertificate.from_der(octets)).decode()
        _ask(pem, {"SSL_CLIENT_CERT": text, "SSL_CLIENT_VERIFY": "SUCCESS"}, asked)

    return [send_pem, lambda octets, asked: _ask(der, {"HTTPS_CLIENT_CERTIFICATE": octets.decode("latin-1")}, asked)]


def registered_keys() -> Send:
    """Return clients that fill the cache of registered keys."""
    method = {"client_id": "x", "token_endpoint_auth_method": "self_signed_tls_client_auth"}
    key = jwk(leaf("ec").certificate)

    def register(octets: bytes, asked: bool) -> None:
        x5c = [base64.b64encode(octets).decode()]
        Client.from_metadata({**method, "jwks": {"keys": [{**key, "x5c": x5c}]}})

    return register


def behind_nginx() -> Send:
    """Return what fills the cache of nginx's header."""
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    return lambda octets, asked: _ask(source, {"REMOTE_ADDR": "127.0.0.1", CERT: f"SUCCESS {escaped(octets)}"}, asked)


_VERIFIER = Verifier({"x": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "x.example"}})


def _ask(source: CertificateSource, environ: dict[str, str], asked: bool) -> None:
    peer = source(environ)
    assert peer is not None
    if asked:
        with suppress(MutualTLSError):
            _VERIFIER.authenticate("x", peer)


def _filled(send_one: Send, der: bytes, marks: list[int]) -> list[float]:
    made = variants(der)

    def send(count: int, asked: bool) -> None:
        for _ in range(count):
            send_one(next(made), asked)

    send(_WARM, True)
    gc.collect()
    before, sent, used = _resident(), 0, []
    for mark in marks:
        asked = min(_ASKED, mark - sent)
        send(mark - sent - asked, False)
        send(asked, True)
        sent = mark
        used.append(_resident() - before)
    return used


def _row(what: str, used: list[float]) -> Row:
    return Row(what, "", f"{used[-1]:.3g} MiB", bar=f"≤ {_MOST} MiB", met=used[-1] <= _MOST, stops=_STOPS)


def _resident() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20
