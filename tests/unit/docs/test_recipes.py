"""What docs/recipes.md shows runs: a database, Flask-Login, secrets and certificates, FastAPI."""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support import FORM, refused, request
from tests.tokens import API, ISSUER, Issuer
from wsgi_mtls import PeerCertificate, Verifier
from wsgi_mtls.jwks import jwk
from wsgi_mtls.testing import KeyPair, Profile, environ_for, self_sign

from .pages import blocks, from_nginx, run

PAGE = "docs/recipes.md"
DATABASE, NAMES, LOGIN, MOVING, FASTAPI = range(5)
BILLING = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "billing.example.com"}
SECRET = "32 random octets"


def test_every_block_is_run() -> None:
    assert len(blocks(PAGE)) == 5


@contextmanager
def database() -> Iterator[dict[str, Any]]:
    names = run(PAGE, DATABASE, NAMES)
    with names["app"].app_context():
        names["db"].create_all()
        yield names
        names["db"].session.remove()
        names["db"].engine.dispose()


def billing(ca: KeyPair) -> KeyPair:
    return ca.issue("CN=x", Profile(san_dns=["billing.example.com"]))


def test_clients_in_a_database(ca: KeyPair) -> None:
    with database() as names:
        names["register"]("billing", BILLING)
        browser, pair = names["app"].test_client(), billing(ca)

        def status(came: KeyPair | None) -> int:
            answer = browser.post("/token", data={"client_id": "billing"}, environ_overrides=environ_for(came))
            return int(answer.status_code)

        assert status(pair) == 200
        assert status(ca.issue("CN=other")) == 401
        names["db"].session.get(names["RegisteredClient"], "billing").enabled = False
        names["db"].session.commit()
        assert status(pair) == 401


def test_the_key_of_a_self_signed_client_is_not_accepted_for_pki(ca: KeyPair) -> None:
    phone = self_sign("CN=phone")
    same_key = ca.issue("CN=x", Profile(san_dns=["billing.example.com"], key=phone.key))
    with database() as names:
        names["register"]("billing", BILLING)
        clients = names["app"].config["MTLS_CLIENTS"]
        verifier, came = Verifier(clients), PeerCertificate(same_key.certificate, verified=True)
        assert verifier.authenticate("billing", came).client_id == "billing"
        keys = {"keys": [jwk(phone.certificate)]}
        names["register"]("phone", {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": keys})
        assert verifier.authenticate("phone", PeerCertificate(phone.certificate)).client_id == "phone"
        with refused("registered_as_self_signed"):
            verifier.authenticate("billing", came)
        other = PeerCertificate(billing(ca).certificate, verified=True)
        assert verifier.authenticate("billing", other).client_id == "billing"


def test_names_in_a_database(ca: KeyPair) -> None:
    with database() as names:
        names["db"].session.add(names["Partner"](client_id="billing", dns_name="billing.example.com"))
        verifier = Verifier(names["partners"])
        came = PeerCertificate(billing(ca).certificate, verified=True)
        assert verifier.authenticate("billing", came).client_id == "billing"
        with refused("unknown_client"):
            verifier.authenticate("other", came)


def test_flask_login(ca: KeyPair) -> None:
    names = run(PAGE, LOGIN)

    def profile(came: KeyPair | None) -> tuple[int, Any]:
        answer = names["site"].test_client().get("/profile", environ_overrides=environ_for(came))
        return answer.status_code, answer.json if answer.is_json else None

    alice, bob = "alice@corp.example", "bob@corp.example"
    assert profile(ca.issue("CN=x", Profile(san_email=[alice]))) == (200, {"user": "alice"})
    assert profile(ca.issue("CN=x", Profile(san_email=[bob]))) == (401, None)
    assert profile(ca.issue("CN=x", Profile(san_email=[alice, bob]))) == (401, None)
    assert profile(self_sign("CN=x", Profile(san_email=[alice]))) == (401, None)
    assert profile(None) == (401, None)


def test_secrets_and_certificates(ca: KeyPair, caplog: pytest.LogCaptureFixture) -> None:
    server = run(PAGE, MOVING)["server"]
    right = {"HTTP_AUTHORIZATION": "Basic " + b64encode(b"billing:the old secret").decode()}
    wrong = {"HTTP_AUTHORIZATION": "Basic " + b64encode(b"billing:another secret").decode()}
    grant, named = {"grant_type": "client_credentials"}, {"client_id": "billing"}

    def status(form: dict[str, str], came: KeyPair | None, header: dict[str, str] | None = None) -> int:
        return request(server, form, extra={**from_nginx(came), **(header or {})}).status

    assert status(named, billing(ca)) == 200
    assert "still uses its secret" not in caplog.text
    assert status(grant, None, right) == 200
    assert "billing still uses its secret" in caplog.text
    assert status(named, None, right) == 200
    assert status(grant, None, wrong) == 401
    assert status({"client_id": "other"}, None, right) == 401
    assert status(grant, None) == 401
    assert status(named, ca.issue("CN=other")) == 401


def call(app: Any, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
    """Make one request of an ASGI application."""
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "https",
        "root_path": "",
    }
    scope |= {"method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 8000)}
    scope["headers"] = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def test_fastapi(ca: KeyPair) -> None:
    issuer, pair = Issuer(), billing(ca)
    api = run(PAGE, FASTAPI, SECRET=SECRET, ISSUER=ISSUER, API=API, JWKS=issuer.jwks)["api"]
    now = int(time.time())
    token = issuer.token(pair, iat=now, exp=now + 300)
    proxy = {"XProxyAuth": SECRET, "XClientCert": from_nginx(pair)["HTTP_XCLIENTCERT"]}

    def accounts(**changes: str) -> int:
        return call(api, "GET", "/accounts", {**proxy, "Authorization": f"Bearer {token}", **changes})[0]

    answer = call(api, "GET", "/accounts", {**proxy, "Authorization": f"Bearer {token}"})
    assert (answer[0], json.loads(answer[1])) == (200, {"client": "billing"})
    assert accounts(XClientCert=from_nginx(ca.issue("CN=thief"))["HTTP_XCLIENTCERT"]) == 401
    assert accounts(XClientCert="NONE ") == 401
    assert accounts(XProxyAuth="a guess") == 401
    assert accounts(Authorization="Basic eDp5") == 401


def test_token_endpoint_beside_fastapi(ca: KeyPair) -> None:
    api = run(PAGE, FASTAPI, SECRET=SECRET, ISSUER=ISSUER, API=API, JWKS=Issuer().jwks)["api"]

    def token(pair: KeyPair) -> tuple[int, bytes]:
        form = urlencode({"client_id": "billing"}).encode()
        headers = {"Content-Type": FORM, "Content-Length": str(len(form)), "XProxyAuth": SECRET}
        return call(api, "POST", "/oauth/token", {**headers, "XClientCert": from_nginx(pair)["HTTP_XCLIENTCERT"]}, form)

    assert token(billing(ca)) == (200, b"billing")
    assert token(ca.issue("CN=other"))[0] == 401
