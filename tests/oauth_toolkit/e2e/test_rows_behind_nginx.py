"""ATTACKS.md over real TLS, through nginx and gunicorn with two workers: rows about certificates, requests, headers."""

from urllib.parse import quote

import pytest

from tests.flask.attack_rows import (
    DN,
    HEADERS,
    IMPOSSIBLE,
    OVER_TLS,
    REQUESTS,
    ROW_IDS,
    RequestRow,
    Row,
    as_headers,
    header_accepted,
    headers_refused,
)
from tests.oauth_toolkit.support import PATHS, basic
from tests.support import FORM
from tests.tls import REFUSED_BY_NGINX
from wsgi_mtls.cli.terminators import LOOPBACK
from wsgi_mtls.testing import KeyPair, self_sign

from .remote import Remote

INVALID_CLIENT = (401, {"error": "invalid_client"})


def body(path: str, client_id: str) -> str:
    return f"{PATHS[path]}&client_id={client_id}"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("row_id", ROW_IDS)
def test_certificates(remote: Remote, table: dict[str, Row], row_id: str, path: str) -> None:
    row, served = table[row_id], remote.served
    for came in row.refused:
        if came.verified and came.pair is not None and row.number == 7:
            continue  # only where exactly that certificate is in the CA bundle, as below
        by_nginx = row.number == 18 or (row.number == 8 and came.pair is not None and came.pair.chain)
        answer = served.send(came.pair, path, body(path, f"rp-{row_id}"))
        assert answer == (REFUSED_BY_NGINX if by_nginx else INVALID_CLIENT)
    for came in row.accepted:
        assert served.send(came.pair, path, body(path, f"rp-{row_id}"))[0] == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: f"{row.number} {row.body[:20]} {row.options}")
def test_requests(remote: Remote, billing: KeyPair, row: RequestRow, path: str) -> None:
    headers = {"Content-Type": row.options.get("content_type", FORM), **row.options.get("headers", {})}
    query = f"?{row.options['query_string']}" if "query_string" in row.options else ""
    given = row.body if headers["Content-Type"].startswith("multipart") else f"{PATHS[path]}&{row.body}"
    status, answer = remote.served.send(billing, f"{path}{query}", given, headers=headers)
    assert (status, answer["error"]) == row.expected
    assert remote.served.send(billing, path, body(path, "rp"))[0] == 200


@pytest.mark.parametrize("path", PATHS)
def test_rows_05_06_other_credentials(remote: Remote, billing: KeyPair, path: str) -> None:
    """The secret that the database has of every client; a certificate where another method is registered."""
    send = remote.served.send
    for pair in (billing, None):
        assert send(pair, path, PATHS[path], headers=basic("rp")["headers"]) == INVALID_CLIENT
    assert send(billing, path, body(path, "signing")) == INVALID_CLIENT
    assert send(None, path, PATHS[path], headers=basic("unbound")["headers"])[0] == 200
    assert send(billing, path, body(path, "rp"))[0] == 200


@pytest.mark.parametrize("path", PATHS)
def test_rows_07_41_self_signed_certificate_in_the_bundle(
    remote: Remote, billing: KeyPair, bundled: KeyPair, path: str
) -> None:
    """nginx reports success for it, and rejects what it issues: it has CA:FALSE, as all that we export."""
    assert remote.served.send(bundled, path, body(path, "rp")) == INVALID_CLIENT
    assert remote.served.send(bundled.issue(DN), path, body(path, "rp")) == REFUSED_BY_NGINX
    assert remote.served.send(billing, path, body(path, "rp"))[0] == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("number", range(len(IMPOSSIBLE)))
def test_rows_10_11_21_impossible_registrations(
    remote: Remote, billing: KeyPair, ca: KeyPair, path: str, number: int
) -> None:
    for pair in (billing, ca.issue(""), self_sign("")):
        assert remote.served.send(pair, path, body(path, f"impossible-{number}")) == INVALID_CLIENT
    assert remote.served.send(billing, path, body(path, "rp"))[0] == 200


@pytest.mark.parametrize("path", PATHS)
def test_rows_22_23_jwks_uri(remote: Remote, billing: KeyPair, path: str) -> None:
    """It is not fetched, however often any client asks."""
    for pair in (self_sign("CN=mobile"), self_sign("CN=unknown"), billing):
        assert remote.served.send(pair, path, body(path, "unfetched")) == INVALID_CLIENT
    assert remote.served.send(billing, path, body(path, "rp"))[0] == 200


@pytest.mark.parametrize("case", [case for case in HEADERS if case != OVER_TLS])
def test_rows_24_25_26_42_headers(remote: Remote, billing: KeyPair, ca: KeyPair, case: str) -> None:
    """What a trusted proxy may not send is refused; nginx removes it from all other requests."""
    environ, evil = headers_refused(billing, ca.issue("CN=evil"))[case], ca.issue("CN=evil")
    headers, right = as_headers(environ), as_headers(header_accepted(billing))
    address = LOOPBACK if environ["REMOTE_ADDR"] == "192.0.2.1" else "127.0.0.2"
    for path in PATHS:
        given = body(path, "rp")
        assert remote.served.straight(path, given, headers.items(), address) in (400, 401)
        assert remote.served.straight(path, given, right.items(), LOOPBACK) == 200
        for pair in (None, evil):
            assert remote.served.send(pair, path, given, headers=headers) == INVALID_CLIENT
        assert remote.served.send(billing, path, given, headers=headers)[0] == 200  # nginx overwrites them


@pytest.mark.parametrize("path", ["//{}", "/x/../{}", "/./{}", "/{};a", "/{}%2f", "/{}%00"])
def test_row_50_other_spellings_of_the_path(remote: Remote, billing: KeyPair, path: str) -> None:
    """nginx hands them on as they came; none is routed to the endpoint unguarded."""
    for known in PATHS:
        assert remote.served.send(None, path.format(known[1:]), body(known, "rp"))[0] in (301, 400, 401, 404)
        assert remote.served.send(None, known.title(), body(known, "rp"))[0] == 404
        escaped = quote(known[:2]) + f"%{ord(known[2]):02x}" + known[3:]
        assert remote.served.send(None, escaped, body(known, "rp"))[0] in (401, 404)
        assert remote.served.send(billing, known, body(known, "rp"))[0] == 200
