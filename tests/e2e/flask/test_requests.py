"""ATTACKS.md over real TLS, through nginx and gunicorn with two workers: the rows about requests and headers."""

from urllib.parse import urlencode

import pytest

from tests.flask.attack_rows import (
    DN,
    HEADERS,
    OVER_TLS,
    REQUESTS,
    RequestRow,
    as_headers,
    header_accepted,
    headers_refused,
    nginx_header,
)
from tests.flask.authlib.authserver import CHALLENGE, REDIRECT
from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST, LOOPBACK, MTLS_HOST
from wsgi_mtls.testing import KeyPair, Profile, self_sign

from .remote import ENDPOINTS, Remote, basic
from .served import FORM, Served


@pytest.fixture(params=["/token", *ENDPOINTS])
def endpoint(request: pytest.FixtureRequest) -> tuple[Served, str, str]:
    """Each endpoint of both: where it is, its path, and what else it wants in a body."""
    if request.param == "/token":
        return request.getfixturevalue("extension"), "/token", ""
    return request.getfixturevalue("example").served, request.param, ENDPOINTS[request.param]


def name(row: RequestRow) -> str:
    return f"{row.number} {row.body[:20]} {row.options}"


@pytest.mark.parametrize("row", REQUESTS, ids=name)
def test_requests(endpoint: tuple[Served, str, str], billing: KeyPair, row: RequestRow) -> None:
    served, path, extra = endpoint
    headers = {"Content-Type": row.options.get("content_type", FORM), **row.options.get("headers", {})}
    query = f"?{row.options['query_string']}" if "query_string" in row.options else ""
    body = row.body if headers["Content-Type"].startswith("multipart") else f"{extra}{row.body}"
    if extra and headers["Content-Type"] != FORM:
        query = f"?{extra}"  # where Authlib would find the grant
    status, answer = served.send(billing, f"{path}{query}", body, headers=headers)
    assert (status, answer["error"]) == row.expected
    assert served.send(billing, path, f"{extra}client_id=rp")[0] == 200


def test_row_05_secret_and_no_client_id(example: Remote, billing: KeyPair) -> None:
    """The secret of a client of mutual TLS, which the database has, beside its certificate, and alone."""
    for path, extra in ENDPOINTS.items():
        for pair in (billing, None):
            assert example.served.send(pair, path, extra, headers=basic("billing"))[0] == 401
        assert example.served.send(None, path, extra, headers=basic("unbound"))[0] == 200


def test_row_44_parameters_in_the_query(example: Remote, billing: KeyPair) -> None:
    for path, extra in ENDPOINTS.items():
        body = f"{extra}client_id=billing"
        for query in ("scope=payments", "token=y", "grant_type=client_credentials"):
            assert example.served.send(billing, f"{path}?{query}", body) == (400, {"error": "invalid_request"})
        assert example.served.send(billing, f"{path}?tenant=a", body)[0] == 200


def test_rows_24_45_46_forged_headers(endpoint: tuple[Served, str, str], billing: KeyPair) -> None:
    """Through nginx, through its conventional host, and past it."""
    served, path, extra = endpoint
    body, forged = f"{extra}client_id=rp", {"XClientCert": nginx_header(billing.certificate)}
    aliases = dict.fromkeys(("X_Client_Cert", "XClient_Cert", "X-Client-Cert"), forged["XClientCert"])
    for headers in (forged, aliases, {**forged, **aliases}, {**forged, "Connection": "XClientCert"}):
        assert served.send(None, path, body, headers=headers)[0] == 401
        assert served.send(None, path, body, headers=headers, host=CONVENTIONAL_HOST)[0] == 401
        assert served.send(self_sign(DN), path, body, headers=headers)[0] == 401
    assert served.straight(path, body, forged.items(), "127.0.0.2") == 401
    assert served.straight(path, body, forged.items(), LOOPBACK) == 200  # what the trusted proxy says, counts
    assert served.send(billing, path, body)[0] == 200


@pytest.mark.parametrize("case", [case for case in HEADERS if case != OVER_TLS])
def test_rows_24_25_26_42_headers(endpoint: tuple[Served, str, str], billing: KeyPair, ca: KeyPair, case: str) -> None:
    """What is refused of a trusted proxy is refused, and nginx lets nobody say it in its place."""
    served, path, extra = endpoint
    body, environ = f"{extra}client_id=rp", headers_refused(billing, ca.issue("CN=evil"))[case]
    headers = as_headers(environ)
    address = LOOPBACK if environ["REMOTE_ADDR"] == "192.0.2.1" else "127.0.0.2"
    assert served.straight(path, body, headers.items(), address) in (400, 401)
    assert served.straight(path, body, as_headers(header_accepted(billing)).items(), LOOPBACK) == 200
    assert served.send(None, path, body, headers=headers)[0] == 401
    assert served.send(ca.issue("CN=evil"), path, body, headers=headers)[0] == 401
    assert served.send(billing, path, body, headers=headers)[0] == 200  # nginx overwrites them


@pytest.mark.parametrize("status", ["SUCCESS", "NONE", "FAILED:x"])
def test_row_25_header_twice(endpoint: tuple[Served, str, str], billing: KeyPair, ca: KeyPair, status: str) -> None:
    """The trusted proxy's own beside somebody's, in either order."""
    served, path, extra = endpoint
    body, headers = f"{extra}client_id=rp", as_headers(header_accepted(billing))
    good = list(headers.items())
    evil = ("XClientCert", nginx_header(ca.issue("CN=evil").certificate, status))
    for pairs in ([*good, evil], [evil, *good], [*good, *good], [*good, ("XClientCert", status)]):
        assert served.straight(path, body, pairs, LOOPBACK) in (400, 401)
    assert served.straight(path, body, good, LOOPBACK) == 200


def test_headers_are_overwritten(extension: Served, billing: KeyPair) -> None:
    seen = extension.send(billing, "/headers", headers={"XClientCert": "mine"})[1]
    assert seen["Xclientcert"] == nginx_header(billing.certificate)


@pytest.mark.parametrize("path", ["//{}", "/{}/", "/x/../{}", "/./{}", "/{};a", "/{}%2f", "/{}%00"])
def test_row_50_other_spellings_of_the_path(endpoint: tuple[Served, str, str], billing: KeyPair, path: str) -> None:
    """nginx hands them on as they came; none is routed to the endpoint unguarded."""
    served, known, extra = endpoint
    body = f"{extra}client_id=rp"
    assert served.send(None, path.format(known.removeprefix("/")), body)[0] in (308, 400, 401, 404)
    assert served.send(None, known.title(), body)[0] == 404
    escaped = f"/%{ord(known[1]):02x}{known[2:]}"
    assert served.send(None, escaped, body)[0] == 401
    assert served.send(billing, escaped, body)[0] == 200


def test_row_48_another_site_posts_the_consent_form(example: Remote, billing: KeyPair) -> None:
    """Whose form is not the one that this browser got: a certificate is no consent."""
    query = urlencode({"client_id": "billing", "response_type": "code", "redirect_uri": REDIRECT, "scope": "accounts",
                       "code_challenge": CHALLENGE, "code_challenge_method": "S256"})  # fmt: skip
    url, form = f"/oauth/authorize?{query}", "user=anna&consent=yes"
    for csrf in ("", "&csrf=", "&csrf=guess"):
        for headers in ({}, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}):
            assert example.served.send(billing, url, form + csrf, headers=headers)[0] == 403
    assert example.in_process.code("billing")


def test_row_48_another_site_posts(extension: Served, ca: KeyPair) -> None:
    pair = ca.issue("CN=x", Profile(san_dns=["other.example.com"]))
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert extension.send(pair, "/page", "a=b", headers=headers)[0] == 403
    for headers in ({}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": f"https://{MTLS_HOST}:{extension.port}"}):
        assert extension.send(pair, "/page", "a=b", headers=headers)[0] == 200
