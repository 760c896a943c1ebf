"""Plots of growth, as SVG."""

from pathlib import Path

from .tables import Growth


def draw(growth: Growth, path: Path) -> None:
    """Draw how the figures grow.

    Both axes are logarithmic if the sizes are far apart.
    """
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = growth.name  # the same figures make the same file
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.5))
    for label, values in growth.lines.items():
        axes.plot(growth.sizes, values, marker="o", label=label)
    axes.set_xlabel(growth.axis)
    axes.set_ylabel(growth.unit)
    if max(growth.sizes) > 20 * max(1, min(growth.sizes)):
        axes.set_xscale("log")
    axes.set_xticks(growth.sizes, [f"{size:,}" for size in growth.sizes], rotation=30)
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.set_ylim(0, 1.1 * max(value for values in growth.lines.values() for value in values))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
