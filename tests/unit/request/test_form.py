"""A token request's body: read strictly, and handed on unread."""

from base64 import b64encode
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import quote_plus

import pytest

from tests.support import ACCEPTED, FORM, Endpoint
from wsgi_mtls.testing import KeyPair

CLIENTS = {"b": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=b"}}


@pytest.fixture(scope="module")
def pair(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=b")


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint(CLIENTS)


class Stream:
    """Counts what is read, hands it out in pieces, and may break."""

    def __init__(self, body: bytes, piece: int = 1 << 20, error: Exception | None = None) -> None:
        self._body, self._piece, self._error = BytesIO(body), piece, error
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        if self._error is not None and self.count:
            raise self._error
        piece = self._body.read(self._piece if size < 0 else min(size, self._piece))
        self.count += len(piece)
        return piece


BODY = b"client_id=b&scope=a+b%20c&x=%C3%A9&empty="


def test_the_same_octets_unread(endpoint: Endpoint, pair: KeyPair) -> None:
    seen = endpoint.post(None, pair, body=BODY).json
    assert seen["client_id"] == "b"
    assert seen["body"].encode("latin-1") == BODY
    assert seen["content_length"] == str(len(BODY))


def test_body_in_pieces(endpoint: Endpoint, pair: KeyPair) -> None:
    extra = {"wsgi.input": Stream(BODY, piece=7)}
    assert endpoint.post(None, pair, body=BODY, extra=extra).json["body"].encode("latin-1") == BODY


def test_not_more_than_announced_is_read(endpoint: Endpoint, pair: KeyPair) -> None:
    stream = Stream(BODY + b"GET / HTTP/1.1")
    seen = endpoint.post(None, pair, body=BODY, extra={"wsgi.input": stream}).json
    assert seen["body"].encode("latin-1") == BODY
    assert stream.count == len(BODY)


CHUNKED: dict[str, Any] = {"CONTENT_LENGTH": None, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}


def test_chunked_where_the_server_ends_the_input(endpoint: Endpoint, pair: KeyPair) -> None:
    seen = endpoint.post(None, pair, extra={**CHUNKED, "wsgi.input": Stream(BODY, 5)}).json
    assert (seen["client_id"], seen["content_length"]) == ("b", None)
    assert seen["body"].encode("latin-1") == BODY


@pytest.mark.parametrize("length", [None, ""])
def test_chunked_where_it_does_not(endpoint: Endpoint, pair: KeyPair, length: str | None) -> None:
    stream = Stream(BODY)
    extra = {**CHUNKED, "CONTENT_LENGTH": length, "wsgi.input_terminated": False, "wsgi.input": stream}
    assert endpoint.outcome(None, pair, extra=extra) == (411, "invalid_request", "body_length_required")
    assert stream.count == 0
    assert "wsgi.input_terminated" in (endpoint.events[-1].detail or "")
    with_length = {**extra, "CONTENT_LENGTH": str(len(BODY)), "wsgi.input": Stream(BODY)}
    assert endpoint.outcome(None, pair, extra=with_length) == ACCEPTED


def test_too_large_by_its_length(pair: KeyPair) -> None:
    endpoint = Endpoint(CLIENTS, max_body=len(BODY))
    assert endpoint.outcome(None, pair, body=BODY) == ACCEPTED
    stream = Stream(BODY + b"x")
    extra = {"wsgi.input": stream, "CONTENT_LENGTH": str(len(BODY) + 1)}
    assert endpoint.outcome(None, pair, extra=extra) == (413, "invalid_request", "body_too_large")
    assert stream.count == 0


def test_too_large_without_a_length(pair: KeyPair) -> None:
    endpoint = Endpoint(CLIENTS, max_body=len(BODY))
    assert endpoint.outcome(None, pair, extra={**CHUNKED, "wsgi.input": Stream(BODY)}) == ACCEPTED
    stream = Stream(BODY * 1000)
    extra = {**CHUNKED, "wsgi.input": stream}
    assert endpoint.outcome(None, pair, extra=extra) == (413, "invalid_request", "body_too_large")
    assert stream.count == len(BODY) + 1


def test_too_large_is_answered_even_where_refusals_are_deferred(pair: KeyPair) -> None:
    endpoint = Endpoint(CLIENTS, max_body=3, on_failure="defer")
    assert endpoint.post(None, pair, body=b"client_id=b").status == 413


@pytest.mark.parametrize("length", ["x", "-1", "+9", " 9", "9 ", "9,9", "1e1", "0x9", "\u0669", "9" * 30, "9.0", "1_1"])
def test_length_that_is_no_number(endpoint: Endpoint, pair: KeyPair, length: str) -> None:
    extra = {"CONTENT_LENGTH": length}
    outcome = endpoint.outcome(None, pair, body=b"client_id=b", extra=extra)
    assert outcome == (400, "invalid_request", "malformed_body")
    assert endpoint.outcome(None, pair, body=b"client_id=b", extra={"CONTENT_LENGTH": "011"}) == ACCEPTED


def test_body_shorter_than_announced(endpoint: Endpoint, pair: KeyPair) -> None:
    extra = {"CONTENT_LENGTH": "12"}
    outcome = endpoint.outcome(None, pair, body=b"client_id=b", extra=extra)
    assert outcome == (400, "invalid_request", "malformed_body")


def test_a_short_body_is_put_back_for_who_comes_after(pair: KeyPair) -> None:
    endpoint = Endpoint(CLIENTS, on_failure="defer")
    seen = endpoint.post(None, pair, body=b"client_id=b", extra={"CONTENT_LENGTH": "12"}).json
    assert (seen["deferred"], seen["body"]) == ("malformed_body", "client_id=b")


class ServerError(Exception):
    """What gunicorn and cheroot raise for a broken chunk has no base but Exception."""


@pytest.mark.parametrize("error", [OSError("reset"), TimeoutError(), ValueError("chunk"), EOFError(), ServerError("x")])
def test_stream_that_breaks(endpoint: Endpoint, pair: KeyPair, error: Exception) -> None:
    extra = {"wsgi.input": Stream(BODY, 5, error)}
    outcome = endpoint.outcome(None, pair, body=BODY, extra=extra)
    assert outcome == (400, "invalid_request", "malformed_body")


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencodedx",
        "application/x-www-form-urlencoded, text/plain",
        FORM + "; charset=iso-8859-1",
        FORM + "; charset=utf-16",
        FORM + "; charset=",
        FORM + "\xa0",
        FORM + "\x0b; charset=utf-8",
        FORM + '; charset="utf-8',
        FORM + "; charset=utf-8; charset=utf-16",
        FORM + "; boundary=x",
        FORM + "; charset=utf-8;; charset=utf-8",
        FORM + " charset=utf-8",
        FORM + ";" * 50 + "x",
        ";",
    ],
)
def test_content_type(endpoint: Endpoint, pair: KeyPair, content_type: str | None) -> None:
    outcome = endpoint.outcome("b", pair, content_type=content_type)
    assert outcome == (400, "invalid_request", "unsupported_content_type")


@pytest.mark.parametrize(
    "content_type",
    [
        FORM,
        FORM.upper(),
        f" {FORM} ",
        FORM + ";charset=UTF-8",
        FORM + ' ; charset="utf-8"',
        FORM + "; Charset=Utf-8 ",
        FORM + ";",
        FORM + " ; ;\t",
        FORM + "; ;charset=utf-8 ; ;",
    ],
)
def test_content_type_accepted(endpoint: Endpoint, pair: KeyPair, content_type: str) -> None:
    assert endpoint.outcome("b", pair, content_type=content_type) == ACCEPTED


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "missing_client_id"),
        (b"scope=a", "missing_client_id"),
        (b"Client_id=b", "missing_client_id"),
        (b" client_id=b", "missing_client_id"),
        (b"x=1;client_id=b", "missing_client_id"),
        (b"client_id", "malformed_client_id"),
        (b"client_id=", "malformed_client_id"),
        (b"client_id=%00b", "malformed_client_id"),
        (b"client_id=b%0A", "malformed_client_id"),
        (b"client_id=b%7F", "malformed_client_id"),
        (b"client_id=%C3%A9", "malformed_client_id"),
        ("client_id=\u00e9".encode(), "malformed_client_id"),
        (b"client_id=b&client_id=b", "repeated_client_id"),
        (b"client_id=b&client_id=", "repeated_client_id"),
        (b"client_id&client_id=b", "repeated_client_id"),
        (b"client_id=%ff", "malformed_body"),
        (b"client_id=b&x=%ff", "malformed_body"),
        (b"client_id=b&x=\xff", "malformed_body"),
        (b"client_id=b" + b"&a=" * 1000, "malformed_body"),
    ],
)
def test_body(endpoint: Endpoint, pair: KeyPair, body: bytes, reason: str) -> None:
    assert endpoint.outcome(None, pair, body=body) == (400, "invalid_request", reason)


@pytest.mark.parametrize("body", [b"client_id=b", b"client%5Fid=%62", b"&&client_id=b&", b"a=1&client_id=b&c"])
def test_body_accepted(endpoint: Endpoint, pair: KeyPair, body: bytes) -> None:
    assert endpoint.outcome(None, pair, body=body) == ACCEPTED


@pytest.mark.parametrize("client_id", ["a b", "a+b", "a&b=c", "~!\"#$'()*,/:;<>?@[]^`{|}", "x" * 5000])
def test_every_printable_character(ca: KeyPair, client_id: str) -> None:
    endpoint = Endpoint({client_id: CLIENTS["b"]})
    assert endpoint.outcome(client_id, ca.issue("CN=b")) == ACCEPTED


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("client_id=b", "client_id_in_query"),
        ("client_id", "client_id_in_query"),
        ("a=b&client%5Fid=", "client_id_in_query"),
        ("a=%ff", "malformed_body"),
        ("a=\xff", "malformed_body"),
        ("&a=" * 1001, "malformed_body"),
    ],
)
def test_query(endpoint: Endpoint, pair: KeyPair, query: str, reason: str) -> None:
    assert endpoint.outcome("b", pair, query=query) == (400, "invalid_request", reason)
    assert endpoint.outcome("b", pair, query="a=client_id&x=%C3%A9") == ACCEPTED


def basic(credentials: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Basic {b64encode(credentials.encode()).decode()}"}


@pytest.mark.parametrize("client_id", ["b", "a b", "a:b", "a+b", "%62"])
def test_a_secret_that_is_empty_is_no_credential(ca: KeyPair, client_id: str) -> None:
    endpoint, pair = Endpoint({client_id: CLIENTS["b"]}), ca.issue("CN=b")
    assert endpoint.outcome(client_id, pair, form={"client_secret": ""}) == ACCEPTED
    assert endpoint.outcome(client_id, pair, extra=basic(f"{quote_plus(client_id)}:")) == ACCEPTED


@pytest.mark.parametrize(
    "extra",
    [
        basic("b:x"),
        basic("b: "),
        basic("b::"),
        basic(":"),
        basic("other:"),
        basic("B:"),
        {"HTTP_AUTHORIZATION": "Basic"},
        {"HTTP_AUTHORIZATION": "Basic !"},
        {"HTTP_AUTHORIZATION": "Basic /zo="},
        {"HTTP_AUTHORIZATION": f"{basic('b:')['HTTP_AUTHORIZATION']}, {basic('b:x')['HTTP_AUTHORIZATION']}"},
        {"HTTP_AUTHORIZATION": f"Bearer a, {basic('b:')['HTTP_AUTHORIZATION']}"},
    ],
    ids=lambda extra: str(extra["HTTP_AUTHORIZATION"]),
)
def test_basic_that_is_a_credential(endpoint: Endpoint, pair: KeyPair, extra: Mapping[str, str]) -> None:
    assert endpoint.outcome("b", pair, extra=extra) == (400, "invalid_request", "multiple_credentials")


def test_an_empty_secret_names_no_client(endpoint: Endpoint, pair: KeyPair) -> None:
    refused = (400, "invalid_request", "missing_client_id")
    assert endpoint.outcome(None, pair, form={"client_secret": ""}) == refused
    assert endpoint.outcome(None, pair, extra=basic("b:")) == refused


@pytest.mark.parametrize(
    "extra", [{"HTTP_AUTHORIZATION": "Bearer a"}, {"HTTP_AUTHORIZATION": "BasicX a"}, {"HTTP_AUTHORIZATION": ""}]
)
def test_what_is_no_client_credential(endpoint: Endpoint, pair: KeyPair, extra: Mapping[str, str]) -> None:
    assert endpoint.outcome("b", pair, extra=extra) == ACCEPTED
