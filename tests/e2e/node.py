"""Programs of Node's, and the npm packages that they use: clients and a server of other projects."""

import shutil
import subprocess
from pathlib import Path

from .conftest import skip_without

SCRIPTS = Path(__file__).with_name("javascript")


def install(folder: Path) -> None:
    """Copy the scripts into a folder, and install their packages there from the lock file."""
    npm = shutil.which("npm")
    skip_without(None if npm and shutil.which("node") else "node and npm are not installed: apt install npm")
    shutil.copytree(SCRIPTS, folder, dirs_exist_ok=True)
    command = [npm or "", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    skip_without(f"npm ci failed: {done.stderr[-500:]}" if done.returncode else None)
