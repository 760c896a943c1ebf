"""The example behind nginx with gunicorn, Apache with mod_wsgi, uWSGI, and by itself; with ``deploy/``'s files."""

import subprocess
import sys
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.flask.attack_rows import HEADERS, as_headers, header_accepted, headers_refused
from tests.support import FORM, Answer
from wsgi_mtls import ClientCertificate
from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST, MTLS_HOST
from wsgi_mtls.testing import KeyPair, make_key

from .servers import Behind
from .visitor import EXAMPLE, environment

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def user(answer: Answer) -> str | None:
    """Return who the home page greets."""
    assert answer.status == 200, answer
    _, found, rest = answer.body.decode().partition('id="user">')
    return rest.partition("<")[0] if found else None


def test_smart_card(behind: Behind) -> None:
    nobody = behind.visitor(None)
    answer = nobody.get("/profile/")
    assert (answer.status, answer.headers["Location"]) == (302, "/login/?next=/profile/")
    answer = nobody.get("/login/?next=/profile/", headers=BROWSER)
    assert answer.status == 401
    assert b"This page needs a client certificate" in answer.body
    alice = behind.visitor("alice")
    assert user(alice.get("/")) == "alice"
    assert b'href="/profile/"' in alice.get("/login/?next=/profile/").body
    assert b'href="/"' in alice.get("/login/?next=https://evil.example/").body
    assert user(alice.get("/profile/")) == "alice"


def test_session_ends_with_the_certificate(behind: Behind) -> None:
    visitor = behind.visitor("alice")
    visitor.get("/profile/")
    token = visitor.cookies["csrftoken"]
    headers = {"Referer": f"https://{behind.host}:{behind.port}/", "X-CSRFToken": token}
    assert visitor.post("/profile/", "motto=hers", headers=headers).status == 302
    assert b'value="hers"' in visitor.get("/profile/").body
    session = visitor.cookies["sessionid"]
    visitor.certificate = "bob"
    answer = visitor.get("/profile/")
    assert user(answer) == "bob"
    assert b"hers" not in answer.body
    visitor.certificate = None
    assert user(visitor.get("/")) is None
    visitor.certificate, visitor.cookies["sessionid"] = None, session
    assert user(visitor.get("/")) is None


def test_row_48_another_site_posts(behind: Behind) -> None:
    visitor = behind.visitor("alice")
    visitor.get("/profile/")
    visitor.cookies.pop("csrftoken")
    for headers in ({}, {"Origin": "https://evil.example"}, {"Referer": "https://evil.example/"}):
        # Without a body: uWSGI drops the connection, and the answer, where an application leaves one unread.
        assert visitor.post("/profile/", "", headers=headers).status == 403


def test_admin_and_health(behind: Behind) -> None:
    assert behind.visitor("alice").get("/admin/").status == 200
    assert behind.visitor("bob").get("/admin/").status == 302
    assert behind.visitor(None).get("/admin/").status == 302
    assert behind.visitor("alice").get("/health").body == b"ok"


def test_bound_token(behind: Behind) -> None:
    billing, thief = behind.visitor("billing"), behind.visitor("bob")
    answer = billing.post("/token", "client_id=billing")
    assert answer.status == 200
    bearer = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert billing.get("/accounts", headers=bearer).json["client_id"] == "billing"
    for visitor in (thief, behind.visitor(None)):
        answer = visitor.get("/accounts", headers=bearer)
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (
            401, 'Bearer realm="intranet", error="invalid_token"'
        )  # fmt: skip
    assert billing.get("/accounts").status == 401
    forged = {"Authorization": bearer["Authorization"].replace("Bearer ", "Bearer e")}
    assert billing.get("/accounts", headers=forged).status == 401


def test_clients(behind: Behind) -> None:
    for certificate in ("bob", None):
        answer = behind.visitor(certificate).post("/token", "client_id=billing")
        assert (answer.status, answer.json) == (401, {"error": "invalid_client"})
    assert behind.visitor("billing").post("/token", "client_id=mobile").status == 401
    if behind.case is None or behind.case.terminator.lets_in != "validated":
        mobile = behind.visitor("mobile")
        assert mobile.post("/token", "client_id=mobile").status == 200
        assert mobile.post("/token", "client_id=billing").status == 401
        assert mobile.get("/machine").status == 401
        assert user(mobile.get("/")) is None
    assert behind.visitor("billing").get("/machine").json["subject"] == "CN=billing"


def test_forged_headers(behind: Behind) -> None:
    """From outside, at the mTLS host and through the conventional one, with hyphens and with underscores."""
    pem = (behind.data / "alice.pem").read_text()
    for separator in ("-", "_"):
        forged = {
            "XClientCert": f"SUCCESS {quote(pem, safe='')}",
            f"X{separator}Client{separator}Cert": f"SUCCESS {quote(pem, safe='')}",
            f"SSL{separator}CLIENT{separator}CERT": quote(pem, safe=""),
            f"Remote{separator}User": "alice",
        }
        for host in {behind.host, CONVENTIONAL_HOST}:
            visitor = behind.visitor(None, host)
            answer = visitor.get("/", headers=forged)
            assert answer.status in (200, 400, 401)
            assert b'id="user"' not in answer.body
            assert visitor.post("/token", "client_id=billing", headers=forged).status in (400, 401)
            assert user(visitor.get("/")) is None


def pair(data: Path, name: str) -> KeyPair:
    """Return one of the example's certificates."""
    certificate = ClientCertificate.from_pem((data / f"{name}.pem").read_text())
    return KeyPair(certificate, make_key())  # whose key does not matter here


@pytest.mark.parametrize("header", HEADERS)
def test_rows_24_25_26_42_headers(behind: Behind, header: str) -> None:
    """From outside nobody says anything in the terminator's place; with and without a certificate of one's own."""
    right, evil = pair(behind.data, "billing"), pair(behind.data, "bob")
    for environ in (headers_refused(right, evil)[header], header_accepted(right)):
        headers = as_headers(environ)
        for certificate in (None, "bob"):
            visitor = behind.visitor(certificate)
            assert visitor.post("/token", "client_id=billing", headers=headers).status in (400, 401)
            assert visitor.get("/machine", headers=headers).status == (401 if certificate is None else 200)
        assert user(behind.visitor(None).get("/", headers=headers)) is None
    assert behind.visitor("billing").post("/token", "client_id=billing", headers=headers).status == 200


@pytest.mark.parametrize("header", HEADERS)
def test_rows_24_25_26_42_headers_past_nginx(behind: Behind, header: str) -> None:
    """Straight to gunicorn, from nginx's address or another one."""
    if behind.case is None or behind.case.name != "nginx":
        pytest.skip("the server that ends TLS runs the application itself: nobody gets past it")
    right = pair(behind.data, "billing")

    def status(environ: Mapping[str, str]) -> int:
        source = "127.0.0.1" if environ["REMOTE_ADDR"] == "192.0.2.1" else "127.0.0.2"
        connection = HTTPConnection("127.0.0.1", behind.app_port, timeout=20, source_address=(source, 0))
        headers = {**as_headers(environ), "Host": MTLS_HOST, "X-Forwarded-Proto": "https", "Content-Type": FORM}
        try:
            connection.request("POST", "/token", "client_id=billing", headers)
            return connection.getresponse().status
        finally:
            connection.close()

    assert status(headers_refused(right, pair(behind.data, "bob"))[header]) in (400, 401)
    assert status(header_accepted(right)) == 200


def test_check_deploy_is_clean(tmp_path: Path) -> None:
    data = tmp_path  # without the registrations of the attacks
    subprocess.run([sys.executable, EXAMPLE / "run.py", "--data", data, "--prepare"], check=True)
    command = [sys.executable, "manage.py", "check", "--deploy", "--database", "default", "--fail-level", "WARNING"]
    run = subprocess.run(command, cwd=EXAMPLE, env=environment(data), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "no issues" in run.stdout
    command = [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]
    subprocess.run(command, cwd=EXAMPLE, env=environment(data), check=True, capture_output=True)
