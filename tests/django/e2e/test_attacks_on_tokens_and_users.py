"""ATTACKS.md over real TLS, behind each server: the rows about bound tokens, and attacks on users."""

import json
import ssl
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote

import pytest

from tests.flask.attack_rows import as_headers, header_accepted
from wsgi_mtls.cli.terminators import CONVENTIONAL_HOST, MTLS_HOST
from wsgi_mtls.testing import KeyPair, Profile, make_ca, self_sign

from .servers import Behind
from .test_behind_servers import pair as named
from .test_behind_servers import user
from .visitor import environment

ISSUE = """
import json, sys, django
django.setup()
from intranet.tokens import issue
json.dump([issue(claims) for claims in json.load(sys.stdin)], sys.stdout)
"""
INVALID_TOKEN = 'Bearer realm="intranet", error="invalid_token"'


def issue(behind: Behind, *confirmations: object) -> list[str]:
    """Issue a token for each of these ``cnf`` claims, as the site does; None leaves the claim out."""
    claims: list[dict[str, object]] = [{"client_id": "billing", "scope": "accounts"} for _ in confirmations]
    for given, confirmation in zip(claims, confirmations, strict=True):
        if confirmation is not None:
            given["cnf"] = confirmation
    command = [sys.executable, "-c", ISSUE]
    run = subprocess.run(command, input=json.dumps(claims), text=True, capture_output=True, check=True,
                         env=environment(behind.data))  # fmt: skip
    tokens: list[str] = json.loads(run.stdout)
    return tokens


def bound_to(pair: KeyPair, **others: object) -> dict[str, object]:
    return {"x5t#S256": pair.certificate.thumbprint, **others}


def ask(behind: Behind, token: str, pair: KeyPair | None, host: str | None = None) -> tuple[int, str | None]:
    """Return the status and the challenge; 0 where TLS refused."""
    try:
        answer = behind.visitor(pair, host).get("/accounts", headers={"Authorization": f"Bearer {token}"})
    except (ssl.SSLError, ConnectionError, HTTPException):
        return 0, None
    return answer.status, answer.headers.get("WWW-Authenticate")


REFUSED, ACCEPTED = (401, INVALID_TOKEN), (200, None)


def test_rows_32_38_token_with_another_certificate_or_none(behind: Behind, ca: KeyPair) -> None:
    own = ca.issue("CN=billing")
    (token,) = issue(behind, bound_to(own))
    for pair in (None, ca.issue("CN=billing"), ca.issue("CN=billing", Profile(key=own.key))):
        assert ask(behind, token, pair) == REFUSED
    assert ask(behind, token, None, CONVENTIONAL_HOST) == REFUSED
    # nginx and Apache have a host that asks for no certificate; the others ask at each.
    asks = behind.case is None or behind.case.name == "uwsgi"
    assert ask(behind, token, own, CONVENTIONAL_HOST) == (ACCEPTED if asks else REFUSED)
    assert ask(behind, token, own) == ACCEPTED


def test_rows_33_43_chain_and_expiry_do_not_matter(behind: Behind, ca: KeyPair) -> None:
    """To the application: some servers let such a certificate through, and some don't."""
    now = datetime.now(UTC)
    foreign = make_ca("CN=Some CA").issue("CN=billing")
    expired = ca.issue("CN=billing", Profile(not_before=now - timedelta(days=2), not_after=now - timedelta(days=1)))
    of_foreign, of_expired = issue(behind, bound_to(foreign), bound_to(expired))
    lets_in = "any" if behind.case is None else behind.case.terminator.lets_in
    assert (ask(behind, of_foreign, foreign) == ACCEPTED) == (lets_in != "validated")
    assert (ask(behind, of_expired, expired) == ACCEPTED) == (lets_in == "any")
    assert ask(behind, of_foreign, expired) != ACCEPTED


def test_rows_34_35_37_confirmations(behind: Behind, ca: KeyPair) -> None:
    own = ca.issue("CN=billing")
    thumbprint = own.certificate.thumbprint
    malformed: list[object] = [
        {}, [], "x", 7, [bound_to(own)], {"x5t#S256": 7}, {"x5t#S256": ""}, {"x5t#S256": None},
        {"x5t#S256": f"{thumbprint}="}, {"x5t#S256": thumbprint.swapcase()}, {"x5t#S256": "0" * 64},
        {"x5t": thumbprint}, {"x5t#s256": thumbprint},
    ]  # fmt: skip
    others: list[object] = [bound_to(own, jkt="x"), bound_to(own, jwk={}), bound_to(own, kid="x")]
    for token in issue(behind, *malformed, *others, None):
        assert ask(behind, token, own) == REFUSED
    for token in issue(behind, bound_to(own), bound_to(own, unheard_of=1)):
        assert ask(behind, token, own) == ACCEPTED


def test_row_45_forged_alias_beside_a_certificate_of_ones_own(behind: Behind) -> None:
    alice = (behind.data / "alice.pem").read_text()
    for separator in "-_":
        forged = {
            "XClientCert": f"SUCCESS {quote(alice, safe='')}",
            f"X{separator}Client{separator}Cert": f"SUCCESS {quote(alice, safe='')}",
            f"SSL{separator}CLIENT{separator}CERT": quote(alice, safe=""),
            f"HTTPS{separator}CC": alice.replace("\n", " "),
        }
        assert user(behind.visitor("bob").get("/profile/", headers=forged)) == "bob"
        assert behind.visitor(None).get("/profile/", headers=forged).status == 302
    assert user(behind.visitor("alice").get("/profile/")) == "alice"


NAMES = (
    "X-SSL-Client-S-DN",
    "X-SSL-Client-DN",
    "SSL-Client-S-DN",
    "SSL-Client-S-DN-CN",
    "Remote-User",
)


def test_forged_dn_header(behind: Behind) -> None:
    for name in NAMES:
        for text in ("CN=alice", "/CN=alice", "alice"):
            forged = {name: text, "XClientCert": "SUCCESS", "X-SSL-Authenticated": "SUCCESS"}
            assert user(behind.visitor(None).get("/", headers=forged)) is None
            assert user(behind.visitor("bob").get("/", headers=forged)) == "bob"
    assert user(behind.visitor("alice").get("/")) == "alice"


@pytest.mark.parametrize("text", ["=", "CN", "CN=alice,,", "\\", "CN=\xff", "#", "=CN=", "+", "CN=" + "x" * 3000])
def test_malformed_dn_header(behind: Behind, text: str) -> None:
    headers = dict.fromkeys(NAMES[:2], text)
    assert user(behind.visitor(None).get("/", headers=headers)) is None
    assert user(behind.visitor("alice").get("/", headers=headers)) == "alice"


def test_no_verify_header(behind: Behind) -> None:
    """From the trusted proxy: a certificate alone logs no user in."""
    if behind.case is None or behind.case.name != "nginx":
        pytest.skip("the server that ends TLS runs the application itself: there are no such headers")
    sent = as_headers(header_accepted(named(behind.data, "alice")))
    (name,) = sent
    certificate = sent[name].removeprefix("SUCCESS ")

    def status(headers: Mapping[str, Any]) -> int:
        connection = HTTPConnection("127.0.0.1", behind.app_port, timeout=20)
        try:
            connection.request("GET", "/profile/", headers={**headers, "Host": MTLS_HOST, "X-Forwarded-Proto": "https"})
            return connection.getresponse().status
        finally:
            connection.close()

    assert status(sent) == 200
    for said in ("", "NONE ", "FAILED:expired ", "success ", "1 ", "SUCCESS"):
        assert status({name: said + certificate}) in (302, 400, 401)
    assert status({}) == status({name: "NONE"}) == 302


def test_self_signed_certificate_with_a_users_name(behind: Behind) -> None:
    try:
        assert user(behind.visitor(self_sign("CN=alice,O=Intranet")).get("/")) is None
    except (ssl.SSLError, ConnectionError, HTTPException):
        assert behind.case is not None
        assert behind.case.terminator.lets_in == "validated"
