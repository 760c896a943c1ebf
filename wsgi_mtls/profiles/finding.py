"""One requirement of a profile, and what a server's metadata show of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProfileFinding:
    """One requirement, checked.

    Attributes:
        section: the section of the profile, with the number of the requirement in its list.
        requirement: what the profile asks for.
        problem: what the metadata show instead, and what to change; None where the requirement is met.
    """

    section: str
    requirement: str
    problem: str | None = None

    @property
    def is_met(self) -> bool:
        """Whether the requirement is met."""
        return self.problem is None
