"""A login that must be stronger or newer, over the real middleware (RFC 9470)."""

from typing import Any

import pytest

from tests.dpop import Prover
from tests.tokens import NOW, GuardedAPI, Issuer
from wsgi_mtls.rules.step_up import StepUp
from wsgi_mtls.store import MemoryStore
from wsgi_mtls.testing import self_sign
from wsgi_mtls.tokens import DPoP

PAIR, ISSUER = self_sign("CN=billing"), Issuer()
BRONZE, GOLD = "urn:example:bronze", "urn:example:gold"


def api(step_up: StepUp, **options: Any) -> GuardedAPI:
    return GuardedAPI(ISSUER.tokens(), step_up=step_up, **options)


def outcome(guarded: GuardedAPI, **claims: Any) -> tuple[int, str | None, str | None]:
    guarded.events.clear()
    answer = guarded.get(ISSUER.token(PAIR, **claims), PAIR)
    return answer.status, answer.headers.get("WWW-Authenticate"), guarded.events[-1].reason


ACCEPTED = (200, None, None)


@pytest.mark.parametrize("acr", [None, "", BRONZE, f"{GOLD} {BRONZE}", [GOLD], {GOLD: 1}, True])
def test_acr(acr: object) -> None:
    guarded = api(StepUp(acr_values=[GOLD, "urn:example:silver"]))
    challenge = 'Bearer error="insufficient_user_authentication", acr_values="urn:example:gold urn:example:silver"'
    assert outcome(guarded, acr=acr) == (401, challenge, "acr_not_sufficient")
    assert outcome(guarded, acr=GOLD) == ACCEPTED


@pytest.mark.parametrize("login", [None, NOW - 311, NOW + 11, str(NOW), True, 10**400, -(10**400), float("inf"), [NOW]])
def test_max_age(login: object) -> None:
    guarded = api(StepUp(max_age=300, clock=lambda: NOW), realm="bank")
    challenge = 'Bearer realm="bank", error="insufficient_user_authentication", max_age="300"'
    assert outcome(guarded, auth_time=login) == (401, challenge, "login_too_old")
    assert outcome(guarded, auth_time=NOW - 310) == ACCEPTED
    assert outcome(guarded, auth_time=NOW - 0.5) == ACCEPTED


def test_both() -> None:
    guarded = api(StepUp(acr_values=[GOLD], max_age=0, clock=lambda: NOW))
    challenge = f'Bearer error="insufficient_user_authentication", acr_values="{GOLD}", max_age="0"'
    assert outcome(guarded, acr=GOLD, auth_time=NOW - 11) == (401, challenge, "login_too_old")
    assert outcome(guarded, acr=GOLD, auth_time=NOW) == ACCEPTED


def test_other_refusals_name_no_login() -> None:
    guarded = api(StepUp(acr_values=[GOLD]))
    answer = guarded.get(ISSUER.token(PAIR, acr=GOLD))
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_with_dpop_the_proof_is_used_only_by_what_is_accepted() -> None:
    client = Prover()
    dpop = DPoP("https://api.example.com", clock=lambda: NOW, store=MemoryStore(evicts=False))
    guarded = api(StepUp(acr_values=[GOLD]), dpop=dpop)
    weak = ISSUER.token(cnf={"jkt": client.jkt})
    proof = client.proof(weak, NOW)
    for _ in range(2):
        answer = guarded.get(extra={"HTTP_AUTHORIZATION": f"DPoP {weak}", "HTTP_DPOP": proof})
        assert answer.headers["WWW-Authenticate"] == (
            f'DPoP error="insufficient_user_authentication", acr_values="{GOLD}", algs="ES256 PS256 Ed25519"'
        )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"acr_values": "gold"},
        {"acr_values": ["a b"]},
        {"acr_values": ['a"']},
        {"acr_values": ["a\n"]},
        {"acr_values": [""]},
        {"acr_values": [7]},
        {"max_age": -1},
        {"max_age": True},
        {"max_age": 1.5},
        {"max_age": "1"},
    ],
)
def test_wrong_options(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"acr_values|max_age"):
        StepUp(**options)
