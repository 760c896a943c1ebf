"""Where the time of a call goes: the functions with the most time of their own."""

import cProfile
import pstats
import re

from .timing import Run

_CALLS = 300
_LINES = 10


def profile(run: Run) -> str:
    """Return the most expensive functions; a profiler overrates many small calls."""
    run()
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(_CALLS):
        run()
    profiler.disable()
    stats = pstats.Stats(profiler)
    entries = stats.stats.items()  # type: ignore[attr-defined]  # typeshed leaves it out
    dearest = sorted(entries, key=lambda entry: -entry[1][2])[:_LINES]
    lines = [
        f"{own / _CALLS * 1e6:8.2f} µs {calls / _CALLS:6.1f} calls  {_place(file)}:{line} {name}"
        for (file, line, name), (_, calls, own, _, _) in dearest
    ]
    return "\n".join(lines)


def _place(file: str) -> str:
    return re.sub(
        r"^.*(?=(wsgi_mtls|flask_mtls|django_mtls|benchmarks)/)|^.*site-packages/|^.*/lib/python3[^/]*/", "", file
    )
