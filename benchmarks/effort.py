"""How much is measured: in full, or quickly to see whether a change helps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured.

    Attributes:
        rounds: how often each function is timed.
        slice_ms: how long one timing takes.
        strangers: how many distinct certificates the memory is measured with.
        clients: the largest registry.
        http_seconds: how long one run of wrk takes.
        http_runs: how many runs of each application; 0 leaves HTTP out.
        processes: how often a command is started.
    """

    rounds: int
    slice_ms: float
    strangers: int
    clients: int
    http_seconds: int
    http_runs: int
    processes: int


FULL = Effort(rounds=25, slice_ms=2.0, strangers=1_000_000, clients=100_000, http_seconds=4, http_runs=7, processes=11)
QUICK = Effort(rounds=7, slice_ms=1.0, strangers=1_000, clients=1_000, http_seconds=1, http_runs=0, processes=3)
