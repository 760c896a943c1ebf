"""Requests to the authorization server are bounded in size and time, however it answers."""

import gc
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest
from OpenSSL import SSL
from werkzeug.wrappers import Request, Response

from tests.tls import SERVER_CA, write_pair
from tests.tokens import json_response, json_server
from tests.unit.https.servers import (
    ANSWERS,
    TIMEOUT,
    Answering,
    answering,
    dripping_body,
    dripping_header,
    noting,
    ok,
    receive,
)
from wsgi_mtls.https import MAX_ANSWER, ConfiguredEndpoint, FetchFailed
from wsgi_mtls.testing import SERVER_AUTH, Profile, make_ca, self_sign


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_takes_forever(tmp_path: Path, answer: Answering) -> None:
    with answering(tmp_path, answer) as url:
        endpoint = ConfiguredEndpoint(url, ca=tmp_path / "ca.pem", timeout=TIMEOUT)
        started = monotonic()
        with pytest.raises(FetchFailed):
            endpoint.get_json()
        assert monotonic() - started < 20 * TIMEOUT


def test_answer(tmp_path: Path) -> None:
    with answering(tmp_path, ok(b"[true]")) as url:
        assert ConfiguredEndpoint(url, ca=tmp_path / "ca.pem", timeout=60).get_json() == [True]


@pytest.mark.parametrize("chunked", [False, True])
def test_longest_answer(tmp_path: Path, chunked: bool) -> None:
    def answer(size: int) -> Answering:
        body = b"[true]".ljust(size)
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunks = b"%s%x\r\n%s\r\n0\r\n\r\n" % (head, size, body)
        return (lambda _, connection: connection.sendall(chunks)) if chunked else ok(body)

    with answering(tmp_path, answer(MAX_ANSWER), answer(MAX_ANSWER + 1)) as url:
        assert ConfiguredEndpoint(url, ca=tmp_path / "ca.pem").get_json() == [True]
        with pytest.raises(FetchFailed, match="more than"):
            ConfiguredEndpoint(url, ca=tmp_path / "ca.pem").get_json()


@pytest.mark.parametrize("size", [b"-1", b"-7fffffff", b"7fffffffffff"])
def test_chunk_whose_size_is_no_bound(tmp_path: Path, size: bytes) -> None:
    sent: list[int] = []

    def flood(over: Event, connection: SSL.Connection) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n" % size)
        for _ in range(40 * 2**20 // MAX_ANSWER):
            connection.sendall(b" " * MAX_ANSWER)
            sent.append(MAX_ANSWER)

    with answering(tmp_path, flood) as url, pytest.raises(FetchFailed, match="more than"):
        ConfiguredEndpoint(url, ca=tmp_path / "ca.pem").get_json()
    assert sum(sent) < 30 * 2**20  # what fits into the sockets' buffers


@pytest.mark.parametrize("timeout", [0, -1, 61, float("nan")])
def test_timeouts_that_can_not_be(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout"):
        ConfiguredEndpoint("https://as.example.com", timeout=timeout)
    assert ConfiguredEndpoint("https://as.example.com", timeout=60)


# Connections that are kept


def next_request(answer: Answering, then: Answering) -> Answering:
    """Answer one request, and the next one over the same connection in another way."""

    def both(over: Event, connection: SSL.Connection) -> None:
        answer(over, connection)
        receive(connection)
        then(over, connection)

    return both


def close(over: Event, connection: SSL.Connection) -> None:
    """Leave: the connection ends without an answer."""


def silent_until_it_goes(over: Event, connection: SSL.Connection) -> None:
    connection.recv(65536)


def half(over: Event, connection: SSL.Connection) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}")


def test_connection_is_kept(tmp_path: Path) -> None:
    with answering(tmp_path, next_request(ok(b"1"), ok(b"2"))) as url:
        endpoint = ConfiguredEndpoint(url, ca=tmp_path / "ca.pem")
        assert [endpoint.get_json(), endpoint.post_form({"a": "b"}).json()] == [1, 2]


def test_connection_that_the_server_ends(tmp_path: Path) -> None:
    """``Connection: close`` closes our side before the body is read."""

    def last(over: Event, connection: SSL.Connection) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\n")
        connection.sendall(b"[true]")

    def until_it_ends(over: Event, connection: SSL.Connection) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n[true]")
        connection.shutdown()

    with answering(tmp_path, last, until_it_ends, ok(b"1")) as url:
        endpoint = ConfiguredEndpoint(url, ca=tmp_path / "ca.pem")
        assert [endpoint.get_json(), endpoint.get_json(), endpoint.get_json()] == [[True], [True], 1]


@pytest.mark.parametrize("together", [True, False])
def test_octets_beyond_an_answer_are_no_answer_to_the_next_request(tmp_path: Path, together: bool) -> None:
    def too_much(over: Event, connection: SSL.Connection) -> None:
        header, surplus = (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n9",
        )
        for record in (header + b"1" + surplus,) if together else (header, b"1" + surplus):
            connection.sendall(record)
        silent_until_it_goes(over, connection)

    with answering(tmp_path, too_much, ok(b"2")) as url:
        endpoint = ConfiguredEndpoint(url, ca=tmp_path / "ca.pem")
        assert [endpoint.get_json(), endpoint.get_json()] == [1, 2]


def test_kept_connection_that_the_server_closes(tmp_path: Path) -> None:
    with answering(tmp_path, next_request(ok(b"1"), close), next_request(ok(b"2"), ok(b"3"))) as url:
        endpoint = ConfiguredEndpoint(url, ca=tmp_path / "ca.pem")
        assert [endpoint.get_json(), endpoint.post_form({"a": "b"}).json(), endpoint.get_json()] == [1, 2, 3]


@pytest.mark.parametrize(
    ("answers", "timeout"),
    [
        ([next_request(ok(b"1"), close), close], 5),  # once more, and no more than once
        ([next_request(ok(b"1"), half)], 5),
        ([next_request(ok(b"1"), silent_until_it_goes)], 5 * TIMEOUT),
        ([next_request(ok(b"1"), dripping_header)], 5 * TIMEOUT),
    ],
)
def test_next_request_that_fails(tmp_path: Path, answers: list[Answering], timeout: float) -> None:
    with answering(tmp_path, *answers, ok(b"2")) as url:
        endpoint = ConfiguredEndpoint(url, ca=tmp_path / "ca.pem", timeout=timeout)
        assert endpoint.get_json() == 1
        with pytest.raises(FetchFailed):
            endpoint.get_json()
        assert endpoint.get_json() == 2


def test_new_connection_that_the_server_closes(tmp_path: Path) -> None:
    with answering(tmp_path, close, ok(b"1")) as url:
        endpoint = ConfiguredEndpoint(url, ca=tmp_path / "ca.pem")
        with pytest.raises(FetchFailed):
            endpoint.get_json()
        assert endpoint.get_json() == 1


def test_message_says_that_it_took_too_long(tmp_path: Path) -> None:
    with answering(tmp_path, dripping_body) as url, pytest.raises(FetchFailed, match="took too long"):
        ConfiguredEndpoint(url, ca=tmp_path / "ca.pem", timeout=TIMEOUT).get_json()


# Addresses


def test_next_address_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one refuses connections; the port is the same."""
    with answering(tmp_path, ok(b"1")) as url:
        monkeypatch.setattr("wsgi_mtls.https.configured.resolve", lambda host, port: ["127.0.0.2", "127.0.0.1"])
        assert ConfiguredEndpoint(url, ca=tmp_path / "ca.pem").get_json() == 1


def test_name_is_looked_up_again_where_no_address_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["127.0.0.2"], ["127.0.0.1"]])
    monkeypatch.setattr("wsgi_mtls.https.configured.resolve", lambda host, port: next(answers))
    with answering(tmp_path, ok(b"1")) as url:
        endpoint = ConfiguredEndpoint(url, ca=tmp_path / "ca.pem")
        with pytest.raises(FetchFailed, match="No connection"):
            endpoint.get_json()
        assert endpoint.get_json() == 1


def test_no_address(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match="no address"):
        ConfiguredEndpoint("https://nowhere.invalid/").get_json()


def test_certificate_of_another_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to an address; the certificate must be the configured host's."""
    with answering(tmp_path, ok(b"1")) as url:
        monkeypatch.setattr("wsgi_mtls.https.configured.resolve", lambda host, port: ["127.0.0.1"])
        named = url.replace("127.0.0.1", "as.example.com")
        with pytest.raises(FetchFailed, match="CERTIFICATE_VERIFY_FAILED"):
            ConfiguredEndpoint(named, ca=tmp_path / "ca.pem").get_json()


def test_host_header_names_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = SERVER_CA.issue("CN=x", Profile(san_dns=["as.example.com"], extended_key_usage=SERVER_AUTH))
    requests: list[bytes] = []
    with answering(tmp_path, noting(requests, b"1"), pair=pair) as url:
        monkeypatch.setattr("wsgi_mtls.https.configured.resolve", lambda host, port: ["127.0.0.1"])
        named = url.replace("127.0.0.1", "as.example.com")
        assert ConfiguredEndpoint(f"{named}keys?a=b", ca=tmp_path / "ca.pem").get_json() == 1
    (request,) = requests
    assert request.startswith(b"GET /keys?a=b HTTP/1.1\r\n")
    assert f"\r\nHost: {urlsplit(named).netloc}\r\n".encode() in request


# JSON


@pytest.mark.parametrize("depth", [32, 33, 1000, 100_000])
def test_depth_of_json(tmp_path: Path, depth: int) -> None:
    with answering(tmp_path, ok(b"[" * depth + b"]" * depth)) as url:
        endpoint = ConfiguredEndpoint(url, ca=tmp_path / "ca.pem")
        if depth == 32:
            assert endpoint.get_json()
        else:
            with pytest.raises(FetchFailed, match="Expected JSON"):
                endpoint.get_json()


# Our own certificate, and the CA


def replace(file: Path, octets: bytes) -> None:
    """Replace a file as tools do: by another one that takes its name."""
    other = file.with_suffix(".new")
    other.write_bytes(octets)
    other.rename(file)


def test_replaced_certificate_is_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    old, new = self_sign("CN=old"), self_sign("CN=new")
    with json_server(tmp_path, lambda _: json_response(1)) as server:
        certificate, key = write_pair(tmp_path, "own", old)
        endpoint = ConfiguredEndpoint(server.url, ca=tmp_path / "ca.pem", certificate=certificate, private_key=key)
        assert endpoint.get_json() == 1
        replace(certificate, new.certificate_pem)
        assert endpoint.get_json() == 1  # its key is not there yet: the old pair stays
        replace(key, new.key_pem)
        assert endpoint.get_json() == 1
        certificate.unlink()
        assert [endpoint.get_json() for _ in range(3)] == [1] * 3
    assert caplog.text.count("could not be loaded") == 2  # once for each change
    thumbprints = [pair.certificate.thumbprint for pair in (old, old, new, new, new, new)]
    assert server.certificates == thumbprints


def test_replaced_ca_is_used(tmp_path: Path) -> None:
    with json_server(tmp_path, lambda _: json_response(1)) as server:
        ca = tmp_path / "trusted.pem"
        ca.write_bytes(make_ca("CN=other").certificate_pem)
        endpoint = ConfiguredEndpoint(server.url, ca=ca)
        with pytest.raises(FetchFailed, match="CERTIFICATE_VERIFY_FAILED"):
            endpoint.get_json()
        replace(ca, (tmp_path / "ca.pem").read_bytes())
        assert endpoint.get_json() == 1


@pytest.mark.parametrize("missing", ["ca", "certificate", "private_key"])
def test_file_that_is_missing_at_the_start(tmp_path: Path, missing: str) -> None:
    certificate, key = write_pair(tmp_path, "own", self_sign("CN=own"))
    files: dict[str, Any] = {
        "ca": certificate,
        "certificate": certificate,
        "private_key": key,
        missing: tmp_path / "nothing",
    }
    with pytest.raises(FileNotFoundError):
        ConfiguredEndpoint("https://as.example.com", **files)


# Processes


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_process_makes_connections_of_its_own(tmp_path: Path) -> None:
    """Two processes on one TLS connection would read each other's answers."""
    ports: list[object] = []

    def note(http: Request) -> Response:
        ports.append(http.environ["REMOTE_PORT"])
        return json_response(1)

    with json_server(tmp_path, note) as server:
        endpoint = ConfiguredEndpoint(server.url, ca=tmp_path / "ca.pem")
        assert endpoint.get_json() == endpoint.get_json() == 1
        child = os.fork()
        if child == 0:
            try:
                os._exit(0 if endpoint.get_json() == 1 else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        assert endpoint.get_json() == 1
    first, second, forked, last = ports
    assert first == second == last
    assert forked != first


# Proxies


@contextmanager
def connect_proxy() -> Iterator[tuple[str, list[bytes]]]:
    """Run a proxy that opens tunnels; yields its URL and the requests that came."""
    listener, requests = socket.create_server(("127.0.0.1", 0)), []

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while octets := source.recv(65536):
                target.sendall(octets)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):
            client, _ = listener.accept()
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(65536)
            requests.append(head)
            host, _, port = head.split()[1].partition(b":")
            with client, socket.create_connection((host.decode(), int(port))) as server:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = Thread(target=copy, args=(server, client))
                back.start()
                copy(client, server)
                back.join()

    thread = Thread(target=serve)
    thread.start()
    try:
        yield f"http://user:pass@127.0.0.1:{listener.getsockname()[1]}", requests
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_proxy(tmp_path: Path) -> None:
    with answering(tmp_path, ok(b"1")) as url, connect_proxy() as (proxy, requests):
        endpoint = ConfiguredEndpoint(url, ca=tmp_path / "ca.pem", proxy=proxy)
        assert endpoint.get_json() == 1
        del endpoint
        gc.collect()  # its connection is closed, and the proxy's tunnel with it
    (request,) = requests
    assert request.startswith(f"CONNECT {urlsplit(url).netloc} HTTP/1.".encode())
    assert b"\r\nproxy-authorization: basic dxnlcjpwyxnz\r\n" in request.lower()


def test_proxy_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    with answering(tmp_path, ok(b"1"), ok(b"1")) as url:
        options: Any = {"ca": tmp_path / "ca.pem", "proxy": "environment"}
        with pytest.raises(FetchFailed):
            ConfiguredEndpoint(url, **options).get_json()
        assert ConfiguredEndpoint(url, ca=tmp_path / "ca.pem").get_json() == 1
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert ConfiguredEndpoint(url, **options).get_json() == 1


@pytest.mark.parametrize("proxy", ["", "127.0.0.1:1", "socks5://127.0.0.1:1", "ftp://user:hidden@host"])
def test_what_is_not_a_proxy(proxy: str) -> None:
    with pytest.raises(ValueError, match="proxy must be") as raised:
        ConfiguredEndpoint("https://as.example.com", proxy=proxy)
    assert "hidden" not in str(raised.value)
