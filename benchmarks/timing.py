"""Times of functions, side by side.

The functions run round-robin in random order, so that a loaded machine slows all of them alike.
"""

import gc
import itertools
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

Run = Callable[[], object]
Clock = Callable[[], int]


def sample(
    functions: Mapping[str, Run], *, rounds: int, slice_ms: float = 2.0, clock: Clock = time.thread_time_ns
) -> dict[str, list[float]]:
    """Return the microseconds per call of each function, one figure a round.

    Args:
        functions: what is timed, by name.
        rounds: how often each is timed.
        slice_ms: about how long one timing takes.
        clock: the thread's CPU time, or another where more than this thread works.
    """
    counts = {name: _calls(run, slice_ms, clock) for name, run in functions.items()}
    found: dict[str, list[float]] = {name: [] for name in functions}
    order = list(functions)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            found[name].append(_timed(functions[name], counts[name], clock))
    return found


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the first quartile, the median and the third quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def _calls(run: Run, slice_ms: float, clock: Clock) -> int:
    for _ in range(3):
        run()
    calls, start = 0, clock()
    while (spent := clock() - start) < 1_000_000 and calls < 1000:
        run()
        calls += 1
    return max(1, int(slice_ms * 1e6 * calls / max(spent, 1)))


def _timed(run: Run, calls: int, clock: Clock) -> float:
    loop = itertools.repeat(None, calls)
    gc.collect(0)
    gc.disable()
    try:
        start = clock()
        for _ in loop:
            run()
        return (clock() - start) / calls / 1000
    finally:
        gc.enable()
