"""The fenced blocks of a page, run as they are."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from wsgi_mtls.testing import KeyPair

ROOT = Path(__file__).parents[3]


def blocks(page: str) -> list[str]:
    """Return the blocks in Python of a page, which is named from the root of the repository."""
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)


def run(page: str, *numbers: int, **names: Any) -> dict[str, Any]:
    """Run these blocks one after the other, with names that the page leaves to its reader; returns all names."""
    found = blocks(page)
    namespace: dict[str, Any] = {"__name__": "documentation", **names}
    for number in numbers:
        exec(compile(found[number], f"{page}, block {number}", "exec"), namespace)
    return namespace


def from_nginx(pair: KeyPair | None) -> dict[str, str]:
    """Return what nginx, as in deploy/, adds to the environ of a request with this certificate."""
    value = f"SUCCESS {quote(pair.certificate_pem, safe='')}" if pair else "NONE "
    return {"REMOTE_ADDR": "127.0.0.1", "HTTP_XCLIENTCERT": value}
