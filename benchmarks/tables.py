"""Tables: rows with medians, quartiles, ratios and bars.

They are JSON between processes, and Markdown in the report.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    Attributes:
        what: what was measured.
        yields: what comes of it, since peers do less.
        measured: the median with its quartiles and unit, written out.
        ratio: to ``against``; None where the row is only shown.
        against: what it is compared with.
        bar: what the ratio, or the figure itself, must be; empty where nothing is asked.
        met: whether it is; None without a bar.
        stops: what stops it, where it is not met, and what was tried.
        profile: where the time goes, where the bar is not met.
    """

    what: str
    yields: str = ""
    measured: str = ""
    ratio: float | None = None
    against: str = ""
    bar: str = ""
    met: bool | None = None
    stops: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Growth:
    """How figures grow: a plot.

    Attributes:
        name: of the file.
        axis: what grows.
        unit: of the figures.
        sizes: the values of what grows.
        lines: the figures for each size, by what was measured.
        skipped: why some of it could not be measured.
    """

    name: str
    axis: str
    unit: str
    sizes: list[int]
    lines: dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report.

    Attributes:
        title: its heading.
        rows: its lines.
        note: what a reader must know.
        growths: the plots below it.
    """

    title: str
    rows: list[Row]
    note: str = ""
    growths: list[Growth] = field(default_factory=list)


def from_json(data: dict[str, Any]) -> Table:
    """Return the table that :func:`dataclasses.asdict` turned into ``data``."""
    rows = [Row(**row) for row in data["rows"]]
    return Table(data["title"], rows, data["note"], [Growth(**growth) for growth in data["growths"]])


def markdown(table: Table) -> str:
    """Return a table as Markdown, with what stops a bar and its profile below it."""
    lines = [f"## {table.title}", ""]
    if table.note:
        lines += [table.note, ""]
    lines += [
        "| what | yields | median (quartiles) | ratio | to | bar | met |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += map(_line, table.rows)
    for row in table.rows:
        if row.met is False:
            lines += ["", f"**{row.what}** misses {row.bar}. {row.stops}".rstrip()]
            lines += ["", "```text", row.profile, "```"] if row.profile else []
    for growth in table.growths:
        lines += ["", f"![{', '.join(growth.lines)}, by {growth.axis}](plots/{growth.name}.svg)"]
    return "\n".join([*lines, ""])


def _line(row: Row) -> str:
    ratio = "" if row.ratio is None else f"{row.ratio:.3g}"
    met = {None: "", True: "yes", False: "**no**"}[row.met]
    return f"| {row.what} | {row.yields} | {row.measured} | {ratio} | {row.against} | {row.bar} | {met} |"
