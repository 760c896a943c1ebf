"""The sources of installed releases, which carry tests of their own."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from tests.e2e.conftest import skip_without


def download(distribution: str, folder: Path) -> Path:
    """Return the source of the release that is installed, from where pip finds packages."""
    wanted = f"{distribution}=={version(distribution)}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-binary", ":all:", "--no-deps", wanted]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    except subprocess.TimeoutExpired:
        skip_without("pip download took longer than two minutes")
    found = list(folder.glob("*.tar.gz"))
    skip_without(None if found else f"pip can't download {wanted}: {done.stderr}")
    return found[0]
