"""What the pages say: their settings, views and tests, in a new project."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def section(page: str) -> str:
    """Return a page, or its section on Django."""
    text = (ROOT / page).read_text()
    if page != "README.md":
        return text
    found = re.search(r"^#+ Django\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        pytest.skip("README.md has no section on Django")
    return found[1]


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", section(page), re.DOTALL)


@pytest.mark.parametrize("page", ["docs/django.md", "README.md"])
def test_page(page: str, tmp_path: Path) -> None:
    settings, urls, *tests = blocks(page)
    if not tests:  # the README's view is the page's, without users
        tests = [re.sub(r"    def test_profile.*?\n\n", "", blocks("docs/django.md")[2], flags=re.DOTALL)]
    environ = {key: value for key, value in os.environ.items() if key not in ("DJANGO_SETTINGS_MODULE", "PYTHONPATH")}

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    run("-m", "django", "startproject", "project", ".")
    with (tmp_path / "project" / "settings.py").open("a") as file:
        file.write(f"\nALLOWED_HOSTS = ['*']\n{settings}")
    (tmp_path / "project" / "urls.py").write_text(urls)
    assert "no issues" in run("manage.py", "check")
    run("manage.py", "migrate", "--verbosity", "0")
    for number, test in enumerate(tests):
        (tmp_path / "project" / f"test_{number}.py").write_text(test)
    assert tests
    ran = run("-W", "error", "manage.py", "test")
    assert "OK" in ran
    assert f"Ran {''.join(tests).count('def test_')} test" in ran


def test_checks_are_documented() -> None:
    page = (ROOT / "docs" / "django.md").read_text()
    source = (ROOT / "integrations" / "django_mtls" / "checks.py").read_text()
    source += (ROOT / "integrations" / "django_mtls" / "conf.py").read_text()
    assert {check for check in re.findall(r"django_mtls\.[EW]\d{3}", source) if f"`{check}`" not in page} == set()
