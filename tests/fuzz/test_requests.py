"""Requests of any shape: the application, or a documented refusal; never a 500, and the body is as it was."""

from collections.abc import Mapping
from io import BytesIO
from unicodedata import category
from urllib.parse import parse_qsl, quote_from_bytes

from hypothesis import given
from hypothesis import strategies as st

from tests.support import FORM, Endpoint, request
from wsgi_mtls.errors import REASONS
from wsgi_mtls.testing import environ_for, make_ca

BILLING = make_ca().issue("CN=billing")
CLIENTS: Mapping[str, Mapping[str, object]] = {
    "billing": {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"},
    "public": {"token_endpoint_auth_method": "none"},
}
LATIN_1 = st.text(st.characters(max_codepoint=255))

PATHS = LATIN_1 | st.lists(st.sampled_from(["token", "x", "", ".", "caf\xc3\xa9", "\xff"])).map("/".join)

FIELDS = st.lists(
    st.tuples(
        st.sampled_from([b"client_id", b"client_secret", b"client_assertion", b"a", b""]) | st.binary(max_size=5),
        st.sampled_from([b"billing", b"public", b"nobody", b""]) | st.binary(max_size=5),
    ),
    max_size=5,
)
FORMS = FIELDS.map(lambda fields: "&".join(f"{quote_from_bytes(n)}={quote_from_bytes(v)}" for n, v in fields).encode())
BODIES = st.one_of(FORMS, st.binary(), st.just(b"client_id=billing"))
QUERIES = st.one_of(st.just(""), FORMS.map(bytes.decode), LATIN_1)
CONTENT_TYPES = st.one_of(st.just(FORM), st.just(FORM + "; charset=utf-8"), LATIN_1, st.none())
LENGTHS = st.one_of(st.none(), st.integers(-1, 100).map(str), LATIN_1, st.just("9" * 20))
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "HTTP_AUTHORIZATION": st.one_of(st.sampled_from(["Basic eDp4", "Bearer x"]), LATIN_1),
        "HTTP_TRANSFER_ENCODING": st.just("chunked"),
        "wsgi.input_terminated": st.booleans(),
        "REQUEST_METHOD": st.sampled_from(["GET", "HEAD", "POST", ""]),
    },
)


@given(BODIES, QUERIES, CONTENT_TYPES, LENGTHS, HEADERS, st.booleans(), st.sampled_from(["respond", "defer"]))
def test_any_request(
    body: bytes,
    query: str,
    content_type: str | None,
    length: str | None,
    headers: dict[str, object],
    with_certificate: bool,
    on_failure: str,
) -> None:
    endpoint = Endpoint(CLIENTS, verbosity="debug", on_failure=on_failure, max_body=64)
    peer = environ_for(BILLING if with_certificate else None)
    extra = {**peer, "CONTENT_TYPE": content_type, "CONTENT_LENGTH": length, "wsgi.input": BytesIO(body), **headers}
    found: list[Mapping[str, object]] = []
    app = endpoint.app
    app._app = lambda environ, start: found.append(environ) or _empty(start)  # type: ignore[func-returns-value]
    answer = request(app, body, query=query, extra=extra)
    (event,) = endpoint.events
    assert event.name != "client_rejected" or event.reason in REASONS
    if event.name == "client_rejected" and not found:
        assert answer.status in {400, 401, 405, 411, 413}
    for environ in found:
        client = environ.get("wsgi_mtls.client")
        assert (client is None) == (event.name != "client_authenticated")
        assert body.startswith(environ["wsgi.input"].read())  # type: ignore[attr-defined]
    if event.name == "client_authenticated":
        assert with_certificate
        assert [value for name, value in parse_qsl(body, keep_blank_values=True) if name == b"client_id"] == [
            b"billing"
        ]


def _empty(start_response: object) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])  # type: ignore[operator]
    return []


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_any_client_id(client_id: str) -> None:
    endpoint = Endpoint({client_id: CLIENTS["billing"]})
    assert endpoint.post(client_id, extra=environ_for(BILLING)).json["client_id"] == client_id


@given(PATHS, PATHS)
def test_any_path(script_name: str, path_info: str) -> None:
    endpoint = Endpoint(CLIENTS)
    answer = request(endpoint.app, {"client_id": "billing"}, path=path_info, extra={"SCRIPT_NAME": script_name})
    if not (_is_text(script_name) and _is_text(path_info)):
        assert (answer.status, answer.json) == (400, {"error": "invalid_request"})
        return
    mounts = [segment for segment in script_name.split("/") if segment]
    routed = [segment for segment in path_info.split("/") if segment]
    assert answer.status == (401 if "token" in [*mounts, *routed[:1]] else 200)


def _is_text(path: str) -> bool:
    try:
        text = path.encode("latin-1").decode()
    except UnicodeDecodeError:
        return False
    return all(category(character) != "Cc" for character in text) and {".", ".."}.isdisjoint(text.split("/"))
