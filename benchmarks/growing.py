"""Figures that may grow: the same calls at several sizes, timed side by side."""

from collections.abc import Callable, Mapping, Sequence

from .effort import Effort
from .profiles import profile
from .tables import Growth, Row, Table
from .timing import Run, quartiles, sample


def grow(
    title: str,
    growth: tuple[str, str],
    sizes: Sequence[int],
    make: Callable[[int], Mapping[str, Run]],
    effort: Effort,
    *,
    at_most: float | None = None,
    stops: str = "",
    note: str = "",
) -> Table:
    """Time the same calls at several sizes.

    Args:
        title: of the table.
        growth: the name of the plot, and what grows.
        sizes: the values of what grows.
        make: returns the calls for a size, by name.
        effort: how much is measured.
        at_most: how often the first size's time the last one's may be.
        stops: what stops it if it is more.
        note: what a reader must know.
    """
    runs = {(name, size): run for size in sizes for name, run in make(size).items()}
    labels = {f"{name} {size}": (name, size) for name, size in runs}
    found = sample({label: runs[key] for label, key in labels.items()}, rounds=effort.rounds, slice_ms=effort.slice_ms)
    times = {key: found[label] for label, key in labels.items()}
    first, last = sizes[0], sizes[-1]
    rows: list[Row] = []
    for name in dict.fromkeys(name for name, _ in runs):
        low, middle, high = quartiles(times[name, last])
        ratio = quartiles([b / a for a, b in zip(times[name, first], times[name, last], strict=True)])[1]
        met = None if at_most is None else ratio <= at_most
        rows.append(
            Row(
                f"{name}, {last:,}",
                measured=f"{middle:.3g} µs ({low:.3g} to {high:.3g})",
                ratio=ratio,
                against=f"{first:,}",
                bar="" if at_most is None else f"≤ {at_most:.3g} ×",
                met=met,
                stops=stops if met is False else "",
                profile=profile(runs[name, last]) if met is False else "",
            )
        )
    lines = {name: [quartiles(times[name, size])[1] for size in sizes] for name in dict.fromkeys(n for n, _ in runs)}
    return Table(title, rows, note, growths=[Growth(growth[0], growth[1], "µs", list(sizes), lines)])
