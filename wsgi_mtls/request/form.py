"""The form of a token request (RFC 6749 section 3.2, appendix B)."""

import re
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import parse_qsl, unquote_plus

from werkzeug.datastructures import Authorization

from ..errors import InvalidRequest
from .view import RequestView

# Written out whole: frameworks disagree on what to make of a second charset or another parameter.
# RFC 9110 section 5.6.6: a parameter between two semicolons, or after the last one, may be missing.
FORM_TYPE = re.compile(
    r'application/x-www-form-urlencoded(?:[ \t]*;)*(?:(?<=;)[ \t]*charset=("?)utf-8\1(?:[ \t]*;)*)?[ \t]*',
    re.IGNORECASE | re.ASCII,
)
"""What ``Content-Type`` has for a form in UTF-8."""
_CLIENT_ID = re.compile(r"[\x20-\x7e]+")  # RFC 6749 appendix A.1
_BASIC = re.compile(r"(?:^|,)\s*Basic\b", re.IGNORECASE)
_ONE_BASIC = re.compile(r"[ \t]*Basic +[A-Za-z0-9+/]+=*[ \t]*", re.IGNORECASE)
_CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})
_MAX_FIELDS = 1000


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """The parts of a token request that client authentication needs.

    Other requests to an authorization server have the same parts.

    Attributes:
        client_id: the one in the body.
        other_credentials: the names of what else was sent to authenticate the client: ``client_secret``,
            ``client_assertion``, ``client_assertion_type``, ``Authorization: Basic``. A secret that is empty is not
            one: RFC 6749 section 2.3.1 has clients leave it out where they have none.
    """

    client_id: str
    other_credentials: frozenset[str]


def read_token_request(view: RequestView, max_body: int) -> TokenRequest:
    """Read the form of a request that authenticates its client.

    Args:
        view: the request; its body stays unread for the application.
        max_body: the longest body that is read, in octets.

    Raises:
        InvalidRequest: If the request is not one POST of a form with one ``client_id``, with the reason.
    """
    environ = view.environ
    if view.method != "POST":
        raise InvalidRequest(
            f"Expected POST, found {view.method}.",
            reason="http_method_not_allowed",
            expected="POST",
            found=view.method,
        )
    if not FORM_TYPE.fullmatch(environ.get("CONTENT_TYPE", "").strip(" \t")):
        raise InvalidRequest(
            "Send the body as application/x-www-form-urlencoded, in UTF-8.",
            reason="unsupported_content_type",
            expected="application/x-www-form-urlencoded",
            found=environ.get("CONTENT_TYPE"),
        )
    named, credentials = [], set()
    for name, value in _parse(view.read_body(max_body)):
        if name == "client_id":
            named.append(value)
        elif name in _CREDENTIALS and value:
            credentials.add(name)
    if environ.get("QUERY_STRING"):
        credentials |= _credentials_in_query(environ["QUERY_STRING"])
    if len(named) != 1 or not _CLIENT_ID.fullmatch(named[0]):
        _refuse_client_id(named)
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    if _BASIC.search(authorization) and _has_secret(authorization, named[0]):
        credentials.add("Authorization: Basic")
    return TokenRequest(named[0], frozenset(credentials))


def _has_secret(authorization: str, client_id: str) -> bool:
    """Return whether ``Basic`` carries a credential.

    An empty secret of the client itself is not one.
    """
    if not _ONE_BASIC.fullmatch(authorization):
        return True
    basic = Authorization.from_header(authorization.strip(" \t"))
    if basic is None or basic.username is None or basic.password != "":
        return True
    # RFC 6749 section 2.3.1 has the client_id URL-encoded here, which not every client does.
    return client_id not in (basic.username, unquote_plus(basic.username))


def _credentials_in_query(query: str) -> set[str]:
    fields = _parse(query.encode("latin-1", "replace"))
    if any(name == "client_id" for name, _ in fields):
        raise InvalidRequest(
            "Send client_id in the body alone: a query is logged, and may be read instead.", reason="client_id_in_query"
        )
    return {name for name, value in fields if name in _CREDENTIALS and value}


def _refuse_client_id(named: list[str]) -> NoReturn:
    if not named:
        raise InvalidRequest(
            "Send client_id in the body: the certificate alone names no client.", reason="missing_client_id"
        )
    if len(named) > 1:
        raise InvalidRequest("Send client_id once.", reason="repeated_client_id")
    raise InvalidRequest("client_id must be printable ASCII and not empty.", reason="malformed_client_id")


def _parse(text: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise InvalidRequest(f"The body or the query is not a form: {error}.", reason="malformed_body") from None
