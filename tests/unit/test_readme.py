"""The README is short, its Python code runs, and its links work on a package page."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from tests.support import mod_ssl, request
from wsgi_mtls.testing import KeyPair, Profile

README = Path(__file__).parents[2] / "README.md"
ADAPTERS = re.compile(r"^## (?:Flask|Django)\n.*?(?=^## )", re.DOTALL | re.MULTILINE)  # run by the adapters' own tests
BLOCKS = re.findall(r"^```python\n(.*?)^```$", ADAPTERS.sub("", README.read_text()), re.DOTALL | re.MULTILINE)


SECTIONS = ["See it", "Use it", "Flask", "Django", "Where TLS ends", "Limits", "Read on"]


def test_it_is_short() -> None:
    assert len(README.read_text().splitlines()) < 200


def test_its_shape() -> None:
    text = README.read_text()
    assert re.findall("^## (.*)$", text, re.MULTILINE) == SECTIONS
    before = text.partition("## See it")[0]
    assert re.findall(r"!\[[^\]]+\]\((.*)\)", before) == ["docs/picture.svg"]
    assert text.count("![") == 1


@pytest.mark.parametrize(("section", "lines"), [("Use it", 10), ("Flask", 10), ("Django", 13)])
def test_code_is_short(section: str, lines: int) -> None:
    text = README.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    code = "".join(re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    assert len([line for line in code.splitlines() if line.strip()]) <= lines


def for_the_package_page(readme: str, source: str | None) -> str:
    spec = spec_from_file_location("setup_py", README.with_name("setup.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    page: str = module.for_the_package_page(readme, source)
    return page


def test_links_of_the_package_page() -> None:
    page = for_the_package_page(README.read_text(), "https://code.example/wsgi-mtls")
    base = "https://code.example/wsgi-mtls/"
    targets = re.findall(r"\]\(([^)]+)\)", page)
    assert [target for target in targets if not target.startswith("https://")] == []
    files = {target.removeprefix(base) for target in targets if target.startswith(base)}
    assert "raw/HEAD/docs/picture.svg" in files
    assert "blob/HEAD/docs/flask.md" in files
    paths = [file.partition("/HEAD/")[2].partition("#")[0] for file in files]
    assert [path for path in paths if not (README.parent / path).is_file()] == []


def test_a_package_page_without_a_public_address_has_no_broken_link() -> None:
    page = for_the_package_page(README.read_text(), None)
    assert [target for target in re.findall(r"\]\(([^)]+)\)", page) if not target.startswith("https://")] == []
    assert "![" not in page
    assert (
        for_the_package_page("[docs/a.md](docs/a.md), [b](#b), [c](https://c)", None)
        == "docs/a.md, [b](#b), [c](https://c)"
    )


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
