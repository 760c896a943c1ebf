"""The texts of docs and recipes about trust stores and CRLs."""

import re
from pathlib import Path

import pytest

from wsgi_mtls import Verifier
from wsgi_mtls.config import SETTINGS
from wsgi_mtls.errors import REASONS
from wsgi_mtls.testing import make_ca, to_pem
from wsgi_mtls.trust import TrustStore
from wsgi_mtls.trust.store import Options

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/trust.md").read_text()
RECIPES = sorted(path for path in (ROOT / "deploy").glob("*/*") if path.suffix != ".pem")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *RECIPES]
NEEDS_ONE = [
    path for path in PAGES if re.search(r"needs\s+a\s+trust\s+store|\btrust\s+store\s+of\s+its", path.read_text())
]


def test_who_needs_a_trust_store() -> None:
    names = {str(path.relative_to(ROOT)) for path in NEEDS_ONE}
    assert names == {
        "deploy/aws_alb/README.md",
        "deploy/azure_app_service/README.md",
        "deploy/caddy/Caddyfile",
        "deploy/envoy/envoy-xfcc.yaml",
        "deploy/envoy/envoy.yaml",
        "deploy/traefik/dynamic.yaml",
        "docs/sources.md",
    }


@pytest.mark.parametrize("path", NEEDS_ONE, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_is_shown_where_it_is_needed(path: Path) -> None:
    text = path.read_text()
    assert "trust=TrustStore.from_file(" in text
    assert re.search(r"setting\s+`?TRUST`?", text)
    assert "trust.md" in text


def test_what_is_shown_exists(tmp_path: Path) -> None:
    assert "TRUST" in SETTINGS
    file = tmp_path / "ca.pem"
    file.write_bytes(to_pem(make_ca().certificate))
    assert Verifier({}, trust=TrustStore.from_file(file)).rules.vouching is not None


@pytest.mark.parametrize("folder", sorted({path.parent for path in RECIPES}), ids=lambda folder: str(folder.name))
def test_every_recipe_tells_of_crls(folder: Path) -> None:
    assert any("CRLs" in path.read_text() for path in folder.iterdir())


def test_the_page_has_every_option_and_reason() -> None:
    assert {name for name in Options.__annotations__ if f"`{name}`" not in PAGE} == set()
    names = list(REASONS)
    reasons = names[names.index("chain_invalid") : names.index("revocation_unknown") + 1]
    assert {reason for reason in reasons if f"`{reason}`" not in PAGE} == set()
    for mode in ("off", "if_available", "required"):
        assert f'"{mode}"' in PAGE
