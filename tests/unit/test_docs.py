"""What docs/decisions.md shows runs, and every reason is in some page."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support import mod_ssl, request
from wsgi_mtls import errors
from wsgi_mtls.errors import MutualTLSError
from wsgi_mtls.testing import KeyPair, Profile

ROOT = Path(__file__).parents[2]
PAGES = "".join(page.read_text() for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])
BLOCKS = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs" / "decisions.md").read_text(), re.DOTALL | re.MULTILINE)
DEFER, ANSWERS, OBSERVERS, IDENTIFY = BLOCKS

# Families that nothing is refused by itself for, and what stops an application's start.
NO_ANSWERS = {"invalid_request", "malformed_name", "invalid_server_metadata"}
REASONS = {reason: entry for reason, entry in errors.REASONS.items() if reason not in NO_ANSWERS}


def run(block: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(compile(block, "decisions.md", "exec"), namespace)
    return namespace


def test_defer(ca: KeyPair) -> None:
    namespace = run(DEFER)
    app = namespace["app"]
    assert request(app, {"client_id": "billing"}, extra=mod_ssl(ca.issue("CN=billing"))).body == b"a token"
    assert request(app, {"client_id": "billing"}, extra=mod_ssl(ca.issue("CN=x"))).status == 401
    basic = {"HTTP_AUTHORIZATION": "Basic YmFzaWM6eA=="}
    assert request(app, {"grant_type": "x"}, extra=basic).status == 401
    namespace["by_secret_or_assertion"] = lambda environ: "basic"
    assert request(app, {"grant_type": "x"}, extra=basic).body == b"a token"
    assert request(app, {"client_id": "basic"}, extra=basic).body == b"a token"
    assert request(app, {"client_id": "billing"}, extra=basic).status == 401


def test_answers_of_your_own() -> None:
    app = run(ANSWERS)["app"]
    answer = request(app, {"client_id": "a"})
    assert (answer.json, answer.headers["Cache-Control"]) == ({"title": "invalid_client", "status": 401}, "no-store")
    assert request(app, {"client_id": "a" * 5000}).status == 413


def test_observers() -> None:
    namespace = run(OBSERVERS)
    with pytest.raises(MutualTLSError):
        namespace["verifier"].authenticate("a", None)
    assert namespace["refusals"] == {"no_certificate": 1}


def test_identify(ca: KeyPair) -> None:
    app = run(IDENTIFY)["app"]
    press = ca.issue("CN=x", Profile(san_dns=["Press.example"]))
    assert request(app, method="GET", extra=mod_ssl(press)).body == b"press"
    assert request(app, method="GET", extra=mod_ssl(ca.issue("CN=x"))).status == 403
    assert request(app, method="GET", extra=mod_ssl(None)).status == 403


def test_every_reason_is_told() -> None:
    assert sorted(reason for reason in REASONS if f"`{reason}`" not in PAGES) == []
