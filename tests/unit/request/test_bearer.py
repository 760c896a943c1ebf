"""The one bearer token of a request, over the real middleware (RFC 6750)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens import GuardedAPI
from wsgi_mtls import errors
from wsgi_mtls.errors import InvalidRequest, MutualTLSError
from wsgi_mtls.request.bearer import bearer_token, challenge


class Opaque:
    """Knows one token."""

    def decode(self, token: str, /) -> dict[str, object]:
        if token == "right":
            return {"scope": "accounts"}
        raise errors.InvalidToken("unknown")


@pytest.fixture(scope="module")
def api() -> GuardedAPI:
    return GuardedAPI(Opaque(), required=False)


def status(api: GuardedAPI, authorization: str | None, query: str = "") -> tuple[int, str | None]:
    extra = {"HTTP_AUTHORIZATION": authorization}
    answer = api.get(extra=extra, query=query)
    return answer.status, answer.headers.get("WWW-Authenticate")


ACCEPTED = (200, None)
MISSING = (401, 'Bearer realm="oauth"')
INVALID_REQUEST = (400, 'Bearer error="invalid_request"')
INVALID_TOKEN = (401, 'Bearer error="invalid_token"')


@pytest.mark.parametrize("value", ["Bearer right", "bearer right", "BEARER  right", " Bearer right ", "Bearer right\t"])
def test_accepted(api: GuardedAPI, value: str) -> None:
    assert status(api, value) == ACCEPTED


@pytest.mark.parametrize("value", [None, "", " ", "Basic cmlnaHQ6", "DPoP right", "BearerX right", "right", "Bearer-x"])
def test_no_bearer_token(api: GuardedAPI, value: str | None) -> None:
    assert status(api, value) == MISSING


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Bearer\tright",
        "Bearer right right",
        "Bearer right,Bearer right",
        "Bearer right, Bearer wrong",
        "Bearer wrong, Basic cmlnaHQ6",
        "Basic cmlnaHQ6, Bearer right",
        "Basic cmlnaHQ6,bearer right",
        "Bearer right,",
        "Bearer right;",
        'Bearer token="right"',
        "Bearer ri=ght",
        "Bearer righté",
        "Bearer right\n",
        "Bearer right\r\nX: y",
        "Bearer " + "x" * 20_000,
    ],
)
def test_not_one_bearer_token(api: GuardedAPI, value: str) -> None:
    assert status(api, value) == INVALID_REQUEST


@pytest.mark.parametrize("token", ["wrong", "right=", "Right", "a.b.c", "x" * 16_000])
def test_wrong_token(api: GuardedAPI, token: str) -> None:
    assert status(api, f"Bearer {token}") == INVALID_TOKEN


QUERIES = ["access_token=right", "access%5Ftoken=right", "a=b&access_token=", "access_token", "%ff=%ff&access_token=x"]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("value", [None, "Bearer right", "Basic cmlnaHQ6"])
def test_token_in_query(api: GuardedAPI, query: str, value: str | None) -> None:
    assert status(api, value, query) == INVALID_REQUEST


@pytest.mark.parametrize("query", ["", "token=x", "x=access_token", "xaccess_token=y", "%ff=%ff", "&&&=", "a" * 9000])
def test_other_queries(api: GuardedAPI, query: str) -> None:
    assert status(api, "Bearer right", query) == ACCEPTED


def test_form_body_is_left_unread(api: GuardedAPI) -> None:
    form = b"access_token=right&x=y"
    kind = "application/x-www-form-urlencoded"
    extra = {"HTTP_AUTHORIZATION": "Bearer right"}
    answer = api.get(method="POST", body=form, content_type=kind, extra=extra)
    assert (answer.status, answer.json["body"]) == (200, form.decode())
    answer = api.get(method="POST", body=form, content_type=kind, extra={})
    assert (answer.status, answer.headers["WWW-Authenticate"]) == MISSING


@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_anything_in_the_header_and_the_query(value: str, query: str) -> None:
    environ = {"HTTP_AUTHORIZATION": value, "QUERY_STRING": query}
    try:
        token = bearer_token(environ)
    except MutualTLSError as error:
        if error.reason not in {"missing_token", "malformed_authorization", "token_in_query"}:
            raise
        return
    assert token
    assert token in value


@given(st.text(st.sampled_from('Bearer right,=\t"\\')))
def test_what_looks_like_a_token(value: str) -> None:
    try:
        token = bearer_token({"HTTP_AUTHORIZATION": "Bearer " + value})
    except InvalidRequest as error:
        if error.reason != "malformed_authorization":
            raise
        return
    assert value.strip(" \t") == token


@pytest.mark.parametrize(
    ("error", "realm", "scope", "expected"),
    [
        (errors.InvalidToken(reason="missing_token"), None, None, 'Bearer realm="oauth"'),
        (errors.InvalidToken(reason="missing_token"), "accounts", "a b", 'Bearer realm="accounts", scope="a b"'),
        (errors.InvalidToken(reason="missing_token"), None, "a", 'Bearer scope="a"'),
        (
            errors.InvalidToken(reason="insufficient_scope"),
            "accounts",
            "a",
            'Bearer realm="accounts", error="insufficient_scope", scope="a"',
        ),
        (
            errors.InvalidToken(reason="token_expired"),
            "accounts",
            "a",
            'Bearer realm="accounts", error="invalid_token"',
        ),
        (errors.InvalidRequest(reason="token_in_query"), None, "a", 'Bearer error="invalid_request"'),
        (errors.BadCertificate(), None, None, 'Bearer error="invalid_request"'),
        (errors.NoCertificate(), None, None, 'Bearer error="invalid_token"'),
    ],
)
def test_challenge(error: errors.MutualTLSError, realm: str | None, scope: str | None, expected: str) -> None:
    assert challenge(error, realm=realm, scope=scope) == expected


UNSAYABLE = [{"realm": realm} for realm in ('a"b', "a\\b", "é", "a\nb")]
UNSAYABLE += [{"scope": scope} for scope in ("", " ", "a  b", " a", "a ", 'a"b', "é", "a\tb")]


@pytest.mark.parametrize("option", UNSAYABLE)
def test_what_a_challenge_can_not_say(option: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(option))):
        GuardedAPI(Opaque(), **option)
