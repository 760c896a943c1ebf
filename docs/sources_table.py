"""Write the table of presets into docs/sources.md: ``python docs/sources_table.py``.

It is made from :data:`wsgi_mtls.sources.PRESETS` and the folders of ``deploy/``.
"""

from pathlib import Path

from wsgi_mtls.sources import PRESETS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "sources.md"
BEGIN, END = "<!-- presets: made by docs/sources_table.py -->\n", "<!-- end of presets -->\n"

_HEAD = ("terminator", "preset", "default headers or keys", "encoding", "chain", "verified", "self-signed clients")
_DUTIES = ("preset", "what the operator must make true", "configuration")


def tables() -> str:
    """Return both tables: what each preset reads, and what its operator must make true."""
    lines, duties = [_HEAD, ("---",) * len(_HEAD)], [_DUTIES, ("---",) * len(_DUTIES)]
    for preset in PRESETS.values():
        terminator = preset.terminator
        for call, row in preset.rows():
            lines.append((terminator, f"`{call}`", *row.cells(), row.self_signed))
            terminator = ""
        duties.append((f"`{preset.name}`", preset.duty, _configuration(preset.deploy)))
    return "\n".join(map(_line, lines)) + "\n\n" + "\n".join(map(_line, duties)) + "\n"


def page() -> str:
    """Return the page with the tables as they should be."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{PAGE} must contain {BEGIN.strip()} and {END.strip()}.")
    return f"{before}{BEGIN}{tables()}{END}{after}"


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _configuration(folder: str | None) -> str:
    if folder is None:
        return ""
    if not (ROOT / "deploy" / folder).is_dir():
        raise ValueError(f"deploy/{folder} does not exist.")
    return f"[deploy/{folder}](../deploy/{folder})"


if __name__ == "__main__":
    PAGE.write_text(page())
