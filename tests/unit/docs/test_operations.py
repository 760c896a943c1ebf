"""What docs/operations.md shows runs."""

import json
import logging
import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from tests.support import request, token_endpoint
from wsgi_mtls import AccessTokenMiddleware, ClientAuthMiddleware, Event, MutualTLSError, PeerCertificate, Verifier
from wsgi_mtls.events import EventName
from wsgi_mtls.sources import nginx
from wsgi_mtls.testing import KeyPair, Profile

from .pages import ROOT, blocks, from_nginx, run

PAGE = "docs/operations.md"
EXPIRY, JSON_LOG, METRICS = range(3)


def test_every_block_is_run() -> None:
    assert len(blocks(PAGE)) == 3


@pytest.mark.parametrize(("days", "warnings"), [(10, 1), (100, 0)])
def test_expiry_notices(ca: KeyPair, caplog: pytest.LogCaptureFixture, days: int, warnings: int) -> None:
    verifier = run(PAGE, EXPIRY)["verifier"]
    ends = datetime.now(UTC) + timedelta(days=days)
    pair = ca.issue("CN=x", Profile(san_dns=["billing.example.com"], not_after=ends))
    for _ in range(2):
        assert verifier.authenticate("billing", PeerCertificate(pair.certificate, verified=True)).client_id == "billing"
    written = [record.getMessage() for record in caplog.records if record.name == "expiry"]
    assert len(written) == warnings
    assert all(line.startswith("the certificate of billing expires in ") for line in written)


def test_log_in_json(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("wsgi_mtls")
    before = logger.handlers[:], logger.level
    try:
        names = run(PAGE, EXPIRY, JSON_LOG)
        with pytest.raises(MutualTLSError):
            names["verifier"].authenticate("billing", None)
        (record,) = [record for record in caplog.records if record.name.startswith("wsgi_mtls")]
        line = json.loads(names["handler"].format(record))
    finally:
        logger.handlers, logger.level = before
    assert (line["level"], line["name"], line["reason"]) == ("WARNING", "client_rejected", "no_certificate")
    assert line["client_id"] == "billing"
    plain = logging.makeLogRecord({"levelname": "INFO", "msg": "a plain line"})
    assert json.loads(names["handler"].format(plain)).keys() == {"time", "level", "message"}


FIELDS = re.findall(r"^\| `(\w+)` \|", (ROOT / PAGE).read_text().partition("## The log")[2], re.MULTILINE)


def test_fields_of_a_line(ca: KeyPair, caplog: pytest.LogCaptureFixture) -> None:
    """They are stable: programs read them. Each line of a request has its path and its peer."""
    caplog.set_level(logging.INFO, "wsgi_mtls")
    events, own = FIELDS[: FIELDS.index("client_id")], FIELDS[FIELDS.index("client_id") :][:8]
    assert events == list(get_args(EventName))
    assert own == [field.name for field in fields(Event)][1:]
    peer = {"REMOTE_ADDR": "127.0.0.1"}
    clients = ClientAuthMiddleware(token_endpoint, Verifier({}), source=nginx(trusted_proxies=["127.0.0.1"]), paths="*")
    tokens = AccessTokenMiddleware(token_endpoint, Tokens(), source=nginx(trusted_proxies=["127.0.0.1"]), paths="*")
    for app in (clients, tokens):
        request(app, {"client_id": "a"}, path="/a/b", extra=peer)
        request(app, {"client_id": "a"}, path="/a/b", extra={"HTTP_XCLIENTCERT": "NONE", "REMOTE_ADDR": "192.0.2.9"})
    assert [record.mtls_event.name for record in caplog.records] == [  # type: ignore[attr-defined]
        *("client_rejected", "untrusted_proxy", "client_rejected"),
        *("token_rejected", "untrusted_proxy", "token_rejected"),
    ]
    for record, address in zip(caplog.records, ("127.0.0.1", "192.0.2.9", "192.0.2.9") * 2, strict=True):
        line = record.getMessage()
        assert re.findall(r" (\w+)=", re.sub(r"detail=('.*?'|\".*?\") path", "detail= path", line)) == own
        assert line.startswith(record.mtls_event.name + " ")  # type: ignore[attr-defined]
        assert line.endswith(f" path='/a/b' address='{address}'")


class Tokens:
    """Knows no token."""

    def decode(self, token: str, /) -> dict[str, Any]:
        raise AssertionError


def test_metrics(ca: KeyPair) -> None:
    names = run(PAGE, EXPIRY, METRICS)
    app, billing = names["app"], ca.issue("CN=x", Profile(san_dns=["billing.example.com"]))
    assert request(app, {"client_id": "billing"}, extra=from_nginx(billing)).body == b"a token"
    assert request(app, {"client_id": "billing"}, extra=from_nginx(None)).status == 401
    lines = request(app, method="GET", path="/metrics").body.decode().splitlines()
    assert counted(lines, event="client_authenticated", reason="") == 1
    assert counted(lines, event="client_rejected", reason="no_certificate") == 1


def counted(lines: list[str], **labels: Any) -> float:
    wanted = [f'{name}="{value}"' for name, value in labels.items()]
    found = [line for line in lines if line.startswith("mtls_decisions_total") and all(w in line for w in wanted)]
    return sum(float(line.split()[-1]) for line in found)
