"""URLs that clients registered: fetched with care, or not at all (rows 22 and 72)."""

import gzip
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest
from OpenSSL import SSL

from tests.tls import SERVER_CA
from tests.unit.https.servers import ANSWERS, TIMEOUT, Answering, answering, drip, noting, ok
from wsgi_mtls.https import MAX_ANSWER, FetchFailed, RegisteredFetcher
from wsgi_mtls.testing import SERVER_AUTH, KeyPair, Profile, make_ca

HOST = "client.example.com"


def server_pair(ca: KeyPair = SERVER_CA, **changes: Any) -> KeyPair:
    profile: dict[str, Any] = {"san_dns": [HOST], "extended_key_usage": SERVER_AUTH, **changes}
    return ca.issue("CN=server", Profile(**profile))


@contextmanager
def registered(folder: Path, *answers: Answering, pair: KeyPair | None = None) -> Iterator[str]:
    """Run a server for ``HOST``; yields its URL by that name."""
    with answering(folder, *answers, pair=pair or server_pair()) as url:
        yield f"https://{HOST}:{urlsplit(url).port}/jwks"


def fetcher(folder: Path, *addresses: str, **options: Any) -> RegisteredFetcher:
    """Make what looks names up here: each has these addresses, and loopback ones are the operator's own."""
    known = list(addresses or ("127.0.0.1",))
    settings: dict[str, Any] = {
        "ca": folder / "ca.pem",
        "any_port": True,
        "allowed_networks": ["127.0.0.0/8"],
        "resolve": lambda host, port: known,
        **options,
    }
    return RegisteredFetcher(**settings)


def test_answer(tmp_path: Path) -> None:
    requests: list[bytes] = []
    with registered(tmp_path, noting(requests, b'{"keys": []}', b"Cache-Control: max-age=60\r\n")) as url:
        answer = fetcher(tmp_path).get(url, {"Accept": "application/json"})
    assert (answer.status, answer.json(), answer.headers["cache-control"]) == (200, {"keys": []}, "max-age=60")
    (request,) = requests
    assert request.startswith(b"GET /jwks HTTP/1.1\r\n")
    assert f"\r\nHost: {urlsplit(url).netloc}\r\n".encode() in request


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_takes_forever(tmp_path: Path, answer: Answering) -> None:
    with registered(tmp_path, answer) as url:
        started = monotonic()
        with pytest.raises(FetchFailed):
            fetcher(tmp_path, connect_timeout=TIMEOUT, timeout=TIMEOUT).get(url, {})
        assert monotonic() - started < 20 * TIMEOUT


def test_redirect_is_an_answer(tmp_path: Path) -> None:
    def redirect(over: Event, connection: SSL.Connection) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")

    with registered(tmp_path, redirect) as url:
        assert fetcher(tmp_path).get(url, {}).status == 302


def test_too_large(tmp_path: Path) -> None:
    with registered(tmp_path, ok(b" " * (MAX_ANSWER + 1))) as url, pytest.raises(FetchFailed, match="octets"):
        fetcher(tmp_path).get(url, {})


def test_compressed_answer_is_not_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(b" " * 100_000_000)
    with registered(tmp_path, noting([], bomb, b"Content-Encoding: gzip\r\n")) as url:
        answer = fetcher(tmp_path).get(url, {})
    assert answer.body == bomb
    with pytest.raises(FetchFailed, match="Expected JSON"):
        answer.json()


def test_half_written_json(tmp_path: Path) -> None:
    with registered(tmp_path, ok(b'{"keys": [')) as url, pytest.raises(FetchFailed, match="Expected JSON"):
        fetcher(tmp_path).get(url, {}).json()


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    "pair",
    [
        server_pair(san_dns=["other.example.com"]),
        server_pair(san_dns=[], san_ip=["127.0.0.1"]),
        server_pair(make_ca("CN=Server CA")),
        server_pair(not_before=NOW - timedelta(days=2), not_after=NOW - timedelta(days=1)),
        server_pair(not_before=NOW + timedelta(days=1)),
    ],
    ids=["other name", "the address", "other CA", "expired", "not yet valid"],
)
def test_wrong_certificate(tmp_path: Path, pair: KeyPair) -> None:
    asked: list[bytes] = []
    failing = pytest.raises(FetchFailed, match="CERTIFICATE_VERIFY_FAILED")
    with registered(tmp_path, noting(asked, b"1"), pair=pair) as url, failing:
        fetcher(tmp_path).get(url, {})
    assert asked == []


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The addresses to which a connection was tried; none is made."""
    tried: list[object] = []

    def connect(self: socket.socket, address: object) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


@pytest.fixture
def no_connection(attempts: list[object]) -> Iterator[None]:
    """Fail where a connection was tried."""
    yield
    assert attempts == []


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["10.0.0.1", "8.8.8.8"],
        ["8.8.8.8", "::1"],
        ["::ffff:169.254.169.254"],
        ["64:ff9b::a9fe:a9fe"],
        ["2002:7f00:1::1"],
        ["fec0::1"],
        ["168.63.129.16"],
        [f"8.8.8.{number}" for number in range(17)],
    ],
)
def test_no_connection_to_a_private_address(tmp_path: Path, addresses: list[str]) -> None:
    """One private address among public ones refuses the name."""
    (tmp_path / "ca.pem").write_bytes(SERVER_CA.certificate_pem)
    with pytest.raises(FetchFailed, match=r"not public|more than 16"):
        fetcher(tmp_path, *addresses, allowed_networks=[]).get(f"https://{HOST}/", {})


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost.", "127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "0", "[::1]"),
        *("[::ffff:127.0.0.1]", "[::127.0.0.1]", "[0:0:0:0:0:0:0:1]", "[fe80::1%25lo]", "169.254.169.254"),
    ],
)
def test_no_connection_to_this_machine_by_any_spelling(host: str) -> None:
    """The system's own look-up decides what a spelling means, and its answer is checked."""
    with pytest.raises(FetchFailed, match=r"not public|no address"):
        RegisteredFetcher().get(f"https://{host}/", {})


def test_name_that_turns_private_after_the_check(tmp_path: Path) -> None:
    """There is one look-up: the connection goes to the address that was checked."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    with registered(tmp_path, ok(b"1")) as url:
        once = fetcher(tmp_path, resolve=lambda host, port: next(answers))
        assert once.get(url, {}).json() == 1
    assert next(answers) == ["127.0.0.2"]


def test_next_address_is_tried(tmp_path: Path) -> None:
    with registered(tmp_path, ok(b"1")) as url:
        assert fetcher(tmp_path, "127.0.0.2", "127.0.0.1").get(url, {}).json() == 1


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize(
    "url",
    [
        *("http://client.example.com/", "https://user@client.example.com/", "https://client.example.com/#f"),
        *("https://client.example.com:8443/", "https:///", "", "https://client.example.com:99999/", "file:///etc"),
        *("https://cl\u0131ent.example.com/", "https://[::1/", "https://client.example.com/\r\nX: y"),
        "https://" + "a" * 64 + ".example.com/",
    ],
)
def test_url_that_is_not_fetched(url: str) -> None:
    with pytest.raises(FetchFailed):
        RegisteredFetcher().get(url, {})


def test_environment_names_no_proxy(attempts: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://10.0.0.1:3128")
    with pytest.raises(FetchFailed, match="No connection"):
        RegisteredFetcher(resolve=lambda host, port: ["8.8.8.8"]).get(f"https://{HOST}/", {})
    assert attempts == [("8.8.8.8", 443)]


@pytest.mark.parametrize(
    "options",
    [{"timeout": 0}, {"timeout": 61}, {"connect_timeout": 0}, {"connect_timeout": 6}, {"timeout": float("nan")}],
)
def test_options_that_can_not_be(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="timeout"):
        RegisteredFetcher(**options)  # type: ignore[arg-type]  # numbers all


@contextmanager
def plain_server(answer: Callable[[Event, socket.socket], object]) -> Iterator[int]:
    """Run a server that gets a connection and no further; yields its port."""
    listener, over = socket.create_server(("127.0.0.1", 0)), Event()

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                answer(over, connection)

    thread = Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def no_handshake(over: Event, connection: socket.socket) -> None:
    over.wait(30)


def dripping_handshake(over: Event, connection: socket.socket) -> None:
    connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 KiB, of which one octet comes now and then
    drip(over, connection.sendall)


@pytest.mark.parametrize("answer", [no_handshake, dripping_handshake])
def test_no_handshake_takes_forever(tmp_path: Path, answer: Callable[[Event, socket.socket], object]) -> None:
    (tmp_path / "ca.pem").write_bytes(SERVER_CA.certificate_pem)
    with plain_server(answer) as port:
        started = monotonic()
        with pytest.raises(FetchFailed):
            fetcher(tmp_path, connect_timeout=TIMEOUT, timeout=TIMEOUT).get(f"https://{HOST}:{port}/", {})
        assert monotonic() - started < 20 * TIMEOUT
