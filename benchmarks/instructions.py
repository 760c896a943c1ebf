"""Instructions of a request with a known certificate.

They do not depend on the machine's load.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .counted import FORM, cases
from .effort import Effort
from .tables import Row, Table

ROUNDS = 100
MISSING = "valgrind is missing"


def run(effort: Effort) -> Iterator[Table]:
    """Count, if valgrind is there."""
    title = "Instructions, seen certificate"
    if not available():
        yield Table(title, [Row("instructions", f"skipped: {MISSING}")])
        return
    found, _ = count()
    rows = [Row(FORM, measured=f"{found[FORM]:,.0f} instructions")]
    rows += [
        Row(name, "", f"{number:,.0f} instructions", number / found[FORM], FORM)
        for name, number in found.items()
        if name != FORM
    ]
    note = "By callgrind, start-up left out. `tests/unit/test_instructions.py` keeps the ratios."
    yield Table(title, rows, note)


def available() -> bool:
    """Return whether valgrind is on the path."""
    return shutil.which("valgrind") is not None


def count(rounds: int = ROUNDS) -> tuple[dict[str, float], float]:
    """Return the instructions of each case, and of the first one again.

    The second count of the first shows the precision.

    Raises:
        RuntimeError: If callgrind wrote other counts than were asked for.
    """
    names = list(cases())
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        _callgrind(out, rounds)
        # out.1 has the start, out.2 what followed the first mark, and so on; out has the end of the process.
        counts = [_total(out.with_suffix(f".{number}")) / rounds for number in range(2, len(names) + 3)]
    return dict(zip(names, counts, strict=False)), counts[-1]


def _callgrind(out: Path, rounds: int) -> None:
    options = ["--tool=callgrind", "--dump-before=getppid", f"--callgrind-out-file={out}"]
    command = ["valgrind", *options, sys.executable, "-m", "benchmarks.counted", str(rounds)]
    environ = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"}  # another variable can move what is in memory
    done = subprocess.run(
        command, cwd=Path(__file__).parent.parent, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"callgrind failed:\n{done.stderr}")


def _total(file: Path) -> int:
    if not file.exists():
        raise RuntimeError(f"callgrind saw no call of getppid where it should end {file.name}.")
    found = re.search(r"^totals: (\d+)$", file.read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"{file.name} has no totals.")
    return int(found[1])
