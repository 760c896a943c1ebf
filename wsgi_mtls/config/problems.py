"""The problems of settings."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a setting, or risky.

    Attributes:
        name: of the setting.
        text: what is wrong and the remedy, to be read after the name.
    """

    name: str
    text: str

    def __str__(self) -> str:
        """Return it as a sentence."""
        return f"{self.name} {self.text}"


class InvalidSettings(ValueError):
    """The settings cannot be used.

    Attributes:
        problems: all that is wrong with them.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def misspelt(given: Collection[object], known: Collection[str], *, others: bool) -> list[Problem]:
    """Return a problem for each name that is not a setting.

    Args:
        given: the names.
        known: the names of all settings.
        others: whether an unknown name may belong to another package.
    """
    found = []
    for name in map(str, given):
        if name in known:
            continue
        if near := get_close_matches(name, known, 1, 0.75 if others else 0.6):
            found.append(Problem(name, f"is not a setting: did you mean {near[0]}?"))
        elif not others:
            found.append(Problem(name, f"is not a setting: the settings are {', '.join(sorted(known))}."))
    return found
