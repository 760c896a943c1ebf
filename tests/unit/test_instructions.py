"""How many instructions a request takes whose certificate was seen before, as valgrind counts them.

A ratio to the standard library's ``parse_qsl`` in the same process, since the counts themselves depend on the machine:
two runs of one interpreter differ by 0.3 %, another CPU adds 0.3 %, Debian's build of CPython takes 2 % less.
"""

import os

import pytest

from benchmarks.counted import CLIENT, FORM, OPEN, TOKEN
from benchmarks.instructions import MISSING, available, count
from tests.frames import needs_cpython_311

AT_MOST = {CLIENT: 1.58, TOKEN: 1.16, OPEN: 0.22}
TOLERANCE = 1.01


@needs_cpython_311
def test_instructions_of_a_request() -> None:
    if not available():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    found, again = count()
    assert again == pytest.approx(found[FORM], rel=TOLERANCE - 1), "the counts are not exact enough"
    ratios = {name: found[name] / found[FORM] for name in AT_MOST}
    more = {
        name: f"{ratios[name]:.3f}, at most {most}" for name, most in AT_MOST.items() if ratios[name] > most * TOLERANCE
    }
    assert not more, f"Requests take more instructions than they did: {more}. All: {ratios}"
