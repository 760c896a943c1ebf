"""The code in docs/rest-framework.md runs as it stands."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rest_framework.test import APIRequestFactory

from django_mtls.rest_framework import checks
from django_mtls.rest_framework.test import CertificateAPIRequestFactory
from wsgi_mtls.testing import KeyPair

from .test_bound_token import tokens

TEXT = (Path(__file__).parents[2] / "docs" / "rest-framework.md").read_text()


def test_code(ca: KeyPair, alice: Any, mtls: Callable[..., None]) -> None:
    mtls(TOKENS=tokens)
    blocks = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3
    namespace: dict[str, Any] = {"__name__": "documentation"}
    for number, block in enumerate(blocks, 1):
        exec(compile(block, f"rest-framework.md, block {number}", "exec"), namespace)
    assert namespace["Accounts"].as_view()(APIRequestFactory().get("/")).status_code == 401
    assert statuses(namespace, ca.issue("CN=billing")) == [*[200] * 10, 429]
    namespace["test_accounts"](ca)


def statuses(namespace: dict[str, Any], pair: KeyPair) -> list[int]:
    """Ask the view with the rates of the settings' block, which REST framework reads when it is imported."""
    tokens.claims = {"client_id": "billing", "scope": "accounts", "cnf": {"x5t#S256": pair.certificate.thumbprint}}
    changes = {"THROTTLE_RATES": namespace["REST_FRAMEWORK"]["DEFAULT_THROTTLE_RATES"], "timer": lambda _: 0}
    classes = [type("Throttle", (throttle,), changes) for throttle in namespace["Payments"].throttle_classes]
    view = namespace["Payments"].as_view(throttle_classes=classes)
    factory = CertificateAPIRequestFactory(pair)
    return [view(factory.get("/", headers={"Authorization": "Bearer good"})).status_code for _ in range(11)]


def test_every_check_is_documented() -> None:
    source = Path(checks.__file__).read_text()
    assert set(re.findall(r"django_mtls_rest_framework\.([EW]\d{3})", source)) == set(
        re.findall(r"\.([EW]\d{3})`", TEXT)
    )
