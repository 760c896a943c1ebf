"""``wsgi-mtls demo --behind``: the demo behind a real TLS terminator."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING

from cheroot.wsgi import Server

from .demo_files import REFUSED_BEFORE, DemoFiles
from .demo_rows import Row, Scenario
from .failure import Failure
from .terminators import DEPLOY, LOOPBACK, StartFailed, Terminator, running

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def expecting(scenario: Scenario, terminator: Terminator) -> Scenario:
    """Return the scenario with the refusals expected of the terminator itself."""
    rows = (
        replace(row, expected=REFUSED_BEFORE) if _is_refused_before(row, terminator) else row for row in scenario.rows
    )
    return replace(scenario, rows=tuple(rows))


def _is_refused_before(row: Row, terminator: Terminator) -> bool:
    if row.pair is None or terminator.lets_in == "any":
        return False
    if terminator.lets_in == "unexpired":
        return row.expected == "certificate_expired"
    return row.pair.certificate.is_self_signed or row.expected in ("certificate_expired", "chain_not_verified")


@contextmanager
def running_behind(terminator: Terminator, app: "WSGIApplication", files: DemoFiles) -> Iterator[int]:
    """Serve ``app`` behind the terminator; yields the port of the latter.

    Raises:
        Failure: If the program or its configuration is missing, or it did not start.
    """
    if not DEPLOY.is_dir():
        raise Failure(
            "--behind needs the source checkout, since the wheel has no deploy/: pip install --editable '.[cli]' there."
        )
    program = terminator.program
    if program is None:
        raise Failure(f"{terminator.programs[0]} is not installed: {terminator.install}")
    folder = files.folder / terminator.folder
    folder.mkdir()
    try:
        with (
            serving(Server((LOOPBACK, 0), app)) as app_port,
            running(terminator, program, folder, files.server, app_port) as port,
        ):
            yield port
    except StartFailed as error:
        raise Failure(f"{program} did not start: {str(error)[-300:]}") from None


@contextmanager
def serving(server: Server) -> Iterator[int]:
    """Serve in a thread; yields the port."""
    server.prepare()
    thread = Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server.bind_addr[1]
    finally:
        # In a thread that no signal reaches: half stopped, the server's workers would hold up the exit for ever.
        stopping = Thread(target=server.stop)
        stopping.start()
        stopping.join()
        thread.join()
