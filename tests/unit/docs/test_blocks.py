"""Blocks of short pages run, and those of all pages compile."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import fakeredis
import pytest

from wsgi_mtls import Client, sources
from wsgi_mtls.sealed_store import SealedStore

from .pages import ROOT, blocks, run

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)])
def test_compiles(page: str) -> None:
    for number, block in enumerate(blocks(page)):
        compile(block, f"{page}, block {number}", "exec")


def test_issuer() -> None:
    assert run("docs/issuers.md", 0)["tokens"].decode


def test_key_sets() -> None:
    keys = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": "https://rp.example/jwks.json"}
    rp = Client.from_metadata({"client_id": "rp", **keys})
    assert run("docs/jwks-uri.md", 0, clients={"rp": rp})["verifier"].rules


def test_store_that_processes_share() -> None:
    names = run("docs/jwks-uri.md", 1)
    server, secret = fakeredis.FakeServer(), bytes(32)
    assert names["key_sets"](secret)

    def process() -> SealedStore:
        store = names["RedisStore"]("redis://127.0.0.1")
        store.redis = fakeredis.FakeRedis(server=server)
        return SealedStore(store, secret)

    one, other = process(), process()
    one.set("key", b"value", 60.5)
    assert other.get("key") == b"value"
    assert other.get("none") is None
    assert [one.add("once", 0.5), other.add("once", 0.5)] == [True, False]
    assert 0 < fakeredis.FakeRedis(server=server).pttl("wsgi_mtls:key") <= 60_500


def test_sources_in_lines() -> None:
    page = (ROOT / "docs/sources.md").read_text()
    lines = re.findall(r"^    (source = .*)$", page, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        names: dict[str, Any] = {"sources": sources}
        exec(line, names)
        assert names["source"]({"REMOTE_ADDR": "192.0.2.1"}) is None


@contextmanager
def cheroot() -> Iterator[tuple[str, int]]:
    """Serve by the cheroot of docs/sources.md, on a free port."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "0")])
        return []

    page = "docs/sources.md"
    (number,) = [number for number, block in enumerate(blocks(page)) if "TokenHeaderReader()" in block]
    server = run(page, number, application=application)["server"]
    server.bind_addr = ("127.0.0.1", 0)
    server.prepare()
    thread = Thread(target=server.serve)
    thread.start()
    try:
        yield server.bind_addr
    finally:
        server.stop()
        thread.join()


def test_a_cheroot_of_your_own() -> None:
    with cheroot() as address:
        for header, status in (
            (b"XClientCert: 1", b"200"),
            (b" XClientCert: 1", b"400"),
            (b"XClientCert\x0b: 1", b"400"),
        ):
            with socket.create_connection(address, timeout=10) as connection:
                head = (b"GET / HTTP/1.1", b"Host: x", b"Connection: close", header, b"", b"")
                connection.sendall(b"\r\n".join(head))
                assert connection.recv(1000).split()[1] == status
