"""The code in docs/rest-framework.md runs as it stands."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rest_framework.test import APIRequestFactory

from django_mtls.rest_framework import checks
from wsgi_mtls.testing import KeyPair

from .test_bound_token import Tokens

TEXT = (Path(__file__).parents[2] / "docs" / "rest-framework.md").read_text()


def test_code(ca: KeyPair, alice: Any, mtls: Callable[..., None]) -> None:
    mtls(TOKENS=Tokens())
    blocks = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    namespace: dict[str, Any] = {"__name__": "documentation"}
    for number, block in enumerate(blocks, 1):
        exec(compile(block, f"rest-framework.md, block {number}", "exec"), namespace)
    assert namespace["Accounts"].as_view()(APIRequestFactory().get("/")).status_code == 401
    namespace["test_accounts"](ca)


def test_every_check_is_documented() -> None:
    source = Path(checks.__file__).read_text()
    assert set(re.findall(r"django_mtls_rest_framework\.([EW]\d{3})", source)) == set(
        re.findall(r"\.([EW]\d{3})`", TEXT)
    )
