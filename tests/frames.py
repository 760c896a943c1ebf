"""How much of our code runs for a request: the frames that are entered, and their files."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TypeVar

import pytest

Request = TypeVar("Request")

_FOLDERS = tuple(
    str(Path(spec.origin).parent)
    for name in ("wsgi_mtls", "flask_mtls", "django_mtls")
    if (spec := find_spec(name)) is not None and spec.origin is not None
)

needs_cpython_311 = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or sys.implementation.name != "cpython",
    reason="the limits are of CPython 3.11; 3.12 enters no frame for a comprehension",
)


@dataclass(frozen=True)
class Frames:
    """The frames of our packages that were entered, in order.

    Attributes:
        entered: the file and the qualified name of each.
    """

    entered: Sequence[tuple[str, str]]

    @property
    def files(self) -> set[str]:
        """The files that they are in."""
        return {file for file, _ in self.entered}

    def count(self, name: str) -> int:
        """Return how often a function was entered, by its qualified name."""
        return sum(1 for _, entered in self.entered if entered == name)

    def check(self, *, frames: int, files: int) -> None:
        """Fail with the whole list where there are more than these."""
        listed = "\n".join(f"{number:3} {file} {name}" for number, (file, name) in enumerate(self.entered, 1))
        assert len(self.entered) <= frames, f"{len(self.entered)} frames, at most {frames}:\n{listed}"
        assert len(self.files) <= files, f"{len(self.files)} files, at most {files}:\n{sorted(self.files)}"


def frames(run: Callable[[], object]) -> Frames:
    """Return the frames of our packages that a call enters; a generator that is resumed is not entered again."""
    entered: list[tuple[str, str]] = []
    seen: dict[int, FrameType] = {}  # the frames themselves are kept, so that no two have one id

    def profile(frame: FrameType, event: str, _: object) -> None:
        file = frame.f_code.co_filename
        if event == "call" and id(frame) not in seen and file.startswith(_FOLDERS):
            seen[id(frame)] = frame
            entered.append((_short(file), frame.f_code.co_qualname))

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(before)
    return Frames(entered)


def frames_of_the_last(run: Callable[[Request], object], requests: Iterable[Request]) -> Frames:
    """Return the frames of the last of several requests, so that what is kept of the first ones is there."""
    *first, last = requests
    for request in first:
        run(request)
    return frames(lambda: run(last))


def _short(file: str) -> str:
    return str(Path(file).relative_to(Path(next(f for f in _FOLDERS if file.startswith(f))).parent))
