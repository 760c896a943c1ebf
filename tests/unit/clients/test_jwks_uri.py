"""Clients that publish their certificates at a ``jwks_uri``: rows 20 to 23 and 72, over real HTTPS."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from queue import Queue
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from tests.support import ACCEPTED, Endpoint, Outcome
from tests.tokens import JSONServer, json_response, json_server
from tests.unit.test_sealed_store import SECRET, Shared
from wsgi_mtls.clients import LastFetch
from wsgi_mtls.clients.jwks_uri import KeySets
from wsgi_mtls.jwks import jwk
from wsgi_mtls.sealed_store import SealedStore
from wsgi_mtls.store import MemoryStore
from wsgi_mtls.testing import KeyPair, self_sign

OLD, NEW, STRANGER = self_sign("CN=mobile"), self_sign("CN=mobile"), self_sign("CN=mobile")
UNREGISTERED: Outcome = (401, "invalid_client", "certificate_not_registered")
UNAVAILABLE: Outcome = (401, "invalid_client", "jwks_unavailable")
DAY = 86400


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JSONServer]:
    with json_server(tmp_path_factory.mktemp("clients"), lambda _: json_response({})) as running:
        yield running


class Site:
    """An authorization server whose clients publish their certificates, and the server where they do."""

    def __init__(self, server: JSONServer, **options: Any) -> None:
        self.server = server
        self.clock = Clock()
        server.asked.clear()
        settings: dict[str, Any] = {
            "ca_file": server.folder / "ca.pem",
            "allowed_networks": ["127.0.0.1/32"],
            "any_port": True,
            "store": MemoryStore(clock=self.clock),
            **options,
        }
        self.key_sets = KeySets(**settings)
        self.register(mobile="", other="?other")

    def register(self, **clients: str) -> None:
        """Register clients whose sets are at the server's URL with this query."""
        metadata = {
            name: {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": self.server.url + query}
            for name, query in clients.items()
        }
        self.endpoint = Endpoint(metadata, verifier={"key_sets": self.key_sets})

    def publish(self, *pairs: KeyPair, **headers: str) -> None:
        keys = [jwk(pair.certificate) for pair in pairs]

        def answer(_: Request) -> Response:
            response = json_response({"keys": keys})
            response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
            return response

        self.server.answer = answer

    def outcome(self, pair: KeyPair, client_id: str = "mobile") -> Outcome:
        return self.endpoint.outcome(client_id, pair, "FAILED:self-signed certificate")

    @property
    def fetches(self) -> int:
        return len(self.server.asked)


@pytest.fixture
def site(server: JSONServer) -> Site:
    return Site(server)


def test_published_certificate(site: Site) -> None:
    site.publish(OLD)
    assert [site.outcome(OLD) for _ in range(3)] == [ACCEPTED] * 3
    assert site.fetches == 1
    assert site.outcome(OLD, "other") == ACCEPTED  # another URL
    assert site.fetches == 2


def test_without_key_sets(server: JSONServer) -> None:
    client = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": server.url}
    endpoint = Endpoint({"mobile": client})
    assert endpoint.outcome("mobile", OLD, "FAILED") == UNAVAILABLE
    assert "KeySets" in (endpoint.events[0].detail or "")
    with pytest.raises(ValueError, match="key_sets"):
        Endpoint({}, verifier={"key_sets": {}})


def test_rotation(site: Site) -> None:
    """Old key, both, new key; the withdrawn one stops within the age."""
    site.publish(OLD)
    assert site.outcome(OLD) == ACCEPTED
    site.publish(OLD, NEW)
    assert site.outcome(NEW) == ACCEPTED  # unknown: fetched at once
    assert site.outcome(OLD) == ACCEPTED
    assert site.fetches == 2
    site.publish(NEW)
    assert site.outcome(OLD) == ACCEPTED  # still fresh
    site.clock.now += 900
    assert site.outcome(OLD) == UNREGISTERED
    assert site.outcome(NEW) == ACCEPTED
    assert site.fetches == 3


def test_older_set_in_a_shared_store(server: JSONServer) -> None:
    """Another program may put back what was sealed once: with the mark of a later set it does not count as fresh."""
    shared, now = Shared(), Clock()
    site = Site(server, store=SealedStore(shared, SECRET, clock=now))
    site.publish(OLD)
    assert site.outcome(OLD) == ACCEPTED
    older = {key: value for key, value in shared.values.items() if key.startswith("set:")}
    site.publish(NEW)
    now.now += 900
    assert site.outcome(OLD) == UNREGISTERED
    assert site.outcome(NEW) == ACCEPTED
    assert site.fetches == 2
    shared.values.update(older)
    assert site.outcome(OLD) == UNREGISTERED
    assert site.outcome(NEW) == ACCEPTED
    assert site.fetches == 3


def test_flood_of_unknown_certificates(site: Site) -> None:
    site.publish(OLD)
    assert site.outcome(OLD) == ACCEPTED
    for _ in range(50):
        assert site.outcome(STRANGER) == UNREGISTERED
    assert site.fetches == 2
    site.publish(NEW)
    site.clock.now += 47  # less than 60 seconds less a fifth
    assert site.outcome(NEW) == UNREGISTERED
    site.clock.now += 26  # more than 60 seconds and a fifth
    assert site.outcome(NEW) == ACCEPTED
    assert site.fetches == 3


def redirect(_: Request) -> Response:
    return Response(status=302, headers={"Location": "https://127.0.0.1:1/"})


BROKEN: list[Callable[[Request], Response]] = [
    redirect,
    lambda _: Response(status=500),
    lambda _: Response(status=304),
    lambda _: Response(b'{"keys": ['),
    lambda _: Response(b"[" * 100_000),
    lambda _: json_response({"keys": [jwk(OLD.certificate)] * 101}),
    lambda _: json_response([]),
    lambda _: json_response({"keys": [jwk(OLD.certificate)], "x": "a" * 300_000}),
]


@pytest.mark.parametrize("answer", BROKEN)
def test_answer_that_is_not_a_set(site: Site, answer: Callable[[Request], Response]) -> None:
    site.server.answer = answer
    assert [site.outcome(OLD) for _ in range(5)] == [UNAVAILABLE] * 5
    assert site.fetches == 1
    site.publish(OLD)
    site.clock.now += 47
    assert site.outcome(OLD) == UNAVAILABLE
    site.clock.now += 26
    assert site.outcome(OLD) == ACCEPTED


def test_whatever_fails_is_a_refusal(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("an error of a library")

    with monkeypatch.context() as patched:
        patched.setattr("wsgi_mtls.clients.jwks_uri.read_key_set", fail)
        site.publish(OLD)
        assert site.outcome(OLD) == UNAVAILABLE
    assert site.outcome(OLD) == UNAVAILABLE
    site.clock.now += 73
    assert site.outcome(OLD) == ACCEPTED


def test_failures_are_repeated_ever_later(site: Site) -> None:
    site.server.answer = lambda _: Response(status=500)
    pauses = (60, 120, 240, 480, 900, 900)
    for number, pause in enumerate(pauses, 1):
        assert site.outcome(OLD) == UNAVAILABLE
        assert site.fetches == number
        site.clock.now += pause * 0.8 - 1
        assert site.outcome(OLD) == UNAVAILABLE
        assert site.fetches == number
        site.clock.now += pause * 0.4 + 1
    site.publish(OLD)
    assert site.outcome(OLD) == ACCEPTED


def test_old_set_counts_for_a_day_while_the_server_is_down(site: Site) -> None:
    site.publish(OLD)
    assert site.outcome(OLD) == ACCEPTED
    site.server.answer = lambda _: Response(status=500)
    site.clock.now += 900
    assert site.outcome(OLD) == ACCEPTED
    assert site.outcome(STRANGER) == UNREGISTERED
    assert site.fetches == 2
    site.clock.now += DAY - 900
    assert site.outcome(OLD) == ACCEPTED
    site.clock.now += 900
    assert site.outcome(OLD) == UNAVAILABLE


@pytest.mark.parametrize(
    ("headers", "fresh_for"),
    [
        ({}, 900),
        ({"Cache_Control": "max-age=0"}, 60),
        ({"Cache_Control": "no-store"}, 60),
        ({"Cache_Control": "max-age=3600"}, 3600),
        ({"Cache_Control": "max-age=3600", "Age": "3000"}, 600),
        ({"Cache_Control": "max-age=31536000"}, DAY),
        ({"Expires": "0"}, 60),
    ],
)
def test_age(site: Site, headers: dict[str, str], fresh_for: float) -> None:
    site.publish(OLD, **headers)
    assert site.outcome(OLD) == ACCEPTED
    site.publish(NEW, **headers)
    site.clock.now += fresh_for * 0.9 - 1
    assert site.outcome(OLD) == ACCEPTED
    assert site.fetches == 1
    site.clock.now += fresh_for * 0.1 + 1
    assert site.outcome(OLD) == UNREGISTERED
    assert site.fetches == 2


def test_revalidation(site: Site) -> None:
    keys = {"keys": [jwk(OLD.certificate)]}
    seen: list[str | None] = []

    def answer(http: Request) -> Response:
        seen.append(http.headers.get("If-None-Match"))
        if seen[-1] == '"one"':
            return Response(status=304, headers={"ETag": '"one"'})
        response = json_response(keys)
        response.headers["ETag"] = '"one"'
        return response

    site.server.answer = answer
    for _ in range(3):
        assert site.outcome(OLD) == ACCEPTED
        assert site.outcome(OLD) == ACCEPTED
        site.clock.now += 900
    assert seen == [None, '"one"', '"one"']


# Threads


class Hanging:
    """Answers that wait until they are let go."""

    def __init__(self, site: Site) -> None:
        self.go = Event()
        self.arrived: list[str] = []
        self.changed = Event()
        site.server.answer = self

    def __call__(self, http: Request) -> Response:
        self.arrived.append(http.query_string.decode())
        self.changed.set()
        self.go.wait(30)
        return json_response({"keys": [jwk(OLD.certificate)]})

    def wait_for(self, count: int) -> None:
        while len(self.arrived) < count:
            assert self.changed.wait(30)
            self.changed.clear()


class Requests:
    """Requests in threads of their own, and what came of them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.threads: list[Thread] = []
        self.outcomes: Queue[str] = Queue()

    def start(self, *client_ids: str) -> None:
        for client_id in client_ids:
            thread = Thread(target=self.post, args=(client_id,))
            thread.start()
            self.threads.append(thread)

    def post(self, client_id: str) -> None:
        answer = self.site.endpoint.post(client_id, OLD, "FAILED")
        self.outcomes.put("accepted" if answer.status == 200 else answer.json["error"])

    def next(self, count: int) -> list[str]:
        """Return the next outcomes."""
        return [self.outcomes.get(timeout=30) for _ in range(count)]

    def end(self) -> list[str]:
        """Return the outcomes that are left, after all requests have ended."""
        for thread in self.threads:
            thread.join()
        return self.next(self.outcomes.qsize())


def test_one_fetch_for_many_requests(site: Site) -> None:
    hanging, requests = Hanging(site), Requests(site)
    requests.start("mobile")
    hanging.wait_for(1)
    requests.start(*["mobile"] * 5)
    hanging.go.set()
    assert requests.end() == ["accepted"] * 6
    assert site.fetches == 1


def test_old_set_is_used_while_it_is_fetched_again(site: Site) -> None:
    site.publish(OLD)
    assert site.outcome(OLD) == ACCEPTED
    site.clock.now += 900
    hanging, requests = Hanging(site), Requests(site)
    requests.start("mobile")
    hanging.wait_for(1)
    assert site.endpoint.post("mobile", OLD, "FAILED").status == 200  # this thread does not wait
    assert requests.outcomes.empty()
    hanging.go.set()
    assert requests.end() == ["accepted"]
    assert site.fetches == 2


def test_endpoints_that_hang_park_few_requests(site: Site) -> None:
    """Two fetches from one host; all others fail at once, and other clients are served."""
    site.publish(OLD)
    assert site.outcome(OLD, "other") == ACCEPTED
    site.register(other="?other", **{f"c{number}": f"?{number}" for number in range(50)})
    hanging, requests = Hanging(site), Requests(site)
    requests.start("c0", "c1")
    hanging.wait_for(2)
    for number in range(2, 50):
        assert site.outcome(OLD, f"c{number}") == UNAVAILABLE
    assert site.outcome(OLD, "other") == ACCEPTED
    assert len(hanging.arrived) == 2
    hanging.go.set()
    assert requests.end() == ["accepted"] * 2
    assert site.outcome(OLD, "c2") == ACCEPTED


def test_requests_that_wait_are_few(server: JSONServer) -> None:
    """One client's endpoint hangs: no more requests wait for it than may fetch at once."""
    site = Site(server, max_fetches=2, max_fetches_per_host=1)
    hanging, requests = Hanging(site), Requests(site)
    requests.start("mobile")
    hanging.wait_for(1)
    requests.start(*["mobile"] * 6)
    assert requests.next(5) == ["invalid_client"] * 5
    hanging.go.set()
    assert requests.end() == ["accepted"] * 2


def test_new_certificate_waits_for_the_fetch_that_brings_it(site: Site) -> None:
    """The interval for unknown certificates refuses none that a running fetch brings."""
    site.publish(STRANGER)
    assert site.outcome(STRANGER) == ACCEPTED
    hanging, requests = Hanging(site), Requests(site)
    requests.start("mobile")
    hanging.wait_for(1)
    requests.start(*["mobile"] * 5)
    hanging.go.set()
    assert requests.end() == ["accepted"] * 6
    assert site.fetches == 2


def test_rotation_under_load(server: JSONServer) -> None:
    """Eight threads, in three phases: what is published is accepted, and what never was is not."""
    passing = count()  # a tenth of a second at each look, however fast the machine is
    site = Site(server, refetch_seconds=0.001, store=MemoryStore(clock=lambda: next(passing) / 10))
    phases = [([OLD], [OLD]), ([OLD, NEW], [NEW, OLD]), ([NEW], [NEW])]
    wrong: list[tuple[int, int]] = []

    def post_all(number: int, pairs: list[KeyPair], phase: Barrier) -> None:
        phase.wait()
        for _ in range(10):
            statuses = [site.endpoint.post("mobile", pair, "FAILED").status for pair in (*pairs, STRANGER)]
            if statuses != [200] * len(pairs) + [401]:
                wrong.append((number, statuses[-1]))

    for number, (published, pairs) in enumerate(phases):
        site.publish(*published)
        phase = Barrier(8)
        threads = [Thread(target=post_all, args=(number, pairs, phase)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://169.254.169.254/", "https://0x7f.1/"]
)
def test_default_leads_to_public_addresses_only(url: str) -> None:
    client = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": url}
    endpoint = Endpoint({"mobile": client}, verifier={"key_sets": KeySets()})
    assert endpoint.outcome("mobile", OLD, "FAILED") == UNAVAILABLE
    assert "not public" in (endpoint.events[0].detail or "")


@pytest.mark.parametrize(
    "options",
    [
        {"min_seconds": 0},
        {"max_seconds": 59},
        {"default_seconds": 0},
        {"refetch_seconds": 0},
        {"retry_seconds": 0},
        {"max_retry_seconds": 59},
        {"stale_seconds": -1},
        {"max_fetches": 0},
        {"max_fetches_per_host": 0},
        {"max_fetches_per_host": 9},
        {"timeout": 1},
        {"allowed_networks": "10.0.0.0/8"},
        {"min_seconds": float("nan")},
    ],
)
def test_options_that_can_not_be(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|at least|list"):
        KeySets(**options)


def test_look_fetches_for_a_check(site: Site) -> None:
    """Once: what is fresh is not fetched again, and neither is what has just failed."""
    site.publish(OLD, NEW)
    assert site.key_sets.last_fetch(site.server.url) == LastFetch(None, 0, None)
    before = datetime.now(UTC)
    found = [site.key_sets.look(site.server.url) for _ in range(2)]
    assert found[0] == found[1] == site.key_sets.last_fetch(site.server.url)
    assert site.fetches == 1
    assert (found[0].certificates, found[0].failure) == (2, None)
    assert found[0].fetched is not None
    assert before <= found[0].fetched <= datetime.now(UTC)


def test_look_reports_a_failure_until_a_set_comes(site: Site) -> None:
    site.publish(OLD)
    assert site.outcome(OLD) == ACCEPTED
    site.server.answer = lambda _: json_response({}, 500)
    site.clock.now += 1000
    for _ in range(2):
        last = site.key_sets.look(site.server.url)
        assert (last.certificates, last.failure) == (1, "Expected status 200, got 500.")
    assert site.fetches == 2
    site.publish(NEW)
    site.clock.now += 100  # after the pause
    assert site.key_sets.last_fetch(site.server.url).failure == "Expected status 200, got 500."
    assert site.key_sets.look(site.server.url).failure is None


def test_look_at_what_may_not_be_fetched() -> None:
    last = KeySets().look("https://127.0.0.1/jwks.json")
    assert last.fetched is None
    assert (
        last.failure == "127.0.0.1 has no address, or one that is not public; allowed_networks names those that may be."
    )


def test_publishing_the_certificate_of_another_client_does_not_lock_it_out(site: Site, ca: KeyPair) -> None:
    billing = ca.issue("CN=billing")
    pki = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=billing"}
    mobile = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks_uri": site.server.url}
    endpoint = Endpoint({"billing": pki, "mobile": mobile}, verifier={"key_sets": site.key_sets})
    site.publish(OLD, billing)
    assert endpoint.outcome("mobile", OLD, "FAILED:self-signed certificate") == ACCEPTED
    assert endpoint.outcome("billing", billing) == ACCEPTED
