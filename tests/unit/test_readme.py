"""The README's Python code runs as it stands."""

import re
from pathlib import Path
from typing import Any

from tests.support import mod_ssl, request
from wsgi_mtls.testing import KeyPair, Profile

README = Path(__file__).parents[2] / "README.md"
ADAPTERS = re.compile(r"^## (?:Flask|Django)\n.*?(?=^## )", re.DOTALL | re.MULTILINE)  # run by the adapters' own tests
BLOCKS = re.findall(r"^```python\n(.*?)^```$", ADAPTERS.sub("", README.read_text()), re.DOTALL | re.MULTILINE)


def test_there_are_blocks() -> None:
    assert BLOCKS


def test_blocks_run() -> None:
    for number, block in enumerate(BLOCKS, 1):
        exec(compile(block, f"README.md, block {number}", "exec"), {"__name__": f"readme_{number}"})


def test_raw_wsgi_in_ten_lines(ca: KeyPair) -> None:
    raw = next(block for block in BLOCKS if "ClientAuthMiddleware" in block)
    lines = [line for line in raw.splitlines() if line.strip()]
    assert len(lines) <= 10
    namespace: dict[str, Any] = {}
    exec(compile(raw, "README.md", "exec"), namespace)
    form = {"client_id": "billing"}
    billing = ca.issue("CN=billing", Profile(san_dns=["billing.example.com"]))
    answer = request(namespace["app"], form, extra=mod_ssl(billing))
    assert answer.status == 200
    assert answer.body.decode().startswith("billing by tls_client_auth, bind to ")
    assert billing.certificate.thumbprint in answer.body.decode()
    assert request(namespace["app"], form, extra=mod_ssl(None)).status == 401
    assert request(namespace["app"], form, extra=mod_ssl(ca.issue("CN=billing"))).status == 401
    assert request(namespace["app"], method="GET", path="/favicon.ico", extra=mod_ssl(billing)).status == 404
