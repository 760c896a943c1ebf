"""Every row of the table, over every entry point; each refusal has an accepted twin."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from tests.confirmations import Confirmation
from tests.support import Answer
from wsgi_mtls.events import Event

from .certificates import OTHER, Certificates, Metadata, Registration
from .not_played import NOT_PLAYED, why_not
from .row import ClientRow, Refusal, Row, Sent, TokenRow, environ_of
from .table import ROWS
from .ways.way import WAYS, Way

PLAYED = [(row, way) for row in ROWS for way in WAYS if not why_not(row, way)]


class Game:
    """One row at one way in."""

    def __init__(self, row: Row, way: Way, name: str, made: Certificates, caplog: pytest.LogCaptureFixture) -> None:
        self.row, self.way, self.name, self.made, self.caplog = row, way, name, made, caplog

    def ask(self, sent: Sent, *, twin: bool) -> tuple[Answer, Event | None]:
        """Send a request; return the answer and what was reported, which is one event or none."""
        self.caplog.clear()
        with self.caplog.at_level(logging.INFO, "wsgi_mtls"):
            answer = self._send(sent, environ_of(self.row, sent, self.made), twin)
        reported: list[Any] = [getattr(record, "mtls_event", None) for record in self.caplog.records]
        events = [event for event in reported if event is not None and event.name != "untrusted_proxy"]
        assert len(events) <= 1, events
        return answer, events[0] if events else None

    def _send(self, sent: Sent, environ: Mapping[str, str], twin: bool) -> Answer:
        row = self.row
        if isinstance(row, ClientRow):
            rp = row.right if twin and row.right is not None else row.client
            clients = {"rp": self._metadata(rp), "other": OTHER}
            return self.way.authenticate(row.source, clients, sent, environ)
        if isinstance(row, TokenRow):
            required = row.right_required if twin and row.right_required is not None else row.required
            claims = self._claims(row.bound_to, sent.cnf)
            return self.way.use_token(row.source, claims, environ, required=required)
        return self.way.present(row.source, environ)

    def _metadata(self, registration: Registration) -> Metadata:
        return registration(self.made) if callable(registration) else registration

    def _claims(self, bound_to: str, cnf: Confirmation | None) -> dict[str, object]:
        claims: dict[str, object] = {"client_id": "rp", "scope": "accounts read"}
        return claims if cnf is None else {**claims, "cnf": cnf(self.made[bound_to].certificate.thumbprint)}

    def refused(self, sent: Sent) -> Refusal:
        """Send an attack; return what the refusal looks like."""
        answer, event = self.ask(sent, twin=False)
        challenge = answer.headers.get("WWW-Authenticate", "")
        assert event is None or event.name == REJECTED[self.row.kind], event
        if self.row.kind == "token":
            assert challenge.startswith("Bearer "), challenge
            return Refusal(answer.status, _error(challenge), _reason(event))
        # Mutual TLS has no HTTP scheme to name: a challenge answers an Authorization header and nothing else.
        assert not challenge or sent.authorization, challenge
        assert self.row.kind == "certificate" or answer.headers["Cache-Control"] == "no-store"
        return Refusal(answer.status, json.loads(answer.body).get("error"), _reason(event))

    def accepted(self, sent: Sent) -> None:
        """Send an accepted twin."""
        answer, event = self.ask(sent, twin=True)
        assert answer.status == 200, answer
        if event is None:
            assert self.row.kind in SILENT.get(self.name.partition("-")[0], ("certificate",))
        else:
            assert (event.name, event.client_id) == (ACCEPTED[self.row.kind], "rp")


REJECTED = {"client": "client_rejected", "token": "token_rejected", "certificate": "client_rejected"}
ACCEPTED = {"client": "client_authenticated", "token": "token_accepted"}
SILENT = {"oauth_toolkit": ("token",)}
"""What is accepted without a report: a certificate that is enough in itself; OAuth Toolkit keeps its own log."""


def _reason(event: Event | None) -> str | None:
    return None if event is None else event.reason


def _error(challenge: str) -> str | None:
    return challenge.partition('error="')[2].partition('"')[0] or None


@pytest.fixture
def game(
    row: Row, way: str, made: Certificates, find_way: Callable[[str], Way], caplog: pytest.LogCaptureFixture
) -> Game:
    return Game(row, find_way(way), way, made, caplog)


def ids(pairs: Iterable[tuple[Row, str]]) -> list[str]:
    return [f"{row.id}-{way}" for row, way in pairs]


@pytest.mark.parametrize(("row", "way"), PLAYED, ids=ids(PLAYED))
def test_row(game: Game, row: Row, way: str) -> None:
    for sent in row.attacks:
        assert game.refused(sent) == row.expected_at(way), sent
    for sent in row.accepted:
        game.accepted(sent)


def test_what_is_not_played() -> None:
    """Each row is played at each way, or is listed with one reason why it cannot be."""
    assert len({row.id for row in ROWS}) == len(ROWS)
    played = set(ids(PLAYED))
    for row in ROWS:
        for way in WAYS:
            reasons = why_not(row, way)
            assert len(reasons) <= 1, (row.id, way)
            assert (f"{row.id}-{way}" in played) != bool(reasons), (row.id, way)
        assert set(row.apart) <= {*WAYS, *(way.partition("-")[0] for way in WAYS)}
    for entry in NOT_PLAYED:
        assert set(entry.ways) <= WAYS.keys()
        assert any(entry.rows(row) for row in ROWS), entry.why
