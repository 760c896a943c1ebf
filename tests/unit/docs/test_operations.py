"""What docs/operations.md shows runs."""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support import request
from wsgi_mtls import MutualTLSError, PeerCertificate
from wsgi_mtls.testing import KeyPair, Profile

from .pages import blocks, from_nginx, run

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
