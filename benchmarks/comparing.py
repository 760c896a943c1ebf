"""Cases side by side, each with the bars that it must meet."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from .profiles import profile
from .tables import Row
from .timing import Clock, Run, quartiles, sample


@dataclass(frozen=True, slots=True)
class Bar:
    """What a case may cost at most, as a multiple of another case.

    Attributes:
        against: the other case, by name.
        at_most: the multiple.
        stops: what stops it if it is not met, and what was tried.
    """

    against: str
    at_most: float
    stops: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One function to time.

    Attributes:
        name: what it is.
        run: the function.
        yields: what comes of it.
        less: a case to subtract first, such as the making of the environ.
        bars: what it must meet.
    """

    name: str
    run: Run
    yields: str = ""
    less: str | None = None
    bars: Sequence[Bar] = ()


def compare(
    cases: Sequence[Case], *, rounds: int, slice_ms: float = 2.0, clock: Clock = time.thread_time_ns
) -> list[Row]:
    """Time cases side by side, and profile those that miss a bar."""
    found = sample({case.name: case.run for case in cases}, rounds=rounds, slice_ms=slice_ms, clock=clock)
    less = {case.name: case.less for case in cases}

    def times(name: str) -> list[float]:
        """Return what a case took in each round, without the one that is taken off."""
        off = less[name]
        if off is None:
            return found[name]
        return [max(whole - part, 0.001) for whole, part in zip(found[name], found[off], strict=True)]

    rows: list[Row] = []
    for case in cases:
        own = times(case.name)
        low, middle, high = quartiles(own)
        measured = f"{middle:.3g} µs ({low:.3g} to {high:.3g})"
        if not case.bars:
            rows.append(Row(case.name, case.yields, measured))
        for bar in case.bars:
            ratio = quartiles([a / b for a, b in zip(own, times(bar.against), strict=True)])[1]
            met = ratio <= bar.at_most
            missed = {} if met else {"stops": bar.stops, "profile": profile(case.run)}
            rows.append(
                Row(case.name, case.yields, measured, ratio, bar.against, f"≤ {bar.at_most:.3g} ×", met, **missed)
            )
    return rows
