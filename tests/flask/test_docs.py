"""The code in the documentation runs unchanged."""

import re
from pathlib import Path
from typing import Any

import pytest

from wsgi_mtls.testing import KeyPair, Profile, environ_for

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def run(name: str) -> dict[str, Any]:
    text = (DOCS / name).read_text() if name != "README.md" else readme_section()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert blocks
    namespace: dict[str, Any] = {"__name__": "documentation"}
    for number, block in enumerate(blocks, 1):
        exec(compile(block, f"{name}, block {number}", "exec"), namespace)
    return namespace


def readme_section() -> str:
    found = re.search(r"^## Flask\n(.*?)(?=^## )", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


@pytest.mark.parametrize("page", ["flask.md", "README.md"])
def test_flask(page: str, ca: KeyPair) -> None:
    namespace = run(page)
    client = namespace["app"].test_client()
    pair = ca.issue("CN=billing", Profile(san_dns=["billing.example.com"]))
    answer = client.post("/token", data={"client_id": "billing"}, environ_overrides=environ_for(pair))
    assert answer.json == {"issued_to": "billing", "cnf": {"x5t#S256": pair.certificate.thumbprint}}
    if page == "flask.md":
        answer = client.post("/bound-token", data={"client_id": "billing"}, environ_overrides=environ_for(pair))
        assert answer.json["cnf"] == {"x5t#S256": pair.certificate.thumbprint}
        namespace["test_token"](lambda subject, **profile: ca.issue(subject, Profile(**profile)))


def test_flask_settings_are_all_there() -> None:
    from flask_mtls.settings import SETTINGS

    assert set(re.findall(r"^\| `(MTLS_\w+)`", (DOCS / "flask.md").read_text(), re.MULTILINE)) == set(SETTINGS)


def test_ids_of_the_check_are_all_there() -> None:
    folder = ROOT / "integrations" / "flask_mtls"
    used = re.findall(r"\b(error|warning)\((\d),", (folder / "checks.py").read_text() + (folder / "cli.py").read_text())
    ids = [f"flask_mtls.{kind[0].upper()}{int(number):03}" for kind, number in used]
    documented = re.findall(r"^\| `(flask_mtls\.\w\d+)`", (DOCS / "flask.md").read_text(), re.MULTILINE)
    assert documented == sorted(set(ids))


@pytest.mark.parametrize("name", ["authlib.md"])
def test_authlib(name: str) -> None:
    assert run(name)["metadata"]["mtls_endpoint_aliases"]
