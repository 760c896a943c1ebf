"""The package page's description: README.md, with links that work outside of the repository.

Everything else is in ``pyproject.toml``. Links to files are made absolute with ``Source`` of ``[project.urls]``. While
the project has no public address, their text is left without a link, and a picture is left out.
"""

import re
import tomllib
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
_TO_A_FILE = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]+)\]\((?!https?://|#)(?P<path>[^)\s]+)\)")


def for_the_package_page(readme: str, source: str | None) -> str:
    """Return the README with links that work on a package page.

    Args:
        readme: the Markdown, with links that are relative to the repository.
        source: the URL of the repository at a host that has its files below ``blob/HEAD`` and ``raw/HEAD``, or None.
    """

    def absolute(link: re.Match[str]) -> str:
        if source is None:
            return "" if link["image"] else link["text"]
        kind = "raw" if link["image"] else "blob"
        return f"{link['image']}[{link['text']}]({source.rstrip('/')}/{kind}/HEAD/{link['path']})"

    return _TO_A_FILE.sub(absolute, readme)


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    setup(
        long_description=for_the_package_page(
            (ROOT / "README.md").read_text(encoding="utf-8"), project.get("urls", {}).get("Source")
        ),
        long_description_content_type="text/markdown",
    )
