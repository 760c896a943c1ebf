"""ATTACKS.md over real TLS, behind each server: the rows about client authentication."""

import json
import ssl
import subprocess
import sys
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.flask.attack_rows import BY_DN, DN, IMPOSSIBLE, REQUESTS, ROW_IDS, Came, RequestRow, Row, rows
from tests.support import FORM
from wsgi_mtls.testing import KeyPair

from .servers import Behind
from .visitor import environment

REGISTER = """
import json, sys, django
django.setup()
from django_mtls.models import RegisteredClient
for client_id, metadata in json.load(sys.stdin).items():
    kinds = [name for name in metadata if name.startswith("tls_client_auth_")]
    columns = {name: metadata[name] for name in ("token_endpoint_auth_method", "jwks") if name in metadata}
    if kinds:
        columns |= {"subject_kind": kinds[0], "subject_value": metadata[kinds[0]]}
        metadata = {name: metadata[name] for name in kinds[1:]}
    else:
        metadata = {}
    RegisteredClient.objects.create(client_id=client_id, metadata=metadata, **columns)
"""
NO_STATUS = 0
"""The status of a request that TLS already refused."""
INVALID_CLIENT = (401, "invalid_client")


@pytest.fixture(scope="session")
def attack_rows(ca: KeyPair) -> dict[str, Row]:
    return rows(ca)


@pytest.fixture(scope="session", autouse=True)
def _registered(data: Path, attack_rows: dict[str, Row]) -> None:
    """Register each row's client, unchecked as a careless script could."""
    clients = {f"rp-{name}": row.client for name, row in attack_rows.items()}
    clients |= {f"impossible-{number}": metadata for number, metadata in enumerate(IMPOSSIBLE)}
    clients |= {"rp": BY_DN, "jwt": {"token_endpoint_auth_method": "private_key_jwt"}}
    command = [sys.executable, "-c", REGISTER]
    subprocess.run(command, input=json.dumps(clients), text=True, check=True, env=environment(data))
    for file in data.iterdir():
        file.chmod(0o666)


def ask(
    behind: Behind, pair: KeyPair | None, body: str, path: str = "/token", **options: Any
) -> tuple[int, str | None]:
    """Return the status and the OAuth error; a server's own page has none."""
    try:
        answer = behind.visitor(pair).post(path, body, **options)
    except (ssl.SSLError, ConnectionError, HTTPException):
        return NO_STATUS, None
    try:
        return answer.status, answer.json.get("error")
    except ValueError:
        return answer.status, None


def by_server(behind: Behind, row: Row, came: Came) -> tuple[int, object] | None:
    """Return what the server itself answers to a certificate, or None if the application gets to judge it.

    nginx and Apache let an unknown CA's certificates in, but not a chain that is wrong in another way: all of row 18,
    and what a leaf issued in row 8. uWSGI lets only validated chains in.
    """
    if behind.case is None or came.pair is None:
        return None
    if behind.case.terminator.lets_in == "validated":
        return (NO_STATUS, None) if row.number in (7, 8, 18, 20, 21) else None
    wrong = row.number == 18 or (row.number == 8 and came.pair.chain)
    if not wrong:
        return None
    return (400, "invalid_client") if behind.case.name == "nginx" else (NO_STATUS, None)


@pytest.mark.parametrize("row_id", ROW_IDS)
def test_certificates(behind: Behind, attack_rows: dict[str, Row], row_id: str) -> None:
    row, body = attack_rows[row_id], f"client_id=rp-{row_id}"
    for came in row.refused:
        assert ask(behind, came.pair, body) == (by_server(behind, row, came) or INVALID_CLIENT)
    unvalidated = row.number in (20, 21)  # self-signed, so that uWSGI has no accepted twin
    for came in row.accepted:
        expected = by_server(behind, row, came) if unvalidated else None
        assert ask(behind, came.pair, body) == (expected or (200, None))


def test_rows_07_41_self_signed_certificate_in_the_bundle(behind: Behind, ca: KeyPair, bundled: KeyPair) -> None:
    """The terminator reports SUCCESS for it; what it issues is refused, since it has CA:FALSE."""
    assert behind.visitor(bundled).get("/accounts").status == 401  # it gets through
    assert ask(behind, bundled, "client_id=rp") == INVALID_CLIENT
    issued, row = Came(bundled.issue(DN)), Row(18, BY_DN, (), ())
    assert ask(behind, issued.pair, "client_id=rp") == (by_server(behind, row, issued) or INVALID_CLIENT)
    assert ask(behind, ca.issue(DN), "client_id=rp") == (200, None)


def test_row_06_certificate_where_an_assertion_is_registered(behind: Behind, ca: KeyPair) -> None:
    assert ask(behind, ca.issue(DN), "client_id=jwt") == INVALID_CLIENT


@pytest.mark.parametrize("number", range(len(IMPOSSIBLE)))
def test_rows_10_11_13_21_impossible_registrations(behind: Behind, ca: KeyPair, number: int) -> None:
    for pair in (ca.issue(DN), ca.issue("")):
        assert ask(behind, pair, f"client_id=impossible-{number}") == INVALID_CLIENT
    assert ask(behind, ca.issue(DN), "client_id=rp") == (200, None)


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: f"{row.number}-{row.body[:30]!r}")
def test_requests(behind: Behind, ca: KeyPair, row: RequestRow) -> None:
    headers = {"Content-Type": row.options.get("content_type", FORM), **row.options.get("headers", {})}
    query = f"?{row.options['query_string']}" if "query_string" in row.options else ""
    pair = ca.issue(DN)
    assert ask(behind, pair, row.body, f"/token{query}", headers=headers) == row.expected
    assert ask(behind, pair, "client_id=rp") == (200, None)


@pytest.mark.parametrize("path", [
    "//token", "/x/../token", "/./token", "/%74oken", "/token/", "/Token", "/token;x", "/token%2f", "/token%00",
])  # fmt: skip
def test_row_50_other_spellings_of_the_path(behind: Behind, ca: KeyPair, path: str) -> None:
    """Whatever a server makes of them, the view is guarded, or not there."""
    status, _ = ask(behind, None, "client_id=rp", path)
    # uWSGI may close a connection whose body nothing has read before the client has read the answer.
    closes = behind.case is not None and behind.case.name == "uwsgi"
    assert status in (400, 401, 404, *([NO_STATUS] if closes else []))
    assert ask(behind, ca.issue("CN=other"), "client_id=rp", path)[0] == status
    assert ask(behind, ca.issue(DN), "client_id=rp", path)[0] == (200 if status == 401 else status)
