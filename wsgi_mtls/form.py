"""A token request's body, read without using it up (RFC 6749 section 3.2, appendix B)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import parse_qsl

from .errors import (
    BodyTooLarge,
    ClientIdInQuery,
    HTTPMethodNotAllowed,
    MalformedBody,
    MalformedClientId,
    MissingClientId,
    RepeatedClientId,
    UnsupportedContentType,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Written out whole: frameworks disagree on what to make of a second charset or another parameter.
_CONTENT_TYPE = re.compile(
    r'application/x-www-form-urlencoded[ \t]*(;[ \t]*charset=("?)utf-8\2[ \t]*)?', re.IGNORECASE | re.ASCII
)
_DIGITS = re.compile(r"[0-9]{1,18}")
_CLIENT_ID = re.compile(r"[\x20-\x7e]+")  # RFC 6749 appendix A.1
_BASIC = re.compile(r"(?:^|,)\s*Basic\b", re.IGNORECASE)
_CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})
_MAX_FIELDS = 1000


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What of a request to an authorization server's endpoint concerns client authentication.

    Attributes:
        client_id: the one in the body.
        other_credentials: the names of what else was sent to authenticate the client: ``client_secret``,
            ``client_assertion``, ``client_assertion_type``, ``Authorization: Basic``.
    """

    client_id: str
    other_credentials: frozenset[str]


def read_token_request(environ: "WSGIEnvironment", max_body: int) -> TokenRequest:
    """Read the form and put it back: the application finds the same octets, unread, under the same length.

    Args:
        environ: the request; its ``wsgi.input`` is replaced.
        max_body: the longest body that is read, in octets.

    Raises:
        InvalidRequest: by the subclass that says what is wrong.
    """
    if environ["REQUEST_METHOD"] != "POST":
        raise HTTPMethodNotAllowed(f"Send POST instead of {environ['REQUEST_METHOD']}.")
    if not _CONTENT_TYPE.fullmatch(environ.get("CONTENT_TYPE", "").strip(" \t")):
        raise UnsupportedContentType("Send the body as application/x-www-form-urlencoded, in UTF-8.")
    body = _read_body(environ, max_body)
    fields = _parse(body)
    query = _parse(environ.get("QUERY_STRING", "").encode("latin-1", "replace"))
    if any(name == "client_id" for name, _ in query):
        raise ClientIdInQuery("Send client_id in the body alone: a query is logged, and may be read instead.")
    credentials = {name for name, value in (*fields, *query) if name in _CREDENTIALS and value}
    if _BASIC.search(environ.get("HTTP_AUTHORIZATION", "")):
        credentials.add("Authorization: Basic")
    return TokenRequest(_one_client_id(fields), frozenset(credentials))


def _one_client_id(fields: Iterable[tuple[str, str]]) -> str:
    found = [value for name, value in fields if name == "client_id"]
    if not found:
        raise MissingClientId("Send client_id in the body: the certificate alone names no client.")
    if len(found) > 1:
        raise RepeatedClientId("Send client_id once.")
    if not _CLIENT_ID.fullmatch(found[0]):
        raise MalformedClientId("client_id must be printable ASCII and not empty.")
    return found[0]


def _parse(text: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise MalformedBody(f"The body or the query is no form: {error}.") from None


def _read_body(environ: "WSGIEnvironment", max_body: int) -> bytes:
    announced = environ.get("CONTENT_LENGTH") or ""
    if announced:
        if not _DIGITS.fullmatch(announced):
            raise MalformedBody("CONTENT_LENGTH is no number.")
        length = int(announced)
        if length > max_body:
            _refuse_size(max_body)
        body = _read_and_put_back(environ, length)
        if len(body) < length:
            raise MalformedBody(f"The body ended after {len(body)} of {length} octets.")
        return body
    # Without either, nobody can tell where the body ends: there is none (RFC 3875 section 4.1.2).
    body = _read_and_put_back(environ, max_body + 1 if environ.get("wsgi.input_terminated") else 0)
    if len(body) > max_body:
        _refuse_size(max_body)
    return body


def _refuse_size(max_body: int) -> NoReturn:
    raise BodyTooLarge(f"The body is longer than {max_body} octets.")


def _read_and_put_back(environ: "WSGIEnvironment", size: int) -> bytes:
    body = _read(environ, size)
    environ["wsgi.input"] = BytesIO(body)
    return body


def _read(environ: "WSGIEnvironment", size: int) -> bytes:
    """Read up to ``size`` octets; a server may deliver them in pieces, and reports a broken body as it likes."""
    chunks: list[bytes] = []
    while size > 0:
        try:
            chunk = environ["wsgi.input"].read(size)
        except Exception as error:  # gunicorn's and cheroot's own errors have no base but this
            raise MalformedBody(f"The body could not be read: {error}.") from error
        if not chunk:
            break
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
