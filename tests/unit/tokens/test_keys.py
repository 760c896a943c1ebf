"""Keys from ``jwks_uri``, over real TLS."""

import gzip
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from tests.support import refused
from tests.tokens import NOW, GuardedAPI, Issuer, JSONServer, json_response, json_server
from wsgi_mtls.errors import InvalidToken
from wsgi_mtls.testing import make_ca, to_pem
from wsgi_mtls.tokens import JWTAccessTokens
from wsgi_mtls.tokens import keys as keys_module


class Clock:
    """A clock that does not move until it is set."""

    now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JSONServer]:
    with json_server(tmp_path_factory.mktemp("jwks"), lambda _: json_response({})) as running:
        yield running


class Rotating:
    """An issuer whose keys are fetched."""

    def __init__(self, server: JSONServer, *issuers: Issuer) -> None:
        self.server = server
        self.clock = Clock()
        self.publish(*issuers)
        server.asked.clear()
        self.tokens: JWTAccessTokens = issuers[0].tokens(
            jwks=None, jwks_uri=server.url, ca=server.folder / "ca.pem", clock=self.clock
        )

    def publish(self, *issuers: Issuer) -> None:
        keys = [key for issuer in issuers for key in issuer.jwks["keys"]]
        self.server.answer = lambda _: json_response({"keys": keys})

    @property
    def fetches(self) -> int:
        return len(self.server.asked)


def test_fetched_once(server: JSONServer) -> None:
    issuer = Issuer()
    rotating = Rotating(server, issuer)
    assert rotating.fetches == 0
    for _ in range(3):
        assert rotating.tokens.decode(issuer.token()) == issuer.claims()
    assert rotating.fetches == 1


def test_unknown_kid_has_them_fetched_again_but_throttled(server: JSONServer) -> None:
    old, new = Issuer("old"), Issuer("new")
    rotating = Rotating(server, old)
    assert rotating.tokens.decode(old.token())
    rotating.publish(new)
    rotating.clock.now += keys_module.REFETCH_INTERVAL - 1
    for _ in range(5):
        with refused("unknown_signing_key"):
            rotating.tokens.decode(new.token())
    assert rotating.fetches == 1
    rotating.clock.now += 1
    assert rotating.tokens.decode(new.token())
    assert rotating.fetches == 2
    with refused("unknown_signing_key"):
        rotating.tokens.decode(old.token())
    for number in range(20):
        with refused("unknown_signing_key"):
            rotating.tokens.decode(new.sign(new.claims(), kid=f"flood-{number}"))
    assert rotating.fetches == 2
    assert rotating.tokens.decode(new.token())


def test_withdrawn_key_is_forgotten(server: JSONServer) -> None:
    old, new = Issuer("old"), Issuer("new")
    rotating = Rotating(server, old, new)
    assert rotating.tokens.decode(old.token())
    rotating.publish(new)
    rotating.clock.now += keys_module.REFRESH_AFTER - 1
    assert rotating.tokens.decode(old.token(exp=NOW * 2))
    rotating.clock.now += 1
    with refused("unknown_signing_key"):
        rotating.tokens.decode(old.token(exp=NOW * 2))
    assert rotating.tokens.decode(new.token(exp=NOW * 2))
    assert rotating.fetches == 2


@pytest.mark.parametrize("kid", ["one", None])
def test_key_of_the_same_id_is_replaced(server: JSONServer, kid: str | None) -> None:
    old, new = Issuer(kid), Issuer(kid)
    rotating = Rotating(server, old)
    assert rotating.tokens.decode(old.token())
    rotating.publish(new)
    rotating.clock.now += keys_module.REFETCH_INTERVAL - 1
    with refused("token_signature_invalid"):
        rotating.tokens.decode(new.token())
    assert rotating.fetches == 1
    rotating.clock.now += 1
    assert rotating.tokens.decode(new.token())
    assert rotating.fetches == 2
    with refused("token_signature_invalid"):
        rotating.tokens.decode(old.token())


@pytest.mark.parametrize("kid", ["one", "unknown", None])
def test_garbage_tokens_cost_few_fetches(server: JSONServer, kid: str | None) -> None:
    issuer, thief = Issuer("one"), Issuer("one")
    rotating = Rotating(server, issuer)
    assert rotating.tokens.decode(issuer.token())
    garbage = thief.sign(thief.claims(), kid=kid)
    for number in range(1000):
        rotating.clock.now += keys_module.REFETCH_INTERVAL / 256
        with pytest.raises(InvalidToken) as caught:
            rotating.tokens.decode(garbage)
        assert caught.value.reason in ("token_signature_invalid", "unknown_signing_key")
        if number % 100 == 0:
            assert rotating.tokens.decode(issuer.token())
    assert rotating.fetches == 4  # the first, and one for each of the three intervals


def test_garbage_while_the_issuer_is_out_of_reach(server: JSONServer) -> None:
    """A wrong signature is the token's fault as long as there are keys, and the API's trouble when there are none."""
    issuer, thief = Issuer("one"), Issuer("one")
    rotating = Rotating(server, issuer)
    assert rotating.tokens.decode(issuer.token())
    server.answer = lambda _: Response(status=500)
    rotating.clock.now += keys_module.REFETCH_INTERVAL
    with refused("token_signature_invalid"):
        rotating.tokens.decode(thief.token())
    assert rotating.fetches == 2
    rotating.clock.now += keys_module.EXPIRE_AFTER
    with refused("tokens_unavailable"):
        rotating.tokens.decode(thief.token())


def test_keys_before_the_first_request(server: JSONServer) -> None:
    issuer = Issuer()
    rotating = Rotating(server, issuer)
    rotating.tokens.fetch_keys()
    assert rotating.fetches == 1
    assert rotating.tokens.decode(issuer.token())
    assert rotating.fetches == 1
    issuer.tokens().fetch_keys()  # they were given

    broken = Rotating(server, issuer)
    server.answer = lambda _: Response(status=500)
    with refused("tokens_unavailable"):
        broken.tokens.fetch_keys()


def test_server_that_has_jwk_sets_only(server: JSONServer) -> None:
    issuer = Issuer()
    rotating = Rotating(server, issuer)

    def strict(http: Request) -> Response:
        if "application/jwk-set+json" not in http.headers["Accept"]:
            return Response(status=406)
        return Response(json.dumps(issuer.jwks), content_type="application/jwk-set+json")

    server.answer = strict
    assert rotating.tokens.decode(issuer.token())


def test_issuer_out_of_reach_for_a_while(server: JSONServer) -> None:
    issuer = Issuer()
    rotating = Rotating(server, issuer)
    token = issuer.token(exp=NOW * 2)
    assert rotating.tokens.decode(token)
    server.answer = lambda _: Response(status=500)
    rotating.clock.now += keys_module.EXPIRE_AFTER - 1
    assert rotating.tokens.decode(token)
    assert rotating.tokens.decode(token)
    assert rotating.fetches == 2
    rotating.clock.now += 1
    with refused("tokens_unavailable"):
        rotating.tokens.decode(token)
    rotating.publish(issuer)
    rotating.clock.now += keys_module.REFETCH_INTERVAL
    assert rotating.tokens.decode(token)


def test_new_key_of_an_issuer_out_of_reach(server: JSONServer) -> None:
    """The token may be good (row 65): a client that gets "invalid" would throw it away."""
    old, new = Issuer("old"), Issuer("new")
    rotating = Rotating(server, old)
    assert rotating.tokens.decode(old.token())
    server.answer = lambda _: Response(status=500)
    rotating.clock.now += keys_module.REFETCH_INTERVAL
    for _ in range(2):
        with refused("tokens_unavailable"):
            rotating.tokens.decode(new.token())
        assert rotating.tokens.decode(old.token())
    assert rotating.fetches == 2
    rotating.publish(new)
    rotating.clock.now += keys_module.REFETCH_INTERVAL
    assert rotating.tokens.decode(new.token())
    with refused("unknown_signing_key"):
        rotating.tokens.decode(old.token())


def test_clock_that_is_set_back(server: JSONServer) -> None:
    issuer = Issuer()
    rotating = Rotating(server, issuer)
    assert rotating.tokens.decode(issuer.token())
    rotating.clock.now -= 10_000
    assert rotating.tokens.decode(issuer.token())
    assert rotating.fetches == 2


def test_keys_without_an_id(server: JSONServer) -> None:
    """They may be any that a token names, and yet another key may be meant."""
    old, new = Issuer(None), Issuer("new")
    rotating = Rotating(server, old)
    assert rotating.tokens.decode(old.sign(old.claims(), kid="whatever"))
    rotating.publish(new)
    rotating.clock.now += keys_module.REFETCH_INTERVAL - 1
    with refused("token_signature_invalid"):
        rotating.tokens.decode(new.token())
    assert rotating.tokens.decode(old.sign(old.claims(), kid="whatever"))
    assert rotating.fetches == 1
    rotating.clock.now += 1
    assert rotating.tokens.decode(new.token())
    assert rotating.fetches == 2


def test_no_keys_at_all_are_fetched_again_sooner(server: JSONServer) -> None:
    issuer = Issuer()
    rotating = Rotating(server, issuer)
    server.answer = lambda _: Response(status=500)
    with refused("tokens_unavailable"):
        rotating.tokens.decode(issuer.token())
    rotating.publish(issuer)
    rotating.clock.now += keys_module.RETRY_INTERVAL - 1
    with refused("tokens_unavailable"):
        rotating.tokens.decode(issuer.token())
    rotating.clock.now += 1
    assert rotating.tokens.decode(issuer.token())
    assert rotating.fetches == 2


def test_failure_that_takes_long_is_not_repeated_at_once(server: JSONServer) -> None:
    issuer = Issuer()
    rotating = Rotating(server, issuer)

    def slow(_: Request) -> Response:
        rotating.clock.now += keys_module.RETRY_INTERVAL
        return Response(status=500)

    server.answer = slow
    for _ in range(3):
        with refused("tokens_unavailable"):
            rotating.tokens.decode(issuer.token())
    assert rotating.fetches == 1


def redirect(_: Request) -> Response:
    return Response(status=302, headers={"Location": "https://127.0.0.1:1/jwks"})


def moved_here(http: Request) -> Response:
    return Response(status=307, headers={"Location": http.url})


def too_large(_: Request) -> Response:
    return json_response({**Issuer().jwks, "x": "a" * 300_000})


def endless(_: Request) -> Response:
    return Response((b" " * 10_000 for _ in iter(int, 1)), content_type="application/json")


def compressed(_: Request) -> Response:
    return Response(gzip.compress(json.dumps(Issuer().jwks).encode()), headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize(
    "answer",
    [
        redirect,
        moved_here,
        too_large,
        endless,
        compressed,
        lambda _: Response(status=500),
        lambda _: Response(status=204),
        lambda _: Response(b"<html>"),
        lambda _: Response(b"\xff"),
        lambda _: Response(b"[" * 100_000),
        lambda _: json_response(Issuer().jwks, status=203),
        lambda _: json_response({"keys": []}),
        lambda _: json_response([]),
        lambda _: json_response(None),
    ],
)
def test_answers_that_are_no_keys(server: JSONServer, answer: Callable[[Request], Response]) -> None:
    issuer = Issuer()
    rotating = Rotating(server, issuer)
    server.answer = answer
    for _ in range(3):
        with refused("tokens_unavailable"):
            rotating.tokens.decode(issuer.token())
    assert rotating.fetches == 1
    rotating.publish(issuer)
    rotating.clock.now += keys_module.REFETCH_INTERVAL
    assert rotating.tokens.decode(issuer.token())


def test_answer_without_keys(server: JSONServer) -> None:
    """The API reports its own failure, not the token's."""
    issuer = Issuer()
    rotating = Rotating(server, issuer)
    server.answer = lambda _: Response(status=500)
    answer = GuardedAPI(rotating.tokens).get(issuer.token())
    assert answer.status == 503
    assert "WWW-Authenticate" not in answer.headers


def test_server_of_another_ca(server: JSONServer, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_bytes(to_pem(make_ca("CN=other CA").certificate))
    issuer = Issuer()
    rotating = Rotating(server, issuer)
    options: dict[str, Any] = {"jwks": None, "jwks_uri": server.url, "clock": rotating.clock}
    with refused("tokens_unavailable"):
        issuer.tokens(ca=tmp_path / "other.pem", **options).decode(issuer.token())
    by_name = options | {"jwks_uri": server.url.replace("127.0.0.1", "127.1")}
    with refused("tokens_unavailable"):
        issuer.tokens(ca=server.folder / "ca.pem", **by_name).decode(issuer.token())
    assert rotating.fetches == 0
    assert rotating.tokens.decode(issuer.token())


def test_many_threads_fetch_once(server: JSONServer) -> None:
    issuer = Issuer()
    rotating, token = Rotating(server, issuer), issuer.token()
    barrier, decoded = Barrier(8), []

    def decode() -> None:
        barrier.wait()
        decoded.append(rotating.tokens.decode(token))

    threads = [Thread(target=decode) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert decoded == [issuer.claims()] * 8
    assert rotating.fetches == 1


class Fetching:
    """A fetch that goes on until it is stopped, and the thread with the token that started it."""

    def __init__(self, rotating: Rotating, token: str) -> None:
        self.came, self.end = Event(), Event()
        answer = rotating.server.answer

        def slow(http: Request) -> Response:
            self.came.set()
            self.end.wait(20)
            return answer(http)

        rotating.server.answer = slow
        self.thread = Thread(target=decode_or_refuse, args=(rotating, token, []))

    def __enter__(self) -> "Fetching":
        self.thread.start()
        assert self.came.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self.end.set()
        self.thread.join()


def decode_or_refuse(rotating: Rotating, token: str, decoded: list[object]) -> None:
    try:
        decoded.append(rotating.tokens.decode(token))
    except InvalidToken as error:
        if error.reason != "unknown_signing_key":
            raise


def test_invented_ids_wait_not_long_while_keys_are_fetched(server: JSONServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "MAX_WAIT", 0.1)
    issuer = Issuer()
    rotating = Rotating(server, issuer)
    assert rotating.tokens.decode(issuer.token())
    rotating.clock.now += keys_module.REFETCH_INTERVAL
    with Fetching(rotating, issuer.sign(issuer.claims(), kid="invented")) as fetching:
        for number in range(3):
            with refused("tokens_unavailable", match="being fetched"):  # for all that is known, the key is among them
                rotating.tokens.decode(issuer.sign(issuer.claims(), kid=f"invented-{number}"))
        assert rotating.tokens.decode(issuer.token())
        assert fetching.thread.is_alive()
    assert rotating.fetches == 2


def test_new_ids_wait_for_the_fetch_that_brings_them(server: JSONServer) -> None:
    old, new = Issuer("old"), Issuer("new")
    rotating = Rotating(server, old)
    assert rotating.tokens.decode(old.token())
    rotating.publish(new)
    rotating.clock.now += keys_module.REFETCH_INTERVAL
    decoded: list[object] = []
    threads = [Thread(target=decode_or_refuse, args=(rotating, new.token(), decoded)) for _ in range(4)]
    with Fetching(rotating, new.token()):
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert decoded == [new.claims()] * 4
    assert rotating.fetches == 2


def test_keys_that_come_too_late(server: JSONServer) -> None:
    issuer = Issuer()
    rotating = Rotating(server, issuer)
    hasty = issuer.tokens(jwks=None, jwks_uri=server.url, ca=server.folder / "ca.pem", timeout=0.2)
    with Fetching(rotating, issuer.token()) as fetching:
        with refused("tokens_unavailable"):
            hasty.decode(issuer.token())
        assert fetching.thread.is_alive()
    assert rotating.tokens.decode(issuer.token())


def test_failure_is_logged(server: JSONServer, caplog: pytest.LogCaptureFixture) -> None:
    issuer = Issuer()
    rotating = Rotating(server, issuer)
    server.answer = lambda _: Response(status=418)
    with caplog.at_level(logging.WARNING), refused("tokens_unavailable"):
        rotating.tokens.decode(issuer.token())
    assert "418" in caplog.text
