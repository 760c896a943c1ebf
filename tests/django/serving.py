"""The small site of :mod:`tests.django.served_site` in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def serving(server: str, source: Mapping[str, object]) -> Iterator[int]:
    """Run the site behind a real server, with this certificate source; yields its port."""
    command = [sys.executable, "-m", "tests.django.served_site", server, json.dumps(source)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()
