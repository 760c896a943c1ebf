"""Resident memory after many distinct certificates, which a stranger can send."""

import gc
from collections.abc import Iterator
from itertools import islice

import psutil

from wsgi_mtls import sources

from .certificates import LABELS, Kind, leaf, nginx, serials
from .effort import Effort
from .requests import CERT
from .tables import Growth, Row, Table

_MOST = 32
_WARM = 100


def run(effort: Effort) -> Iterator[Table]:
    """Send certificates, and look at the memory as they come."""
    marks = [mark for mark in (1000, 5000, 10_000, 100_000, 1_000_000) if mark <= effort.strangers]
    lines = {LABELS["ec"]: _filled("ec", marks)}
    rows = [
        Row(
            f"{marks[-1]:,} distinct certificates, {label}",
            "each read, and its names asked for",
            f"{used[-1]:.3g} MiB",
            bar=f"≤ {_MOST} MiB",
            met=used[-1] <= _MOST,
            stops="What is remembered is bounded by octets of headers; the rest is what was read of them.",
        )
        for label, used in lines.items()
    ]
    growth = Growth("memory", "distinct certificates", "MiB above the start", marks, lines)
    yield Table("Memory that a stranger fills", rows, growths=[growth])


def _filled(kind: Kind, marks: list[int]) -> list[float]:
    source = sources.nginx(trusted_proxies=["127.0.0.1"])
    made = serials(leaf(kind).certificate.der)

    def send(count: int) -> None:
        for der in islice(made, count):
            peer = source({"REMOTE_ADDR": "127.0.0.1", CERT: nginx(der)})
            assert peer is not None
            assert peer.certificate.san_dns

    send(_WARM)
    gc.collect()
    before, sent, used = _resident(), 0, []
    for mark in marks:
        send(mark - sent)
        sent = mark
        used.append(_resident() - before)
    return used


def _resident() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20
